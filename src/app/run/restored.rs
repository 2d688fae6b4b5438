//! A database that was put back from a backup, or comes from elsewhere, may not know of every request that was sent.

use crate::app::load::LoadContext;
use crate::app::{AppError, Notices};
use crate::domain::event::Event;
use crate::domain::job::{Job, State};
use crate::store::{Filter, Origin, Pages};

/// Says where the database comes from, before anybody is asked anything.
pub(super) fn tell(origin: &Origin, database: &str, notices: &Notices) {
    match origin {
        Origin::Same => {}
        Origin::Restored { why } => notices.warning(format!(
            "{database} may lack requests that were sent, since it is {why}. Every cluster is verified before anything \
             is sent. Make sure that no run works on another copy of it"
        )),
    }
}

/// Sends every live job of the database to a verification, if `origin` asks for it. To be called when all rows are
/// loaded, and before anything is sent.
pub(super) async fn settle(context: &LoadContext<'_>, campaign_id: i64, origin: &Origin) -> Result<(), AppError> {
    if matches!(origin, Origin::Restored { .. }) {
        let live: Vec<State> = State::ALL.into_iter().filter(|state| !state.is_ended()).collect();
        for campaign in context.store.campaigns().await? {
            verify(context, campaign.id, &live, |_| true).await?;
        }
    } else if let Some(at) = context.store.restored_at().await? {
        // A row that comes to the fleet soon afterwards may have been in it, and been sent, before.
        let uncertain = context.config.policy.settle * 2 + context.config.request_timeout;
        if context.clock.now() < at.after(uncertain) {
            let is_of_before = |job: &Job| job.request.left_at.is_none_or(|left_at| left_at < at);
            verify(context, campaign_id, &[State::Pending], is_of_before).await?;
        }
    }
    Ok(())
}

async fn verify(
    context: &LoadContext<'_>,
    campaign_id: i64,
    states: &[State],
    wanted: impl Fn(&Job) -> bool,
) -> Result<(), AppError> {
    let filter = Filter { states: states.to_vec(), ..Filter::default() };
    let mut pages = Pages::new(context.store, campaign_id, filter);
    while let Some(page) = pages.next().await? {
        let jobs: Vec<Job> = page.into_iter().map(|row| row.job).filter(&wanted).collect();
        context.apply().to_each(jobs, |job| (!job.state.is_ended()).then_some(Event::Restored)).await?;
    }
    Ok(())
}
