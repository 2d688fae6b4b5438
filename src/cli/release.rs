//! `drydock release`: an operator's word that what held a scope has been set right, or that what Atlas asked to wait for
//! need not be waited for.

use crate::app::AppError;
use crate::app::holds::{self, HeldScope};
use crate::app::release::{ReleaseRequest, asked_until, release};
use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::environment;
use crate::cli::exit::ExitCode;
use crate::cli::lookup::{self, Lookup};
use crate::cli::next::Next;
use crate::cli::terminal::Out;
use crate::domain::hold::{Held, Scope};
use crate::domain::waiting;
use crate::plural;
use crate::store::Vitals;

/// Lifts the holds that were selected, or all.
pub(super) async fn run(args: &args::Release, context: &Context) -> Result<ExitCode, AppError> {
    let store = context.store(args.campaign.as_deref()).await?;
    let campaign = context.campaign(&store, args.campaign.as_deref()).await?;
    let name = &campaign.name;
    let mut out = Out::new();
    let clock = context.clock_of(&store).await?;
    let now = clock.now();
    let project = match &args.project {
        Some(word) => Lookup::new(&store, &campaign, context).project_if_known(word).await?,
        None => None,
    };
    let host = environment::host();
    let can_wait = args.organisation.is_none() && (args.project.is_none() || project.is_some());
    let asked = if can_wait { asked_until(&store, campaign.id, project.as_deref(), (now, &host)).await? } else { None };
    let holds = match selected(args, holds::in_force(&store, campaign.id).await?, name, &context.next) {
        // What is named is not held, but something else is waited for there.
        Err(_) if asked.is_some() => Vec::new(),
        holds => holds?,
    };
    if holds.is_empty() && asked.is_none() {
        out.line(&format!("{name}: nothing is held"))?;
        out.done()?;
        return Ok(ExitCode::SUCCESS);
    }
    let request = ReleaseRequest {
        campaign_id: campaign.id,
        holds,
        asked: asked.map(|_| project.as_deref()),
        reason: args.reason.as_deref(),
        runner: &environment::runner(now),
        clock,
    };
    let released = release(&store, request).await?;
    out.line(&format!("{name}: released"))?;
    for HeldScope { held, jobs } in &released.holds {
        let jobs = jobs.map(|jobs| format!(", {}", plural::count(jobs, "job"))).unwrap_or_default();
        out.line(&format!("  {} ({} since {}){jobs}", held.scope, held.fault.code, held.since))?;
    }
    if let Some(until) = asked {
        let jobs = plural::count(released.brought_forward as u64, "job");
        out.line(&format!("  {}: it is asked again now, {jobs}", waiting::asked_words(until)))?;
    }
    let at_work = matches!(store.holder(&host), Some((_, Vitals::Works | Vitals::Unknown)));
    out.line(&if at_work {
        "a run that is at work on it goes on with them within seconds".to_owned()
    } else {
        format!("next: {}", context.next.run_again(&campaign, args.campaign.as_deref()))
    })?;
    out.done()?;
    Ok(ExitCode::SUCCESS)
}

/// The holds on the scope that was named by its id or the beginning of it; all, if none was.
fn selected(
    args: &args::Release,
    holds: Vec<HeldScope>,
    campaign: &str,
    next: &Next,
) -> Result<Vec<HeldScope>, AppError> {
    let (word, what, scope): (_, _, fn(String) -> Scope) = match (&args.project, &args.organisation) {
        (Some(word), _) => (lookup::id(word)?, "project", Scope::Project),
        (None, Some(word)) => (lookup::id(word)?, "organisation", Scope::Organisation),
        (None, None) => return Ok(holds),
    };
    let is_meant = |held: &Held| held.scope == scope(held.scope.id().to_owned()) && held.scope.id().starts_with(&word);
    let held: Vec<String> =
        holds.iter().filter(|hold| is_meant(&hold.held)).map(|hold| hold.held.scope.id().to_owned()).collect();
    let Some(meant) = lookup::only(&word, what, &held)? else {
        let status = next.command(["status", campaign]);
        let wanted = scope(word);
        return Err(AppError::refused(format!("{campaign}: {wanted} is not held; `{status}` lists what is")));
    };
    let meant = scope(meant.to_owned());
    Ok(holds.into_iter().filter(|hold| hold.held.scope == meant).collect())
}
