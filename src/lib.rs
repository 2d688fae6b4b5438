//! Drydock upgrades whole fleets of MongoDB Atlas clusters from a spreadsheet.
//!
//! It loads the list into a persistent job table, calls Atlas's upgrade endpoint at the pace that Atlas allows,
//! follows every upgrade to its end and leaves a report. It can be killed at any instant and started again: no
//! cluster is lost, none is upgraded twice.
//!
//! # The layers
//!
//! Imports point down only, and modules of one layer do not know each other; `tests/house.rs` holds them to that.
//!
//! | layer | module | what it is |
//! |---|---|---|
//! | 5 | [`cli`] | one file a command: parse, call a use case, print |
//! | 4 | [`app`] | the use cases, one file each: no command line, no terminal, no environment |
//! | 3 | [`config`] | the campaign file and the environment, validated |
//! | 2 | [`engine`] | dispatcher, worker, recorder, rescuer |
//! | 2 | [`intake`] | a CSV file or an SQL query becomes validated rows |
//! | 2 | [`planning`] | what a campaign would do, judged before it is done |
//! | 2 | [`report`] | reports of a campaign: one table of columns, one file a format |
//! | 1 | [`store`] | the job table; the only place that says `sqlx`, beside the intake's query |
//! | 1 | [`atlas`] | the client; only its transport says `reqwest` |
//! | 1 | [`pacing`] | quotas, mirrors of Atlas's token buckets, circuit breakers |
//! | 1 | [`simulator`] | an Atlas that fits in a process |
//! | 0 | [`domain`] | the rule book and its words: pure |
//! | 0 | [`clock`] | what time it is |
//! | 0 | [`redaction`] | text without the secrets of this process |
//! | 0 | [`loopback`] | which hosts are this machine |
//! | 0 | [`files`] | files that are written whole or not at all |
//! | 0 | [`plural`] | numbers of things and spans of time in words |
//! | 0 | [`text`] | text from outside, on its way to a terminal or into JSON |
//!
//! # The life of a row
//!
//! `intake` validates it, `store` keeps it. The engine's dispatcher claims it when it is due and hands a step to a
//! worker, which makes one call and reports what came back. The recorder asks [`domain::machine::decide`], writes
//! state and history in one transaction, and only then is the next step possible: an intent is on disk before its
//! request leaves. (The look that makes a job ready is written with its intent, one write for both.) If the process
//! dies, the next one turns what it finds into events for the same rule book.
//! Every entry of the history carries a digest of the one before it (`docs/audit.md`).
//! Start reading at [`domain::machine`], then [`engine`].

pub mod app;
pub mod atlas;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod engine;
pub mod files;
pub mod intake;
pub mod loopback;
pub mod pacing;
pub mod planning;
pub mod plural;
pub mod redaction;
pub mod report;
pub mod simulator;
pub mod store;
pub mod text;
