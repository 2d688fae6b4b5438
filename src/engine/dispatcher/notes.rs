//! What this run leaves for other processes to read, and what an operator has left for it.

use crate::clock::Millis;
use crate::domain::run_notes::{Outage, RunNotes};
use crate::engine::dispatcher::Dispatcher;
use crate::pacing::{Asked, WORTH_TELLING};
use crate::store::StoreError;

impl Dispatcher {
    /// Writes what the run waits for, where that has changed.
    pub(super) async fn leave_notes(&mut self) -> Result<(), StoreError> {
        let notes = RunNotes { outage: self.outage(), asked: self.pacing.asked().map(|asked| asked.wait) };
        if notes == self.notes {
            return Ok(());
        }
        let (store, runner) = (&self.engine.store, &self.engine.runner);
        store.note_run(runner, self.engine.campaign_id, &notes).await?;
        self.notes = notes;
        Ok(())
    }

    /// Nothing is waited for any more. What is left in the table counts for nothing without its runner, so that a
    /// database which another process holds may keep it.
    pub(super) async fn take_notes_back(&mut self) {
        let nothing = RunNotes::default();
        if std::mem::take(&mut self.notes) != nothing {
            let (store, runner) = (&self.engine.store, &self.engine.runner);
            let _counts_no_more = store.note_run(runner, self.engine.campaign_id, &nothing).await;
        }
    }

    /// Looks at what jobs in the table wait for: an earlier run may have been asked to wait, too.
    pub(super) async fn follow_asked(&mut self) -> Result<(), StoreError> {
        let now = self.engine.clock.now();
        let stored = self.engine.store.asked_wait(self.engine.campaign_id, now).await?;
        self.asked = stored.map(|(_, wait)| wait).filter(|wait| wait.again.since(now) >= WORTH_TELLING);
        Ok(())
    }

    /// Until when Atlas asked to wait, if that is not over.
    pub(super) fn asked(&self) -> Option<Asked> {
        let now = self.engine.clock.now();
        let stored = || self.asked.filter(|wait| wait.again > now).map(|wait| Asked { wait, project: None });
        self.pacing.asked().cloned().or_else(stored)
    }

    fn outage(&self) -> Option<Outage> {
        let code = self.trouble.as_ref().map(|(code, _)| format!(" ({code})")).unwrap_or_default();
        if let Some(closed) = self.pacing.closed() {
            return Some(Outage { words: format!("{}{code}", closed.words()), since: closed.since });
        }
        let (_, since) = self.trouble.as_ref()?;
        Some(Outage { words: format!("looks keep failing{code}"), since: *since })
    }

    /// Follows an operator's word that what Atlas asked for is not to be waited for.
    pub(super) async fn follow_bringing_forward(&mut self) -> Result<(), StoreError> {
        let at = self.engine.store.brought_forward(self.engine.campaign_id).await?.unwrap_or(Millis(0));
        let before = self.forward_at.replace(at);
        if before.is_none_or(|before| before == at) {
            return Ok(()); // what was said before this run began, it has not waited for
        }
        self.pacing.bring_forward();
        let now = self.engine.clock.now();
        self.all_due(now);
        let client = self.engine.client.clone();
        // Whoever signs in now may be at it for a while.
        self.tasks.spawn(async move { client.ask_again().await });
        tracing::warn!(campaign = %self.engine.campaign, "an operator wants no waiting: Atlas is asked again");
        Ok(())
    }
}
