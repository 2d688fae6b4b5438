#![expect(clippy::unwrap_used, reason = "a test may panic")]
//! The binary itself, as its users meet it: each test in a directory of its own, with an environment of its own.
//!
//! A test waits for what a process prints or for its end, never for time to pass. What people read is held by
//! snapshots, with times, addresses and spans replaced (`scrub`).

mod atlas;
mod audit;
mod backup;
mod check;
mod complete;
mod copies;
mod crashes;
mod dice;
mod discovery;
mod earlier;
mod echo;
mod endings;
mod exclusive;
mod faults;
mod finding;
mod fleets;
mod foreign;
mod help;
mod holds;
mod kills;
mod looks;
mod luck;
mod mistakes;
mod one_cluster;
mod pipes;
mod places;
mod plan;
mod process;
mod proxies;
mod reading;
mod refusals;
mod reports;
mod retry;
mod scrub;
mod secrets;
mod sign_in;
mod signals;
mod simulation;
mod stopped;
mod terminal;
mod waves;
mod workdir;
mod written;
