//! Claimed jobs that wait for a permit, a slot or a worker, by project.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use crate::clock::Millis;
use crate::domain::job::{Job, State};
use crate::engine::claim::Claim;

/// The most jobs that are held claimed at once.
pub(super) const ROOM: usize = 2048;

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

#[derive(Default)]
pub(super) struct Queue {
    ready: VecDeque<Box<Claim>>,
    follow: Vec<Box<Claim>>,
    pending: VecDeque<Box<Claim>>,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.follow.is_empty() && self.pending.is_empty()
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
        if let Some(index) = self.follow.iter().position(|claim| claim.job.alone && is_due(&claim.job, now)) {
            return vec![self.follow.swap_remove(index)];
        }
        if pending > 0
            && let Some(index) = self.pending.iter().position(|claim| claim.job.alone)
        {
            return self.pending.remove(index).into_iter().collect();
        }
        let due = |job: &Job| is_due(job, if job.state == State::Upgrading && !job.alone { soon } else { now });
        let mut looks: Vec<_> = self.follow.extract_if(.., |claim| due(&claim.job)).collect();
        let some = pending.min(self.pending.len());
        looks.extend(self.pending.drain(..some));
        looks
    }
}

fn is_due(job: &Job, now: Millis) -> bool {
    job.due_at.is_none_or(|due| due <= now)
}

/// All queues. Projects take turns.
#[derive(Default)]
pub(super) struct Buffer {
    queues: HashMap<Arc<str>, Queue>,
    turns: VecDeque<Arc<str>>,
    held: usize,
    /// When jobs that came in become due; some may have left since.
    dues: BinaryHeap<Reverse<Millis>>,
}

impl Buffer {
    pub(super) fn room(&self) -> usize {
        ROOM.saturating_sub(self.held)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held == 0
    }

    pub(super) fn push(&mut self, claim: Box<Claim>) {
        let (job, due) = (&claim.job, claim.job.due_at);
        self.held += 1;
        if !self.queues.contains_key(&*job.project_id) {
            let project: Arc<str> = job.project_id.as_str().into();
            self.turns.push_back(project.clone());
            self.queues.insert(project, Queue::default());
        }
        let Some(queue) = self.queues.get_mut(&*job.project_id) else { return };
        match job.state {
            State::Pending => return queue.pending.push_back(claim),
            State::Ready => queue.ready.push_back(claim),
            _ => queue.follow.push(claim),
        }
        self.dues.extend(due.map(Reverse));
    }

    /// How many projects there are.
    pub(super) fn projects(&self) -> usize {
        self.turns.len()
    }

    /// The project that waited longest for its turn, which is over with that.
    pub(super) fn next_turn(&mut self) -> Option<Arc<str>> {
        self.turns.rotate_left(usize::from(!self.turns.is_empty()));
        self.turns.back().cloned()
    }

    /// Works on one project's queue, and forgets it when it is empty.
    pub(super) fn with<T>(&mut self, project: &str, work: impl FnOnce(&mut Queue) -> T) -> Option<T> {
        let queue = self.queues.get_mut(project)?;
        let before = queue.len();
        let result = work(queue);
        self.held = self.held + queue.len() - before;
        if queue.is_empty() {
            self.queues.remove(project);
            self.turns.retain(|turn| **turn != *project);
        }
        Some(result)
    }

    /// Jobs that may soon be sent, in projects for which `counts` says so.
    pub(super) fn upcoming(&self, counts: impl Fn(&str) -> usize) -> usize {
        self.queues.iter().map(|(project, queue)| queue.upcoming().min(counts(project))).sum()
    }

    /// When the next job that is held back becomes due, if it has not left.
    pub(super) fn earliest(&mut self, now: Millis) -> Option<Millis> {
        while self.dues.peek().is_some_and(|Reverse(due)| *due <= now) {
            self.dues.pop();
        }
        self.dues.peek().map(|Reverse(due)| *due)
    }

    /// Takes out the jobs of projects for which `gives` says so, but for those that are followed.
    pub(super) fn give_up(&mut self, gives: impl Fn(&str) -> bool) -> Vec<Box<Claim>> {
        self.take_out(gives, |queue| queue.pending.drain(..).chain(queue.ready.drain(..)).collect())
    }

    /// Takes out the jobs that nobody has looked at.
    pub(super) fn give_up_pending(&mut self) -> Vec<Box<Claim>> {
        self.take_out(|_| true, |queue| queue.pending.drain(..).collect())
    }

    fn take_out(
        &mut self,
        gives: impl Fn(&str) -> bool,
        take: impl Fn(&mut Queue) -> Vec<Box<Claim>>,
    ) -> Vec<Box<Claim>> {
        let projects: Vec<Arc<str>> = self.queues.keys().filter(|project| gives(project)).cloned().collect();
        projects.iter().filter_map(|project| self.with(project, &take)).flatten().collect()
    }

    /// Takes out everything.
    pub(super) fn drain(&mut self) -> Vec<Box<Claim>> {
        let queues = std::mem::take(&mut self.queues);
        self.turns.clear();
        self.held = 0;
        queues
            .into_values()
            .flat_map(|queue| queue.ready.into_iter().chain(queue.follow).chain(queue.pending))
            .collect()
    }
}

impl Queue {
    fn len(&self) -> usize {
        self.ready.len() + self.follow.len() + self.pending.len()
    }
}
