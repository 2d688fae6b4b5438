//! A job in this runner's hands.

use crate::clock::Millis;
use crate::domain::history::Entry;
use crate::domain::job::{Job, State};
use crate::store::Before;

/// A claimed job. It travels from the table through the dispatcher and a worker to the recorder, and mostly back.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) job: Job,
    /// The look that made it ready. The table learns of it together with what follows, mostly the intent: one write
    /// for both. Until then it has the job pending, and so a crash leaves it; then it is looked at again.
    pub(super) look: Option<Look>,
}

/// A look that the table does not know yet.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) entry: Entry,
    pub(super) at: Millis,
}

impl From<Job> for Claim {
    fn from(job: Job) -> Self {
        Self { job, look: None }
    }
}

impl Claim {
    /// The state in which the table has it.
    pub(super) fn written(&self) -> State {
        if self.look.is_some() { State::Pending } else { self.job.state }
    }

    /// What the table does not know yet.
    pub(super) fn before(&self) -> Option<Before> {
        let Look { entry, at } = self.look.clone()?;
        Some(Before { job: self.job.clone(), entry, at })
    }
}
