//! What a row of `jobs` holds besides its job.

use crate::domain::job::Job;
use crate::store::history::chain::{self, LoadedColumns};
use crate::store::history::digest::Digest;

/// What a row holds besides its job.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct RowMeta {
    pub(in crate::store) wanted: String,
    pub(in crate::store) extra: String,
    /// What `wanted` says, as a number that an index is over.
    pub(in crate::store) wave: i64,
    /// Who has claimed it.
    pub(in crate::store) claimed_by: Option<String>,
    /// Who wrote or claimed it last.
    pub(in crate::store) runner: Option<String>,
    /// How many events it has.
    pub(in crate::store) events: i64,
    /// The newest of them.
    pub(in crate::store) head: Digest,
    /// Over the row as it was last written.
    pub(in crate::store) seal: Digest,
}

impl RowMeta {
    /// What the loader wrote.
    pub(in crate::store) fn loaded(&self) -> LoadedColumns<'_> {
        LoadedColumns { wanted: &self.wanted, extra: &self.extra }
    }

    /// Whether the row is as it was last written; `what` is the digest of its job.
    pub(in crate::store) fn fits(&self, job: &Job, what: Digest) -> bool {
        self.seal == chain::seal(job, what, (self.events, self.head), self.runner.as_deref())
    }
}
