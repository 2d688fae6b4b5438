//! `drydock release`: an operator's word that what held a scope has been set right.
//!
//! It needs no runner's lock: a run that is at work sees it in the table, and goes on within seconds.

use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::environment;
use crate::cli::exit::{ExitCode, Failure};
use crate::cli::holds::{self, Waiting};
use crate::cli::terminal::Out;
use crate::domain::hold::Scope;
use crate::store::Vitals;

/// Lifts the holds that were selected, or all.
pub(super) async fn run(args: &args::Release, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.store().await?;
    let campaign = context.campaign(&store, args.campaign.as_deref()).await?;
    let name = &campaign.name;
    let mut out = Out::new();
    let holds = selected(args, holds::waiting(&store, campaign.id).await?, name)?;
    if holds.is_empty() {
        out.line(&format!("{name}: nothing is held"))?;
        out.done()?;
        return Ok(ExitCode::SUCCESS);
    }
    let clock = store.newest().await?.map_or(context.clock, |newest| context.clock.not_before(newest));
    let now = clock.now();
    let scopes: Vec<Scope> = holds.iter().map(|waiting| waiting.held.scope.clone()).collect();
    let released = store.release(&environment::runner(now), campaign.id, &scopes, args.reason.as_deref(), now).await?;
    out.line(&format!("{name}: released"))?;
    for Waiting { held, jobs } in holds.iter().filter(|waiting| released.contains(&waiting.held.scope)) {
        let jobs = jobs.map(|jobs| format!(", {jobs} jobs")).unwrap_or_default();
        out.line(&format!("  {} ({} since {}){jobs}", held.scope, held.fault.code, held.since))?;
    }
    let at_work = matches!(store.holder(&environment::host()), Some((_, Vitals::Works | Vitals::Unknown)));
    out.line(&if at_work {
        "a run that is at work on it goes on with them within seconds".to_owned()
    } else {
        format!("next: {}", context.run_again(&campaign, args.campaign.as_deref()))
    })?;
    out.done()?;
    Ok(ExitCode::SUCCESS)
}

/// The holds on the scopes that were named; on any, if none was.
fn selected(args: &args::Release, holds: Vec<Waiting>, campaign: &str) -> Result<Vec<Waiting>, Failure> {
    let lower = |id: &String| id.to_ascii_lowercase();
    let wanted = match (&args.project, &args.organisation) {
        (Some(id), _) => Scope::Project(lower(id)),
        (None, Some(id)) => Scope::Organisation(lower(id)),
        (None, None) => return Ok(holds),
    };
    let found: Vec<Waiting> = holds.into_iter().filter(|waiting| waiting.held.scope == wanted).collect();
    if found.is_empty() {
        return Err(Failure::bad_input(format!("{campaign}: {wanted} is not held; `drydock status` lists what is")));
    }
    Ok(found)
}
