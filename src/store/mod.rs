//! The job table: campaigns, jobs and their histories in a database. The only module that says `sqlx`.
//!
//! Its functions are named after what they do for a caller, and each has its SQL beside it. It stores what the rule
//! book has decided and decides nothing; it reads no clock, so that every time is an argument.
//!
//! One connection writes and four read. A job's row is written compare-and-swap on its revision
//! ([`Store::record`]), which is the fence that keeps two writers from undoing each other.
//!
//! PostgreSQL follows later as another variant of `Pool`; `on_pool!` is the seam. What is SQLite's alone and will need
//! words of its own there: rows that are read as one `json_array` (`columns`), `OR FAIL` (`write`), and the writer.

#[macro_use]
mod pool;
#[macro_use]
mod siblings;
mod address;
mod ahead;
mod apart;
mod audit;
mod backup;
mod believed;
mod bulk;
mod campaigns;
mod chain;
mod change;
mod columns;
mod descriptor;
mod digest;
mod error;
mod hands;
mod holds;
mod identity;
mod jobs;
mod load;
mod lock;
mod meaning;
mod names;
mod open;
mod orphans;
mod pages;
mod place;
mod record;
mod rescue;
mod rows;
mod run_notes;
mod runner;
mod standing;
mod stats;
mod watch;
mod write;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

pub use audit::{Audit, Misfit, Misfits, Verified};
pub use campaigns::{Campaign, SIMULATION};
pub use change::{Before, Call, Change};
pub use digest::Digest;
pub use error::{RESTORE, StoreError};
pub use holds::Released;
pub use identity::Origin;
pub use jobs::{ClaimedJobs, Lane};
pub use load::{LoadError, Loaded, Loader, NewJob};
pub use lock::{Holder, RunnerLock, Vitals};
pub use open::Open;
pub use pages::Pages;
pub use rescue::Rescued;
pub use rows::{Filter, Recorded, Row};
pub use runner::Runner;
pub use watch::Fate;

/// What the store's functions answer.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// A database, open for work. Cheap to clone; every clone uses the same connections.
#[derive(Debug, Clone)]
pub struct Store {
    pool: pool::Pool,
    /// The database file without links, so that two ways to name it are one.
    path: Arc<Path>,
    /// Each connection keeps it open too.
    descriptor: Arc<descriptor::Descriptor>,
    time: pool::Time,
    watch: Arc<watch::Watch>,
    held_words: lock::HeldWords,
    hands: Arc<hands::Hands>,
}

impl Store {
    /// The database as people name it, `sqlite:PATH`; never a password.
    pub fn name(&self) -> String {
        address::name(&self.path)
    }

    /// Closes all connections and waits for it; the last one folds the write-ahead log into the database.
    pub async fn close(self) {
        let _still = self.still();
        self.pool.close().await;
    }

    /// What went wrong with this database, in terms that a caller can branch on.
    fn explained<T>(&self, result: std::result::Result<T, sqlx::Error>) -> Result<T> {
        result.map_err(|error| StoreError::of(self.name(), error))
    }
}
