//! The rows that this process has in hand, as it read or wrote them last, so that a write need not read them again.
//!
//! What is kept here was believed when it was read. A write on its word says at which revision and under which seal
//! the row must be, and where one is not, nothing is written and all of them are read. Columns that somebody edited
//! in between under the same seal are written over with what Drydock knows, or, where they are the loader's, do not
//! fit the new seal: either way the row says nothing that did not happen.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::job::Job;
use crate::store::standing::Standing;

/// A row as it stands.
#[derive(Debug, Clone)]
pub(super) struct InHand {
    pub(super) revision: i64,
    /// Its place in the fleet, as a spreadsheet counts.
    pub(super) row: i64,
    pub(super) standing: Standing,
}

/// All of them, by the job's key, and the runners that are known to be in the list of those who wrote.
#[derive(Debug, Default)]
pub(super) struct Hands {
    rows: Mutex<HashMap<i64, InHand>>,
    enlisted: Mutex<HashSet<String>>,
}

impl Hands {
    fn open(&self) -> MutexGuard<'_, HashMap<i64, InHand>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn list(&self) -> MutexGuard<'_, HashSet<String>> {
        self.enlisted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a transaction that enlisted this runner has committed.
    pub(super) fn is_enlisted(&self, runner: &str) -> bool {
        self.list().contains(runner)
    }

    /// A transaction that enlisted this runner has committed.
    pub(super) fn enlisted(&self, runner: &str) {
        if !self.is_enlisted(runner) {
            self.list().insert(runner.to_owned());
        }
    }

    /// Rows that were claimed, or written and are kept in hand.
    pub(super) fn hold(&self, rows: impl IntoIterator<Item = (i64, InHand)>) {
        self.open().extend(rows);
    }

    /// Takes a row out, to be written or given back; none if it is not known at the job's revision.
    pub(super) fn take(&self, job: &Job) -> Option<InHand> {
        self.open().remove(&job.id).filter(|row| row.revision == job.revision)
    }

    /// These are in hand no more.
    pub(super) fn let_go(&self, ids: &[i64]) {
        let mut rows = self.open();
        for id in ids {
            rows.remove(id);
        }
    }
}
