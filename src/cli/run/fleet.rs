//! The fleet into the job table: all of it or nothing.

use crate::cli::check::each_chunk;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::event::Event;
use crate::domain::job::Job;
use crate::domain::machine::decide;
use crate::intake::FleetRow;
use crate::store::{Change, Loaded, NewJob, Runner, Store};

/// Loads the fleet; says what changed since the last time.
pub(super) async fn load(
    store: &Store,
    config: &Config,
    runner: &Runner,
    clock: Clock,
    context: &Context,
) -> Result<Loaded, Failure> {
    let mut loader = store.begin_load(runner, &config.campaign, config.operation.name, clock.now()).await?;
    each_chunk(config, async |rows| {
        let jobs: Vec<NewJob> = rows.into_iter().map(new_job).collect();
        Ok(loader.push(&jobs).await?)
    })
    .await?;
    let loaded = loader.finish().await?;
    let returned = settle(store, config, runner, clock, &loaded.returned, &Event::Returned).await?;
    let left = settle(store, config, runner, clock, &loaded.left, &Event::LeftFleet).await?;
    let involved = store.involved(loaded.campaign_id).await?;
    settle(store, config, runner, clock, &involved, &Event::SentElsewhere).await?;
    if !context.quiet {
        context.say(&words(config, &loaded, returned, left));
    }
    Ok(loaded)
}

/// A row as the job table takes it.
pub(in crate::cli) fn new_job(row: FleetRow) -> NewJob {
    let FleetRow { row, project_id, cluster_name, wanted, extra } = row;
    NewJob { row, project_id, cluster_name, wanted, extra }
}

/// Lets the rule book decide on jobs whose row came or went; returns how many changed.
async fn settle(
    store: &Store,
    config: &Config,
    runner: &Runner,
    clock: Clock,
    jobs: &[Job],
    event: &Event,
) -> Result<usize, Failure> {
    let now = clock.now();
    let changes: Vec<Change> = jobs
        .iter()
        .map(|job| decide(job, event, now, &config.policy, 0))
        .filter(|decision| decision.entry.is_some())
        .map(|decision| Change { job: decision.job, entry: decision.entry, at: now, keep: false, call: None })
        .collect();
    for some in changes.chunks(500) {
        store.record(runner, some).await?;
    }
    Ok(changes.len())
}

fn words(config: &Config, loaded: &Loaded, returned: usize, left: usize) -> String {
    let parts = [
        (loaded.added, "new"),
        (loaded.changed, "changed"),
        (i64::try_from(returned).unwrap_or(0), "back in the fleet"),
        (i64::try_from(left).unwrap_or(0), "no longer in the fleet"),
    ];
    let news: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let news = if news.is_empty() { "nothing changed".to_owned() } else { news.join(", ") };
    format!("{}: {} clusters in the fleet, {news}", config.campaign, loaded.total)
}
