//! The job table: campaigns, jobs and their histories in a database. The only module that says `sqlx`.
//!
//! Its functions are named after what they do for a caller, and each has its SQL beside it. It stores what the rule
//! book has decided and decides nothing; it reads no clock, so that every time is an argument.
//!
//! | folder | what it is about |
//! |---|---|
//! | [`backend`] | connections, transactions, and the files that SQLite keeps |
//! | [`database_file`] | which file this is, who works on it, backup and rescue |
//! | [`history`] | digests and their chain: who wrote what |
//! | [`queue`] | claims, and writing what was decided |
//! | [`queries`] | reading for people |
//! | [`audit`] | does every row follow from its history |
//! | [`load`] | a fleet becomes jobs |
//!
//! One connection writes and four read. A job's row is written compare-and-swap on its revision
//! ([`Store::record`]), which is the fence that keeps two writers from undoing each other.
//!
//! PostgreSQL follows later as another variant of `Pool`; `on_pool!` is the seam. What is SQLite's alone and will need
//! words of its own there: rows that are read as one `json_array` (`queue::columns`), `OR FAIL` (`queue::statements`),
//! and the writer.

#[macro_use]
mod backend;
#[macro_use]
mod queue;
mod audit;
mod campaigns;
mod database;
mod database_file;
mod error;
mod history;
mod load;
mod migrations;
mod open;
mod queries;

#[cfg(test)]
mod tests;

pub use audit::Verified;
pub use audit::pass::Audit;
pub use audit::violation::{Violation, Violations};
pub use backend::file_change::FileChange;
pub use campaigns::{Campaign, SIMULATION};
pub use database::Store;
pub use database_file::identity::Origin;
pub use database_file::lock::RunnerLock;
pub use database_file::lock_file::{Holder, Vitals};
pub use database_file::rescue::Rescued;
pub use error::{RESTORE, Result, StoreError};
pub use history::digest::Digest;
pub use history::runner::Runner;
pub use load::{LoadError, Loaded, Loader, NewJob};
pub use open::Open;
pub use queries::jobs::{Filter, RecordedEvent, Row};
pub use queries::pages::Pages;
pub use queue::change::{Before, Call, Change, WriteResults};
pub use queue::claims::{ClaimedJobs, Lane};
pub use queue::holds::Released;
