//! What is nobody's fault and everybody's problem: each ends or waits with a message that a tired operator
//! understands, and leaves a database from which the next run goes on.

mod clock;
mod database;
mod disk;
mod front;
mod lock;
mod network;
mod permission;
mod tls;
mod tokens;
mod waits;
