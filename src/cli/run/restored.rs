//! A database that was put back from a backup, or comes from elsewhere, may not know of every request that was sent.

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::run::fleet::Way;
use crate::domain::event::Event;
use crate::domain::job::{Job, State};
use crate::domain::machine::decide;
use crate::store::{Change, Filter, Origin, Pages, RunnerLock};

/// The states of jobs that have not ended.
const LIVE: [State; 5] = [State::Pending, State::Ready, State::Submitting, State::Verifying, State::Upgrading];

/// Says where the database comes from, before anybody is asked anything.
pub(super) fn tell(origin: &Origin, database: &str, context: &Context) {
    match origin {
        Origin::Same => {}
        Origin::Restored { why } => context.warn(&format!(
            "{database} is {why}: it may not know of everything that was sent, so that every cluster is verified \
             before anything is sent. Make sure that no run works on the other one"
        )),
    }
}

/// Sends every live job of the database to a verification, if `origin` asks for it, and then writes which file the
/// database is. To be called when all rows are loaded, and before anything is sent.
pub(super) async fn settle(way: &Way<'_>, campaign_id: i64, origin: &Origin, lock: &RunnerLock) -> Result<(), Failure> {
    if matches!(origin, Origin::Restored { .. }) {
        for campaign in way.store.campaigns().await? {
            verify(way, campaign.id, &LIVE, |_| true).await?;
        }
    } else if let Some(at) = way.store.restored_at().await? {
        // A row that comes to the fleet soon afterwards may have been in it, and been sent, before.
        let uncertain = way.config.policy.settle * 2 + way.config.request_timeout;
        if way.clock.now() < at.after(uncertain) {
            verify(way, campaign_id, &[State::Pending], |job| job.submitted_at.is_none()).await?;
        }
    }
    way.store.identify(lock, origin, &way.runner.host, way.clock.now()).await?;
    Ok(())
}

async fn verify(
    way: &Way<'_>,
    campaign_id: i64,
    states: &[State],
    wanted: impl Fn(&Job) -> bool,
) -> Result<(), Failure> {
    let Way { store, config, runner, clock } = way;
    let mut pages = Pages::new(store, campaign_id, Filter { states: states.to_vec(), ..Filter::default() });
    while let Some(page) = pages.next().await? {
        let mut jobs: Vec<Job> = page.into_iter().map(|row| row.job).filter(&wanted).collect();
        // A row that an operator wrote meanwhile is read again, and decided anew.
        while !jobs.is_empty() {
            let now = clock.now();
            let decided = jobs.iter().map(|job| decide(job, &Event::Restored, now, &config.policy, 0));
            let changes: Vec<Change> = decided.map(|decision| Change::new(decision.job, decision.entry, now)).collect();
            let written = store.record(runner, &changes).await?;
            let missed = jobs.iter().zip(written).filter(|(_, written)| !written).map(|(job, _)| job.id);
            jobs = store.reload(&missed.collect::<Vec<_>>()).await?;
            jobs.retain(|job| !job.state.is_ended());
        }
    }
    Ok(())
}
