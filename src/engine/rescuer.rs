//! What a runner does first: whoever has the lock knows that the former runner is dead, and takes its claims over.

use crate::domain::event::Event;
use crate::domain::job::Job;
use crate::engine::Engine;
use crate::engine::apply::Apply;
use crate::store::StoreError;

const PAGE: i64 = 500;

/// Turns everything that a dead runner had in flight into events for the rule book. This runner may have claimed nothing
/// yet. Costs as many rows as were in flight.
pub(super) async fn take_over(engine: &Engine) -> Result<(), StoreError> {
    engine.store.free_pending(engine.campaign_id).await?;
    let mut after = 0;
    loop {
        let jobs = engine.store.unfinished(engine.campaign_id, after, PAGE).await?;
        let Some(last) = jobs.last() else { return Ok(()) };
        after = last.id;
        take(engine, jobs).await?;
    }
}

/// Takes over what another runner has claimed since; says whether there was anything.
pub(super) async fn reclaim_orphans(engine: &Engine) -> Result<bool, StoreError> {
    let orphans = engine.store.in_other_hands(engine.campaign_id, &engine.runner.id, PAGE).await?;
    let any = !orphans.is_empty();
    take(engine, orphans).await?;
    Ok(any)
}

async fn take(engine: &Engine, jobs: Vec<Job>) -> Result<(), StoreError> {
    if !jobs.is_empty() {
        tracing::info!(campaign = %engine.campaign, jobs = jobs.len(), "taking over what a former run left in flight");
    }
    let Engine { store, runner, clock, policy, .. } = engine;
    let apply = Apply { store, runner, clock: *clock, policy };
    apply.to_each(jobs, |job| (!job.state.is_ended()).then_some(Event::TakenOver)).await.map(drop)
}
