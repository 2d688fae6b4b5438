//! Lifts holds, by an operator's word that what held a scope has been set right, or that what Atlas asked to wait for
//! need not be waited for.
//!
//! It needs no runner's lock: a run that is at work sees it in the table, and goes on within seconds.

use crate::app::AppError;
use crate::app::bring_forward::{self, Forward};
use crate::app::holds::HeldScope;
use crate::clock::{Clock, Millis};
use crate::domain::hold::Scope;
use crate::store::{Runner, Store};

/// What is to be released, and by whom.
pub struct ReleaseRequest<'a> {
    /// The campaign's key.
    pub campaign_id: i64,
    /// The holds to lift.
    pub holds: Vec<HeldScope>,
    /// Whether jobs that wait for what Atlas asked for are brought forward: those of this project, or of all.
    pub asked: Option<Option<&'a str>>,
    /// Why, in the operator's words.
    pub reason: Option<&'a str>,
    /// Who says so.
    pub runner: &'a Runner,
    /// The time.
    pub clock: Clock,
}

/// What was released.
pub struct ReleaseOutcome {
    /// The holds that were lifted; another process may have lifted others before.
    pub holds: Vec<HeldScope>,
    /// How many jobs were brought forward.
    pub brought_forward: usize,
}

/// Releases it.
pub async fn release(store: &Store, request: ReleaseRequest<'_>) -> Result<ReleaseOutcome, AppError> {
    let ReleaseRequest { campaign_id, mut holds, asked, reason, runner, clock } = request;
    let scopes: Vec<Scope> = holds.iter().map(|hold| hold.held.scope.clone()).collect();
    let lifted = store.release(runner, campaign_id, &scopes, reason, clock.now()).await?;
    holds.retain(|hold| lifted.contains(&hold.held.scope));
    let mut brought_forward = 0;
    if let Some(project) = asked {
        let forward = Forward { store, campaign_id, runner, clock, reason };
        brought_forward = forward.project(project.unwrap_or_default()).await?;
        forward.tell_the_run().await?;
    }
    Ok(ReleaseOutcome { holds, brought_forward })
}

/// Until when Atlas asked to wait, if jobs of `project` wait for that; where no project is named, if any job does, or a
/// run that is at work on the machine named `host`.
pub async fn asked_until(
    store: &Store,
    campaign_id: i64,
    project: Option<&str>,
    (now, host): (Millis, &str),
) -> Result<Option<Millis>, AppError> {
    if let Some(project) = project {
        let some = store.asked(campaign_id, project, now, (0, 1)).await?;
        return Ok(store.reload(&some).await?.first().and_then(|job| job.schedule.asked_until));
    }
    let notes = bring_forward::live_notes(store, campaign_id, store.holder(host).as_ref()).await?;
    let asked = bring_forward::asked(store, campaign_id, notes.and_then(|notes| notes.asked), now).await?;
    Ok(asked.map(|asked| asked.wait.until))
}
