//! What a row of `jobs` holds besides its job.

use crate::domain::job::Job;
use crate::store::chain::{self, Cargo};
use crate::store::digest::Digest;

/// What a row holds besides its job.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) wanted: String,
    pub(super) extra: String,
    /// Who has it in hand.
    pub(super) claimed_by: Option<String>,
    /// Who wrote or claimed it last.
    pub(super) runner: Option<String>,
    /// How many events it has.
    pub(super) events: i64,
    /// The newest of them.
    pub(super) head: Digest,
    /// Over the row as it was last written.
    pub(super) seal: Digest,
}

impl Standing {
    /// What the loader wrote.
    pub(super) fn cargo(&self) -> Cargo<'_> {
        Cargo { wanted: &self.wanted, extra: &self.extra }
    }

    /// Whether the row is as it was last written; `what` is the digest of its job.
    pub(super) fn fits(&self, job: &Job, what: Digest) -> bool {
        self.seal == chain::seal(job, what, (self.events, self.head), self.runner.as_deref())
    }
}
