//! The claimed jobs of one project.

use std::collections::VecDeque;

use crate::clock::Millis;
use crate::domain::job::{Job, State};
use crate::engine::claim::Claim;

/// What there is to look at in a project.
pub(super) struct Outlook {
    follow: bool,
    pending: bool,
}

impl Outlook {
    /// Whether there is anything, given that up to `pending` jobs may be looked at for the first time.
    pub(super) fn any(&self, pending: usize) -> bool {
        self.follow || (self.pending && pending > 0)
    }
}

/// What waits in a project.
#[derive(Default)]
pub(super) struct Queue {
    ready: VecDeque<Box<Claim>>,
    follow: Vec<Box<Claim>>,
    pending: VecDeque<Box<Claim>>,
}

impl Queue {
    pub(super) fn push(&mut self, claim: Box<Claim>) {
        match claim.job.state {
            State::Pending => self.pending.push_back(claim),
            State::Ready => self.ready.push_back(claim),
            _ => self.follow.push(claim),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ready.len() + self.follow.len() + self.pending.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Jobs that may soon be sent: ready, or waiting for the look that makes them so.
    pub(super) fn upcoming(&self) -> usize {
        self.ready.len() + self.pending.len()
    }

    pub(super) fn has_due_ready(&self, now: Millis) -> bool {
        self.ready.iter().any(|claim| is_due(&claim.job, now))
    }

    /// The next job that may be sent now.
    pub(super) fn next_ready(&mut self, now: Millis) -> Option<Box<Claim>> {
        let index = self.ready.iter().position(|claim| is_due(&claim.job, now))?;
        self.ready.remove(index)
    }

    /// How many are ready, and what there is to look at now.
    pub(super) fn outlook(&self, now: Millis) -> (usize, Outlook) {
        let follow = self.follow.iter().any(|claim| is_due(&claim.job, now));
        (self.ready.len(), Outlook { follow, pending: !self.pending.is_empty() })
    }

    /// Jobs to be looked at together: all that are followed and due, upgrades that will be due until `soon`, and up to
    /// `pending` that have not been seen. A job that lists do not show is looked at alone.
    pub(super) fn next_looks(&mut self, now: Millis, soon: Millis, pending: usize) -> Vec<Box<Claim>> {
        if let Some(index) = self.follow.iter().position(|claim| claim.job.observed.alone && is_due(&claim.job, now)) {
            return vec![self.follow.swap_remove(index)];
        }
        if pending > 0
            && let Some(index) = self.pending.iter().position(|claim| claim.job.observed.alone)
        {
            return self.pending.remove(index).into_iter().collect();
        }
        let due =
            |job: &Job| is_due(job, if job.state == State::Upgrading && !job.observed.alone { soon } else { now });
        let mut looks: Vec<_> = self.follow.extract_if(.., |claim| due(&claim.job)).collect();
        let some = pending.min(self.pending.len());
        looks.extend(self.pending.drain(..some));
        looks
    }

    /// Takes out those that nobody has looked at.
    pub(super) fn take_pending(&mut self) -> Vec<Box<Claim>> {
        self.pending.drain(..).collect()
    }

    /// Takes out all but those that are followed.
    pub(super) fn take_upcoming(&mut self) -> Vec<Box<Claim>> {
        self.pending.drain(..).chain(self.ready.drain(..)).collect()
    }

    pub(super) fn into_all(self) -> impl Iterator<Item = Box<Claim>> {
        self.ready.into_iter().chain(self.follow).chain(self.pending)
    }
}

fn is_due(job: &Job, now: Millis) -> bool {
    job.schedule.due_at.is_none_or(|due| due <= now)
}
