//! Rows that may be believed.
//!
//! A row is believed as Drydock last wrote it, and not otherwise: whoever reads a job to act upon it, or to tell
//! people of it, reads it here. Only the audit reads rows as they lie.

use crate::domain::job::Job;
use crate::store::chain;
use crate::store::columns::JobRow;
use crate::store::digest::Digest;
use crate::store::standing::Standing;
use crate::store::{Result, Store, StoreError};

impl Store {
    /// The job that lies in `row`, and the rest of it; [`StoreError::Edited`] or [`StoreError::Unsealed`] if the row is
    /// not as Drydock wrote it.
    pub(super) fn believed(&self, row: Box<JobRow>) -> Result<(Job, Standing)> {
        let (job, standing) = self.as_it_lies(row)?;
        let what = chain::job(&job, standing.cargo());
        if standing.fits(&job, what) { Ok((job, standing)) } else { Err(self.disbelieved(job.name(), standing.seal)) }
    }

    /// The error for a row that does not fit its seal.
    pub(super) fn disbelieved(&self, what: String, seal: Digest) -> StoreError {
        let database = self.name();
        if seal == Digest::NONE {
            StoreError::Unsealed { database, what }
        } else {
            StoreError::Edited { database, what }
        }
    }

    /// The job that lies in `row`, believed.
    pub(super) fn job_of(&self, row: Box<JobRow>) -> Result<Job> {
        self.believed(row).map(|(job, _)| job)
    }

    /// The jobs that lie in `rows`, believed.
    pub(super) fn jobs_of(&self, rows: Vec<Box<JobRow>>) -> Result<Vec<Job>> {
        rows.into_iter().map(|row| self.job_of(row)).collect()
    }
}
