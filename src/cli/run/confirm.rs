//! An upgrade cannot be undone, so a person types the campaign's name first: a habit types "yes".

use std::io::{IsTerminal, stderr, stdin};

use crate::app::AppError;
use crate::app::run::Prepared;
use crate::cli::context::Context;
use crate::cli::run::region_moves;
use crate::plural;

/// Shows what will be done and asks. Without a terminal nobody can be asked.
pub(super) async fn ask(prepared: &Prepared, context: &Context) -> Result<(), AppError> {
    let Some(plan) = upgrades(prepared).await? else { return Ok(()) };
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Err(AppError::refused(format!(
            "{plan}: say --yes, or run a --plan, where there is no terminal to ask on"
        )));
    }
    tell_upgrades(prepared, &plan, context).await?;
    let name = &prepared.config.campaign;
    context.say(&format!("To go on, type the campaign's name, {name}:"));
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        stdin().read_line(&mut line).map(|_| line)
    })
    .await
    .map_err(AppError::internal)??;
    if answer.trim() == name {
        return Ok(());
    }
    Err(AppError::refused("declined; the fleet is loaded, but nothing was sent"))
}

/// Shows what will be done to somebody who has said yes before.
pub(super) async fn tell(prepared: &Prepared, context: &Context) -> Result<(), AppError> {
    match upgrades(prepared).await? {
        Some(plan) => tell_upgrades(prepared, &plan, context).await,
        None => Ok(()),
    }
}

/// What will be done, in a sentence; nothing where every job has ended.
async fn upgrades(prepared: &Prepared) -> Result<Option<String>, AppError> {
    let counts = prepared.store.counts(prepared.fleet.campaign_id).await?;
    let left = counts.total() - counts.ended();
    Ok((left > 0).then(|| {
        format!(
            "{} will be upgraded, {}, at {}, and recorded in {}; this cannot be undone",
            plural::count(left, "cluster"),
            prepared.config.operation.title,
            prepared.config.base_url,
            prepared.store.name(),
        )
    }))
}

/// The same, and what becomes of regions.
async fn tell_upgrades(prepared: &Prepared, upgrades: &str, context: &Context) -> Result<(), AppError> {
    context.say(&format!("{upgrades}."));
    if !prepared.config.policy.allow_region_change {
        context
            .say("A row that asks for another region or cloud than its cluster is in fails, before anything is sent.");
        return Ok(());
    }
    let fleet = prepared.not_begun().await?;
    if fleet.is_empty() {
        return Ok(());
    }
    context.say("Looking for a minute at most at where the clusters are: [guard] allow_region_change is true ...");
    for line in region_moves::lines(&prepared.look_for_moves(&fleet).await) {
        context.say(&line);
    }
    Ok(())
}
