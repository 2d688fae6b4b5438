//! Holds: what the table knows of them, what waits for them, and when nothing else is left.

use std::time::Duration;

use crate::engine::dispatcher::Dispatcher;
use crate::engine::holds::{Finding, Unwritten};
use crate::store::StoreError;

/// For how long rows that are held are put back. Who lifts the hold makes them due at once.
const PUT_OFF: Duration = Duration::from_mins(5);

/// How many answers are waited for before a hold on an organisation is taken for one on everybody.
const ASKED: u32 = 3;

/// How often the organisations of the projects are asked for while nobody answers.
const ASK_AGAIN: Duration = Duration::from_mins(1);

impl Dispatcher {
    /// Another process that holds the database for long is waited for.
    pub(super) async fn note_holds_if_possible(&mut self) -> Result<(), StoreError> {
        match self.note_holds().await {
            Err(StoreError::Locked { .. }) => Ok(()),
            other => other,
        }
    }

    /// Writes what the table does not know yet: what is held, and what a probe has lifted.
    pub(super) async fn note_holds(&mut self) -> Result<(), StoreError> {
        let unwritten = self.executor.holds.unwritten();
        let Unwritten { lifted, held } = &unwritten;
        if held.is_empty() && lifted.is_empty() {
            return Ok(());
        }
        let (store, runner, id) = (&self.engine.store, &self.engine.runner, self.engine.campaign_id);
        let now = self.engine.clock.now();
        for (scope, why) in lifted {
            store.release(runner, id, std::slice::from_ref(scope), Some(why), now).await?;
        }
        store.hold(runner, id, held).await?;
        let campaign = &*self.engine.campaign;
        for held in held {
            tracing::error!(campaign, code = %held.fault.code, "held: {}: {}", held.scope, held.fault.detail);
        }
        for (scope, why) in lifted {
            tracing::warn!(campaign, "held no more: {scope}: {why}");
        }
        if !lifted.is_empty() {
            self.all_due(now);
        }
        self.executor.holds.written(&unwritten);
        self.progress.held(self.executor.holds.list());
        Ok(())
    }

    /// Follows what operators have lifted in the table.
    pub(super) async fn follow_holds(&mut self) -> Result<(), StoreError> {
        let now = self.engine.clock.now();
        let held = self.engine.store.holds(self.engine.campaign_id).await?;
        if self.executor.holds.follow(held, now) {
            // Some of what waited may have been put off since the operator's word.
            self.engine.store.make_due(self.engine.campaign_id, now).await?;
            self.all_due(now);
            let holds = self.executor.holds.list();
            tracing::warn!(campaign = %self.engine.campaign, "holds were lifted; {} are left", holds.len());
            self.progress.held(holds);
        }
        if self.executor.holds.wants_organisations() && now >= self.organisations_at {
            self.organisations_asked += 1;
            self.organisations_at = now.after(ASK_AGAIN);
            let (holds, client) = (self.executor.holds.clone(), self.engine.client.clone());
            self.tasks.spawn(async move { holds.learn(Finding::ask(&client).await) });
        }
        Ok(())
    }

    /// What may not be begun makes room for what may, and for what is followed.
    pub(super) async fn give_up_held(&mut self) -> Result<(), StoreError> {
        let holds = &self.executor.holds;
        if !holds.any() {
            return Ok(());
        }
        let now = self.engine.clock.now();
        let leaving = self.buffer.give_up(|project| holds.room_in(project, now) == 0);
        let until = now.after(PUT_OFF);
        let until = holds.next_probe(now).map_or(until, |probe| until.min(probe));
        self.leave(leaving, until).await
    }

    /// Whether all that is left waits for an operator: what has not been begun is held, and what is in flight, if
    /// anything, cannot be followed.
    pub(super) async fn is_held(&mut self) -> Result<bool, StoreError> {
        let holds = &self.executor.holds;
        let lost = |project: &str| holds.is_blind(project) && holds.waits_for_operator(project);
        if !holds.any() || self.slots.any_in_flight(|project| !lost(project)) {
            return Ok(false);
        }
        // While it is not known whom an organisation's hold concerns, nobody may be left waiting for it.
        if holds.wants_organisations() && self.organisations_asked <= ASKED {
            return Ok(false);
        }
        // What is due is looked through before all that is left is counted.
        let now = self.engine.clock.now();
        if !holds.stop_all() && (self.pending.due <= now || self.follow.due <= now) {
            return Ok(false);
        }
        let left = self.engine.store.not_begun(self.engine.campaign_id, self.wave).await?;
        if left.is_empty() && !self.slots.any_in_flight(|_| true) {
            self.miscounted = true; // another process has ended them
            return Ok(false);
        }
        Ok(left.iter().all(|(project, _)| holds.waits_for_operator(project)))
    }
}
