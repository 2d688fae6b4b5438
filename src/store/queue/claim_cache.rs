//! A cache of the rows that this process has claimed, as it read or wrote them last: a write need not read them again.
//!
//! What is in the cache was verified when it was read. A write that relies on it says at which revision and under which seal
//! the row must be, and where one is not, nothing is written and all of them are read. Columns that somebody edited
//! in between under the same seal are written over with what Drydock knows, or, where they are the loader's, do not
//! fit the new seal: either way the row says nothing that did not happen.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::job::Job;
use crate::store::queue::row_meta::RowMeta;

/// A row as the table has it, besides its job.
#[derive(Debug, Clone)]
pub(in crate::store) struct CachedRow {
    pub(in crate::store) revision: i64,
    /// Its place in the fleet, as a spreadsheet counts.
    pub(in crate::store) row: i64,
    pub(in crate::store) meta: RowMeta,
}

/// All of them, by the job's key, and the runners that are known to be in the list of those who wrote.
#[derive(Debug, Default)]
pub(in crate::store) struct ClaimCache {
    rows: Mutex<HashMap<i64, CachedRow>>,
    enlisted: Mutex<HashSet<String>>,
}

impl ClaimCache {
    fn open(&self) -> MutexGuard<'_, HashMap<i64, CachedRow>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn list(&self) -> MutexGuard<'_, HashSet<String>> {
        self.enlisted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a transaction that enlisted this runner has committed.
    pub(in crate::store) fn is_enlisted(&self, runner: &str) -> bool {
        self.list().contains(runner)
    }

    /// A transaction that enlisted this runner has committed.
    pub(in crate::store) fn enlisted(&self, runner: &str) {
        if !self.is_enlisted(runner) {
            self.list().insert(runner.to_owned());
        }
    }

    /// Adds rows that were claimed, or that were written and stay claimed.
    pub(in crate::store) fn insert(&self, rows: impl IntoIterator<Item = (i64, CachedRow)>) {
        self.open().extend(rows);
    }

    /// Takes a row out, to be written or given back; none if it is not known at the job's revision.
    pub(in crate::store) fn take(&self, job: &Job) -> Option<CachedRow> {
        self.open().remove(&job.id).filter(|row| row.revision == job.revision)
    }

    /// Removes rows that are no longer claimed.
    pub(in crate::store) fn remove(&self, ids: &[i64]) {
        let mut rows = self.open();
        for id in ids {
            rows.remove(id);
        }
    }
}
