//! Connections, transactions, and the files that SQLite keeps: what knows nothing of jobs.

#[macro_use]
pub(super) mod bulk;
#[macro_use]
pub(super) mod pool;
pub(super) mod address;
pub(super) mod aliases;
pub(super) mod clock_freeze;
pub(super) mod db_thread;
pub(super) mod descriptor;
pub(super) mod file_change;
pub(super) mod file_guard;
pub(super) mod from_row;
pub(super) mod sqlite_errors;
pub(super) mod writer;
