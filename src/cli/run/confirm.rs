//! An upgrade cannot be undone, so a person types the campaign's name first: a habit types "yes".

use std::io::{IsTerminal, stderr, stdin};

use crate::atlas::Client;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::run::moves;
use crate::config::Config;
use crate::plural;
use crate::store::Store;

/// Shows what will be done and asks. Without a terminal nobody can be asked.
pub(super) async fn ask(
    config: &Config,
    store: &Store,
    campaign_id: i64,
    client: &Client,
    context: &Context,
) -> Result<(), Failure> {
    let counts = store.counts(campaign_id).await?;
    let left = counts.total() - counts.ended();
    if left == 0 {
        return Ok(());
    }
    let plan = format!(
        "{} will be upgraded, {}, at {}, and recorded in {}; this cannot be undone",
        plural::count(left, "cluster"),
        config.operation.title,
        config.base_url,
        store.name(),
    );
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Err(Failure::bad_input(format!(
            "{plan}: say --yes, or run a --plan, where there is no terminal to ask on"
        )));
    }
    context.say(&format!("{plan}."));
    let moves = if config.policy.allow_region_change {
        context.say("Looking at where the clusters are, since [guard] allow_region_change is true ...");
        moves::words(config, store, campaign_id, client, context.clock).await?
    } else {
        "a row that asks for another region or cloud than its cluster is in fails, before anything is sent".to_owned()
    };
    context.say(&format!("Of regions: {moves}."));
    let name = &config.campaign;
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
