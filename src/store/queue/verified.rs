//! Reading rows against their seals.
//!
//! A row counts only as Drydock last wrote it. Whoever reads a job to act on it, or to tell people of it, reads it here.
//! Only the audit reads rows unverified.

use crate::domain::job::Job;
use crate::store::database::Store;
use crate::store::error::{Result, StoreError};
use crate::store::history::chain;
use crate::store::history::digest::Digest;
use crate::store::queue::columns::JobRow;
use crate::store::queue::row_meta::RowMeta;

impl Store {
    /// The job of `row`, and the rest of the row; [`StoreError::Edited`] or [`StoreError::Unsealed`] if the row is
    /// not as Drydock wrote it.
    pub(in crate::store) fn verified(&self, row: JobRow) -> Result<(Job, RowMeta)> {
        let (job, meta) = self.unverified(row)?;
        let what = chain::job(&job, meta.loaded());
        if meta.fits(&job, what) { Ok((job, meta)) } else { Err(self.integrity_error(job.name(), meta.seal)) }
    }

    /// The error for a row that does not fit its seal.
    pub(in crate::store) fn integrity_error(&self, what: String, seal: Digest) -> StoreError {
        let database = self.name();
        if seal == Digest::NONE {
            StoreError::Unsealed { database, what }
        } else {
            StoreError::Edited { database, what }
        }
    }

    /// The job of `row`, verified.
    pub(in crate::store) fn job_of(&self, row: JobRow) -> Result<Job> {
        self.verified(row).map(|(job, _)| job)
    }

    /// The jobs of `rows`, verified.
    pub(in crate::store) fn jobs_of(&self, rows: Vec<JobRow>) -> Result<Vec<Job>> {
        rows.into_iter().map(|row| self.job_of(row)).collect()
    }
}
