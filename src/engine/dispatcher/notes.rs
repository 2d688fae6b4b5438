//! What this run leaves for other processes to read, and what an operator has left for it.

use crate::clock::Millis;
use crate::domain::run_notes::{Outage, RunNotes};
use crate::engine::dispatcher::Dispatcher;
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
