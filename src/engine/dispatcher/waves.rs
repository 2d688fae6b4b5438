//! Waves: the next is begun when every job of the ones before it has ended, however it ended.

use crate::engine::dispatcher::Dispatcher;
use crate::engine::dispatcher::claims::NEVER;
use crate::store::StoreError;

impl Dispatcher {
    /// Whether nothing is in hand and nothing will be due: the wave has ended, or its jobs are in other hands.
    pub(super) fn is_idle(&self) -> bool {
        let nothing = self.steps == 0 && self.out == 0 && self.buffer.is_empty() && !self.is_claiming();
        nothing && self.follow.due.min(self.pending.due) == NEVER
    }

    /// Asks the table which wave it is. It may be an earlier one again: an operator has sent a job of it back.
    pub(super) async fn follow_waves(&mut self) -> Result<(), StoreError> {
        let Some(wave) = self.engine.store.wave(self.engine.campaign_id).await? else {
            return Ok(()); // every job has ended, and none of a later wave is there to be begun
        };
        if wave == self.wave {
            return Ok(());
        }
        tracing::info!(campaign = %self.engine.campaign, "{} may begin, after {}", wave, self.wave);
        let now = self.engine.clock.now();
        if wave < self.wave {
            // What has not been looked at waits again.
            let leaving = self.buffer.give_up_pending();
            self.leave(leaving, now).await?;
        }
        self.wave = wave;
        self.pending.due = now;
        self.progress.wave(wave);
        Ok(())
    }
}
