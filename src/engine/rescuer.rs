//! What a runner does first: whoever has the lock knows that the former runner is dead, and takes its claims over.

use crate::domain::event::Event;
use crate::domain::machine::decide;
use crate::engine::Engine;
use crate::store::{Change, StoreError};

const PAGE: i64 = 500;

/// Turns every claim of the dead runner into an event for the rule book. Costs as many rows as were in flight.
pub(super) async fn take_over(engine: &Engine) -> Result<(), StoreError> {
    engine.store.free_pending(engine.campaign_id).await?;
    let mut after = 0;
    loop {
        let jobs = engine.store.unfinished(engine.campaign_id, after, PAGE).await?;
        let Some(last) = jobs.last() else { return Ok(()) };
        after = last.id;
        let now = engine.clock.now();
        let changes: Vec<Change> = jobs
            .iter()
            .map(|job| {
                let decision = decide(job, &Event::TakenOver, now, &engine.policy, engine.jitter(job));
                Change { job: decision.job, entry: decision.entry, at: now, keep: false, call: None }
            })
            .collect();
        engine.store.record(&engine.runner, &changes).await?;
        tracing::info!(campaign = %engine.campaign, jobs = changes.len(), "took over what a former run left in flight");
    }
}
