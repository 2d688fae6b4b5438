//! A database that is open: its connections, and what every access goes through.

use std::path::Path;
use std::sync::Arc;

use crate::store::backend::address;
use crate::store::backend::clock_freeze::{ClockFreeze, Time};
use crate::store::backend::descriptor::Descriptor;
use crate::store::backend::file_guard::FileGuard;
use crate::store::backend::pool::Pool;
use crate::store::backend::writer::Tx;
use crate::store::database_file::lock_file::HeldWords;
use crate::store::error::{Result, StoreError};
use crate::store::queue::claim_cache::ClaimCache;

/// A database, open for work. Cheap to clone; every clone uses the same connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) pool: Pool,
    /// The database file without links, so that two ways to name it are one.
    pub(super) path: Arc<Path>,
    /// Each connection keeps it open too.
    pub(super) descriptor: Arc<Descriptor>,
    pub(super) time: Time,
    pub(super) file_guard: Arc<FileGuard>,
    pub(super) held_words: HeldWords,
    pub(super) claim_cache: Arc<ClaimCache>,
}

impl Store {
    /// The database as people name it, `sqlite:PATH`; never a password.
    pub fn name(&self) -> String {
        address::name(&self.path)
    }

    /// Closes all connections and waits for it; the last one folds the write-ahead log into the database.
    pub async fn close(self) {
        let _frozen = self.freeze_clock();
        self.pool.close().await;
    }

    /// What went wrong with this database, in terms that a caller can branch on.
    pub(super) fn explained<T>(&self, result: std::result::Result<T, sqlx::Error>) -> Result<T> {
        result.map_err(|error| StoreError::from_sqlx(self.name(), error))
    }

    /// A guard: freezes tokio's paused clock while SQLite's thread runs.
    pub(super) fn freeze_clock(&self) -> ClockFreeze {
        ClockFreeze::hold(self.time)
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin(&self) -> Result<Tx> {
        self.file_guard.check()?;
        let tx = on_pool!(self, writer, writer => writer.begin().await);
        let tx = self.explained(tx)?;
        // Whoever took over while this waited for its turn waits now, and finds what is written here; whoever did
        // before that has taken the lock, and nothing is written here.
        self.file_guard.check()?;
        Ok(tx)
    }

    /// Whether the files are still those that were opened, the lock's among them;
    /// [`StoreError::Displaced`] or
    /// [`StoreError::LockLost`] if not.
    pub fn is_in_place(&self) -> Result<()> {
        self.file_guard.check()
    }

    /// Commits what was written; it is on the disk when this returns, and where the next run will find it.
    pub(super) async fn commit(&self, tx: Tx) -> Result<()> {
        self.explained(tx.commit().await)?;
        self.file_guard.check()
    }
}
