//! An upgrade cannot be undone, so a person types the campaign's name first: a habit types "yes".

use std::io::{IsTerminal, stderr, stdin};

use crate::atlas::Client;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::run::moves;
use crate::clock::Clock;
use crate::config::Config;
use crate::plural;
use crate::store::Store;

/// A run about to begin.
pub(super) struct Upcoming<'a> {
    pub(super) config: &'a Config,
    pub(super) store: &'a Store,
    pub(super) campaign_id: i64,
    pub(super) client: &'a Client,
    pub(super) clock: Clock,
}

/// Shows what will be done and asks. Without a terminal nobody can be asked.
pub(super) async fn ask(upcoming: &Upcoming<'_>, context: &Context) -> Result<(), Failure> {
    let Some(plan) = upcoming.plan().await? else { return Ok(()) };
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Err(Failure::bad_input(format!(
            "{plan}: say --yes, or run a --plan, where there is no terminal to ask on"
        )));
    }
    upcoming.tell_plan(&plan, context).await?;
    let name = &upcoming.config.campaign;
    context.say(&format!("To go on, type the campaign's name, {name}:"));
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        stdin().read_line(&mut line).map(|_| line)
    })
    .await
    .map_err(Failure::internal)??;
    if answer.trim() == name {
        return Ok(());
    }
    Err(Failure::bad_input("declined; the fleet is loaded, but nothing was sent"))
}

/// Shows what will be done to somebody who has said yes before.
pub(super) async fn tell(upcoming: &Upcoming<'_>, context: &Context) -> Result<(), Failure> {
    match upcoming.plan().await? {
        Some(plan) => upcoming.tell_plan(&plan, context).await,
        None => Ok(()),
    }
}

impl Upcoming<'_> {
    /// What will be done, in a sentence; nothing where every job has ended.
    async fn plan(&self) -> Result<Option<String>, Failure> {
        let counts = self.store.counts(self.campaign_id).await?;
        let left = counts.total() - counts.ended();
        Ok((left > 0).then(|| {
            format!(
                "{} will be upgraded, {}, at {}, and recorded in {}; this cannot be undone",
                plural::count(left, "cluster"),
                self.config.operation.title,
                self.config.base_url,
                self.store.name(),
            )
        }))
    }

    /// The same, and what becomes of regions.
    async fn tell_plan(&self, plan: &str, context: &Context) -> Result<(), Failure> {
        context.say(&format!("{plan}."));
        if !self.config.policy.allow_region_change {
            context.say(
                "A row that asks for another region or cloud than its cluster is in fails, before anything is sent.",
            );
            return Ok(());
        }
        let fleet = moves::not_begun(self.store, self.campaign_id).await?;
        if fleet.is_empty() {
            return Ok(());
        }
        context.say("Looking for a minute at most at where the clusters are: [guard] allow_region_change is true ...");
        for line in moves::lines(self.config, &fleet, self.client, self.clock).await {
            context.say(&line);
        }
        Ok(())
    }
}
