//! The fleet into the job table: all of it or nothing.

use std::collections::HashMap;

use crate::cli::check::each_chunk;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::event::Event;
use crate::domain::job::Job;
use crate::engine::Apply;
use crate::intake::{self, FleetRow, Plan};
use crate::plural;
use crate::store::{LoadError, Loader, NewJob, Runner, Store};

/// How many rows one statement takes.
const CHUNK: usize = 500;

/// The way by which decisions reach the table before the engine works.
pub(super) struct Way<'a> {
    pub(super) store: &'a Store,
    pub(super) config: &'a Config,
    pub(super) runner: &'a Runner,
    pub(super) clock: Clock,
}

impl<'a> Way<'a> {
    /// How events are applied to jobs.
    pub(super) fn apply(&self) -> Apply<'a> {
        Apply { store: self.store, runner: self.runner, clock: self.clock, policy: &self.config.policy }
    }
}

/// Loads the fleet, read from its source unless it is at hand; says what changed since the last time. What it is read
/// from is not read where nothing of it has changed. Returns the campaign's key.
pub(super) async fn load(way: &Way<'_>, read: Option<&[NewJob]>, context: &Context) -> Result<i64, Failure> {
    let Way { config, .. } = way;
    let before = if read.is_none() { fingerprint(config).await } else { None };
    let (id, words) = match known(way, before.as_ref()).await? {
        Some((id, rows)) => (id, words(config, rows, &[])),
        None => load_all(way, read, before).await?,
    };
    if !context.quiet {
        context.say(&words);
    }
    Ok(id)
}

/// The campaign's key and how many rows its fleet has, if it was loaded from the same before.
async fn known(way: &Way<'_>, fingerprint: Option<&[u8; 32]>) -> Result<Option<(i64, i64)>, Failure> {
    let Way { store, config, .. } = way;
    let (Some(fingerprint), Some(campaign)) = (fingerprint, store.campaign(&config.campaign).await?) else {
        return Ok(None);
    };
    let rows = store.has_loaded(&campaign, fingerprint).await?;
    // A guard that was lowered since speaks up when all is loaded.
    let few = |rows: &i64| config.max_clusters.is_none_or(|most| rows.unsigned_abs() <= most);
    Ok(rows.filter(few).map(|rows| (campaign.id, rows)))
}

/// What the fleet is read from. A file that cannot be read has none; reading it will say why.
async fn fingerprint(config: &Config) -> Option<[u8; 32]> {
    let (source, operation) = (config.source.clone(), config.operation);
    let (defaults, columns) = (config.defaults.clone(), config.columns.clone());
    let compute = move || {
        intake::fingerprint(&source, &Plan { operation, defaults: &defaults, columns: &columns }).ok().flatten()
    };
    tokio::task::spawn_blocking(compute).await.ok().flatten()
}

/// Loads all rows; returns the campaign's key and what changed, in words.
async fn load_all(way: &Way<'_>, read: Option<&[NewJob]>, before: Option<[u8; 32]>) -> Result<(i64, String), Failure> {
    let Way { store, config, runner, clock } = way;
    let mut loader = store.begin_load(runner, &config.campaign, config.operation.name, clock.now()).await?;
    if let Some(rows) = read {
        push_all(&mut loader, rows).await?;
    } else {
        each_chunk(config, async |rows| {
            let jobs: Vec<NewJob> = rows.into_iter().map(new_job).collect();
            Ok(loader.push(&jobs).await?)
        })
        .await?;
    }
    let loaded = loader.finish().await?;
    let returned: Vec<i64> = loaded.returned.iter().map(|job| job.id).collect();
    let asked = store.asked_elsewhere(&returned).await?;
    let back = |job: Job| (job.clone(), Event::Returned { elsewhere: asked.contains(&job.id) });
    let returned = settle(way, loaded.returned.into_iter().map(back)).await?;
    let duplicates = loaded.duplicates.into_iter().map(|(job, of)| (job, Event::Duplicate { of }));
    let duplicates = settle(way, duplicates).await?;
    let left = settle(way, all(&loaded.left, &Event::LeftFleet)).await?;
    // Nobody has written into the file while it was read.
    if let Some(before) = before
        && fingerprint(config).await == Some(before)
    {
        store.remember_fleet(loaded.campaign_id, &before, loaded.total).await?;
    }
    let news = [
        (loaded.added, "new"),
        (loaded.changed, "changed"),
        (i64::try_from(returned).unwrap_or(0), "back in the fleet"),
        (i64::try_from(left).unwrap_or(0), "no longer in the fleet"),
        (i64::try_from(duplicates).unwrap_or(0), "for a cluster that another row names in another case"),
    ];
    Ok((loaded.campaign_id, words(config, loaded.total, &news)))
}

/// Rows that are at hand, into the table.
pub(in crate::cli) async fn push_all(loader: &mut Loader, rows: &[NewJob]) -> Result<(), LoadError> {
    for chunk in rows.chunks(CHUNK) {
        loader.push(chunk).await?;
    }
    Ok(())
}

fn all<'a>(jobs: &'a [Job], event: &'a Event) -> impl Iterator<Item = (Job, Event)> + 'a {
    jobs.iter().map(|job| (job.clone(), event.clone()))
}

/// A row as the job table takes it.
pub(in crate::cli) fn new_job(row: FleetRow) -> NewJob {
    let FleetRow { row, project_id, cluster_name, wanted, extra } = row;
    NewJob { row, project_id, cluster_name, wanted, extra }
}

/// Applies to each job its event; returns how many jobs changed.
pub(super) async fn settle(way: &Way<'_>, news: impl IntoIterator<Item = (Job, Event)>) -> Result<usize, Failure> {
    let (jobs, events): (Vec<Job>, HashMap<i64, Event>) = news
        .into_iter()
        .map(|(job, event)| {
            let id = job.id;
            (job, (id, event))
        })
        .unzip();
    let written = way.apply().to_each(jobs, |job| events.get(&job.id).cloned()).await?;
    Ok(usize::try_from(written.total()).unwrap_or(0))
}

/// How many rows the fleet has, and how many there are of each kind of news.
fn words(config: &Config, total: i64, news: &[(i64, &str)]) -> String {
    let news: Vec<String> =
        news.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let news = if news.is_empty() { "nothing changed".to_owned() } else { news.join(", ") };
    format!("{}: {} in the fleet, {news}", config.campaign, plural::count(total, "cluster"))
}
