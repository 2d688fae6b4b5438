//! Claims: what is due comes from the table into the buffer.

use std::time::Duration;

use crate::clock::Millis;
use crate::engine::Engine;
use crate::engine::claim::Claim;
use crate::engine::dispatcher::{CLAIM, COUNT, DEFER, Dispatcher, POLL};
use crate::engine::recorder::Note;
use crate::engine::rescuer::take_strays;
use crate::store::{Lane, StoreError};

/// Nothing is due.
pub(super) const NEVER: Millis = Millis(i64::MAX);

impl Dispatcher {
    /// Another process that holds the database for long is waited for; what is due stays due.
    pub(super) async fn refill_if_possible(&mut self) -> Result<(), StoreError> {
        match self.refill().await {
            Err(StoreError::Locked { database }) => {
                tracing::warn!(campaign = %self.engine.campaign, "{database} is held by another process; trying again");
                let soon = self.engine.clock.now().after(Duration::from_secs(1));
                (self.follow_at, self.pending_at) = (soon, soon);
                Ok(())
            }
            other => other,
        }
    }

    /// Claims what is due: what is followed always, what is pending as far as slots are free.
    async fn refill(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.miscounted) {
            self.counts = self.engine.store.counts(self.engine.campaign_id).await?;
            self.progress.recounted(self.counts);
        }
        self.put_back().await?;
        let now = self.engine.clock.now();
        let poll = now >= self.polled_at.after(POLL);
        if poll || self.is_idle() {
            self.follow_waves().await?;
        }
        if poll {
            self.polled_at = now;
            self.follow_holds().await?;
            self.follow_at = self.follow_at.min(self.next_due(Lane::Rest).await?);
            self.pending_at = self.pending_at.min(self.next_due(self.begins()).await?);
            // Nothing in hand and nothing to come: if jobs are missing, another process has ended them, or claimed
            // them in the moment before it noticed that its lock was lost.
            if self.is_idle() {
                self.miscounted = true;
                self.engine.store.free_pending(self.engine.campaign_id).await?;
            }
            self.miscounted |= take_strays(&self.engine).await?;
        }
        self.give_up_held().await?;
        if now >= self.follow_at && self.buffer.room() > 0 {
            let limit = self.buffer.room().min(CLAIM);
            // What is due soon comes along, so that few claims serve many.
            let claimed = self.claim(Lane::Rest, now.after(self.engine.soon()), limit).await?;
            self.follow_at = if claimed == limit { now } else { self.next_due(Lane::Rest).await? };
        }
        if now >= self.pending_at.max(self.count_at) && !self.launcher.holds.stop_all() {
            let wanted = self.wanted();
            (self.wanted, self.heard, self.count_at) = (wanted, false, now.after(COUNT));
            if wanted > 0 && self.buffer.room() < wanted {
                self.make_room().await?;
            }
            // Where much is held, a large hand finds sooner what is not.
            let hand = if self.launcher.holds.any() && wanted > 0 { CLAIM } else { wanted };
            let limit = hand.min(self.buffer.room()).min(CLAIM);
            if limit > 0 {
                let claimed = self.claim(self.begins(), now, limit).await?;
                if claimed < limit {
                    self.pending_at = self.next_due(self.begins()).await?;
                } else if self.wanted() >= wanted && !self.launcher.holds.any() {
                    // All of them belong to projects without a free slot.
                    self.pending_at = now.after(Duration::from_millis(100));
                }
            }
        }
        Ok(())
    }

    async fn claim(&mut self, lane: Lane, due: Millis, limit: usize) -> Result<usize, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let Engine { store, runner, campaign_id, .. } = &*self.engine;
        let jobs = store.claim(*campaign_id, &runner.id, lane, due, limit).await?;
        let count = jobs.len();
        for job in jobs {
            self.slots.follow(&job); // another process may have sent it back to be verified
            self.buffer.push(Box::new(job.into()));
        }
        Ok(count)
    }

    /// The jobs that may be begun.
    fn begins(&self) -> Lane {
        Lane::Pending(self.wave)
    }

    async fn next_due(&self, lane: Lane) -> Result<Millis, StoreError> {
        let next = self.engine.store.next_due(self.engine.campaign_id, lane).await?;
        Ok(next.unwrap_or(NEVER))
    }

    /// How many more pending jobs could be on their way to a slot, besides those that already are.
    pub(super) fn wanted(&self) -> usize {
        if self.slots.free() == 0 {
            return 0;
        }
        let upcoming = self.buffer.upcoming(|project| self.free_in(project));
        let looking: usize = self.looking.values().sum();
        (self.slots.free() + self.engine.limits.workers).saturating_sub(upcoming + looking)
    }

    /// The buffer is full of jobs whose projects have no free slot: back to the table with them.
    async fn make_room(&mut self) -> Result<(), StoreError> {
        let slots = &self.slots;
        let leaving = self.buffer.give_up(|project| slots.free_in(project) == 0);
        let until = self.engine.clock.now().after(DEFER);
        self.pending_at = self.pending_at.min(until);
        self.follow_at = self.follow_at.min(until);
        self.leave(leaving, until).await
    }

    /// Gives back what has left the buffer, to be due again at `until`. What the table does not know of it yet, the recorder
    /// tells.
    pub(super) async fn leave(&mut self, claims: Vec<Box<Claim>>, until: Millis) -> Result<(), StoreError> {
        let (looked_at, others): (Vec<_>, Vec<_>) = claims.into_iter().partition(|claim| claim.look.is_some());
        self.leaving.extend(others.into_iter().map(|claim| claim.job.id));
        self.leaving_until = until;
        if !looked_at.is_empty() {
            self.out += looked_at.len();
            let _gone = self.launcher.to_recorder.send(Note::GivenBack(looked_at, until));
        }
        self.put_back().await
    }

    /// Gives back what has left the buffer and is not in the table yet. Where the table is held by somebody else, the next refill tries again.
    async fn put_back(&mut self) -> Result<(), StoreError> {
        let Engine { store, runner, .. } = &*self.engine;
        store.defer(&runner.id, &self.leaving, self.leaving_until).await?;
        self.leaving.clear();
        Ok(())
    }
}
