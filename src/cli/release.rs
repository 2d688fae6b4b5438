//! `drydock release`: an operator's word that what held a scope has been set right, or that what Atlas asked to wait for
//! need not be waited for.
//!
//! It needs no runner's lock: a run that is at work sees it in the table, and goes on within seconds.

use crate::app::AppError;
use crate::app::bring_forward::{self, Forward};
use crate::app::holds::{self, HeldScope};
use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::environment;
use crate::cli::exit::ExitCode;
use crate::cli::lookup::{self, Lookup};
use crate::cli::next::Next;
use crate::cli::terminal::Out;
use crate::clock::Millis;
use crate::domain::hold::{Held, Scope};
use crate::domain::waiting;
use crate::plural;
use crate::store::{Campaign, Store, Vitals};

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
    let asked = asked(args, &store, &campaign, project.as_deref(), now).await?;
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
    let scopes: Vec<Scope> = holds.iter().map(|waiting| waiting.held.scope.clone()).collect();
    let (runner, reason) = (environment::runner(now), args.reason.as_deref());
    let released = store.release(&runner, campaign.id, &scopes, reason, now).await?;
    out.line(&format!("{name}: released"))?;
    for HeldScope { held, jobs } in holds.iter().filter(|waiting| released.contains(&waiting.held.scope)) {
        let jobs = jobs.map(|jobs| format!(", {}", plural::count(jobs, "job"))).unwrap_or_default();
        out.line(&format!("  {} ({} since {}){jobs}", held.scope, held.fault.code, held.since))?;
    }
    if let Some(until) = asked {
        let forward = Forward { store: &store, campaign_id: campaign.id, runner: &runner, clock, reason };
        let jobs = forward.project(project.as_deref().unwrap_or_default()).await?;
        forward.tell_the_run().await?;
        let jobs = plural::count(jobs as u64, "job");
        out.line(&format!("  {}: it is asked again now, {jobs}", waiting::asked_words(until)))?;
    }
    let at_work = matches!(store.holder(&environment::host()), Some((_, Vitals::Works | Vitals::Unknown)));
    out.line(&if at_work {
        "a run that is at work on it goes on with them within seconds".to_owned()
    } else {
        format!("next: {}", context.next.run_again(&campaign, args.campaign.as_deref()))
    })?;
    out.done()?;
    Ok(ExitCode::SUCCESS)
}

/// Until when Atlas asked to wait, if jobs of what was named wait for that, or a run does that is at work.
async fn asked(
    args: &args::Release,
    store: &Store,
    campaign: &Campaign,
    project: Option<&str>,
    now: Millis,
) -> Result<Option<Millis>, AppError> {
    if args.organisation.is_some() || (args.project.is_some() && project.is_none()) {
        return Ok(None);
    }
    if let Some(project) = project {
        let some = store.asked(campaign.id, project, now, (0, 1)).await?;
        return Ok(store.reload(&some).await?.first().and_then(|job| job.asked_until));
    }
    let notes = bring_forward::live_notes(store, campaign.id, store.holder(&environment::host()).as_ref()).await?;
    let asked = bring_forward::asked(store, campaign.id, notes.and_then(|notes| notes.asked), now).await?;
    Ok(asked.map(|asked| asked.wait.until))
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
