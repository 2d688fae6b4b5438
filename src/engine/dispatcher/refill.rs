//! Sees to it that the buffer has what can be done: when to claim how much, and what leaves it.

use crate::clock::Millis;
use crate::engine::Engine;
use crate::engine::claim::Claim;
use crate::engine::dispatcher::{CLAIM, COUNT, DEFER, Dispatcher, POLL};
use crate::engine::recorder::RecordRequest;
use crate::engine::rescuer::reclaim_orphans;
use crate::store::{Lane, StoreError};

impl Dispatcher {
    /// Another process that holds the database for long is waited for; what is due stays due.
    pub(super) async fn refill_if_possible(&mut self) -> Result<(), StoreError> {
        match self.refill().await {
            Err(StoreError::Locked { database }) => {
                self.wait_for_others(&database);
                Ok(())
            }
            other => other,
        }
    }

    /// Asks for what is due: for what is followed always, for what is pending as far as slots are free.
    async fn refill(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.miscounted) {
            self.counts = self.engine.store.counts(self.engine.campaign_id).await?;
            self.progress.recounted(self.counts);
        }
        self.put_back().await?;
        let now = self.engine.clock.now();
        let poll = now >= self.polled_at.after(POLL);
        if poll && self.is_claiming() {
            // The jobs of that claim are in hand to the table, and not yet to us. Nothing more is claimed meanwhile.
            return Ok(());
        }
        if poll || self.is_idle() {
            self.follow_waves().await?;
        }
        if poll {
            self.polled_at = now;
            self.poll().await?;
        }
        self.give_up_held().await?;
        if self.follow.may_be_asked(now) && self.buffer.room() > 0 {
            // What is due soon comes along, so that few claims serve many.
            self.claim(Lane::Rest, now.after(self.engine.soon()), self.buffer.room());
        }
        if self.pending.may_be_asked(now) && now >= self.count_at && !self.executor.holds.stop_all() {
            let wanted = self.wanted();
            (self.wanted, self.heard, self.count_at) = (wanted, false, now.after(COUNT));
            if wanted > 0 && self.buffer.room() < wanted {
                self.make_room().await?;
            }
            // Where much is held, a large hand finds sooner what is not.
            let hand = if self.executor.holds.any() && wanted > 0 { CLAIM } else { wanted };
            self.claim(self.begins(), now, hand.min(self.buffer.room()));
        }
        Ok(())
    }

    /// Looks at what other processes put into the table.
    async fn poll(&mut self) -> Result<(), StoreError> {
        self.follow_holds().await?;
        self.progress.unexpected(self.engine.store.unexpected(self.engine.campaign_id).await?);
        self.follow_bringing_forward().await?;
        self.follow_asked().await?;
        self.leave_notes().await?;
        self.buffer.wake_all();
        let due = self.engine.next_due(Lane::Rest).await?;
        self.follow.has_at(due);
        let due = self.engine.next_due(self.begins()).await?;
        self.pending.has_at(due);
        // Nothing in hand and nothing to come: if jobs are missing, another process has ended them, or claimed
        // them in the moment before it noticed that its lock was lost.
        if self.is_idle() {
            self.miscounted = true;
            self.engine.store.free_pending(self.engine.campaign_id).await?;
        }
        self.miscounted |= reclaim_orphans(&self.engine).await?;
        Ok(())
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
        self.pending.has_at(until);
        self.follow.has_at(until);
        self.leave(leaving, until).await
    }

    /// Gives back what has left the buffer, to be due again at `until`. What the table does not know of it yet, the
    /// recorder tells.
    pub(super) async fn leave(&mut self, claims: Vec<Box<Claim>>, until: Millis) -> Result<(), StoreError> {
        let (looked_at, others): (Vec<_>, Vec<_>) = claims.into_iter().partition(|claim| claim.look.is_some());
        self.leaving.extend(others.into_iter().map(|claim| claim.job.id));
        self.leaving_until = until;
        if !looked_at.is_empty() {
            self.out += looked_at.len();
            let _gone = self.executor.to_recorder.send(RecordRequest::GivenBack(looked_at, until));
        }
        self.put_back().await
    }

    /// Gives back what has left the buffer and is not in the table yet. Where the table is held by somebody else, the
    /// next refill tries again.
    async fn put_back(&mut self) -> Result<(), StoreError> {
        let Engine { store, runner, .. } = &*self.engine;
        store.defer(&runner.id, &self.leaving, self.leaving_until).await?;
        self.leaving.clear();
        Ok(())
    }
}
