//! What a runner does first: whoever has the lock knows that the former runner is dead, and takes its claims over.

use crate::domain::event::Event;
use crate::domain::job::Job;
use crate::domain::machine::decide;
use crate::engine::Engine;
use crate::store::{Change, StoreError};

const PAGE: i64 = 500;

/// Turns everything that a dead runner had in flight into events for the rule book. Nothing may be in this runner's
/// hands yet. Costs as many rows as were in flight.
pub(super) async fn take_over(engine: &Engine) -> Result<(), StoreError> {
    engine.store.free_pending(engine.campaign_id).await?;
    let mut after = 0;
    loop {
        let jobs = engine.store.unfinished(engine.campaign_id, after, PAGE).await?;
        let Some(last) = jobs.last() else { return Ok(()) };
        after = last.id;
        decide_all(engine, jobs).await?;
    }
}

/// Takes what another runner has claimed since; says whether there was anything.
pub(super) async fn take_strays(engine: &Engine) -> Result<bool, StoreError> {
    let strays = engine.store.in_other_hands(engine.campaign_id, &engine.runner.id, PAGE).await?;
    let any = !strays.is_empty();
    decide_all(engine, strays).await?;
    Ok(any)
}

async fn decide_all(engine: &Engine, mut jobs: Vec<Job>) -> Result<(), StoreError> {
    if !jobs.is_empty() {
        tracing::info!(campaign = %engine.campaign, jobs = jobs.len(), "taking over what a former run left in flight");
    }
    // A row that somebody else wrote meanwhile is read again, and decided anew.
    while !jobs.is_empty() {
        let changes: Vec<Change> = jobs.iter().map(|job| change(engine, job)).collect();
        let written = engine.store.record(&engine.runner, &changes).await?;
        let missed = jobs.iter().zip(written).filter(|(_, written)| !written).map(|(job, _)| job.id);
        jobs = engine.store.reload(&missed.collect::<Vec<_>>()).await?;
        jobs.retain(|job| !job.state.is_ended());
    }
    Ok(())
}

fn change(engine: &Engine, job: &Job) -> Change {
    let now = engine.clock.now();
    let decision = decide(job, &Event::TakenOver, now, &engine.policy, engine.jitter(job));
    Change::new(decision.job, decision.entry, now)
}
