//! Loads a fleet into the job table: all of it or nothing.

use std::collections::HashMap;

use crate::app::AppError;
use crate::app::fleet::{each_chunk, fingerprint, new_job};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::event::Event;
use crate::domain::job::Job;
use crate::engine::Apply;
use crate::store::{LoadError, Loader, NewJob, Runner, Store};

/// How many rows one statement takes.
const CHUNK: usize = 500;

/// Where a load goes, and by whose hand.
pub struct LoadContext<'a> {
    /// The job table.
    pub store: &'a Store,
    /// The campaign.
    pub config: &'a Config,
    /// Who loads.
    pub runner: &'a Runner,
    /// The time.
    pub clock: Clock,
}

impl<'a> LoadContext<'a> {
    /// How events are applied to jobs.
    pub(super) fn apply(&self) -> Apply<'a> {
        Apply { store: self.store, runner: self.runner, clock: self.clock, policy: &self.config.policy }
    }
}

/// A fleet that is in the job table, and what has changed since the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadedFleet {
    /// The campaign's key.
    pub campaign_id: i64,
    /// Rows in the fleet.
    pub total: i64,
    /// Rows that are new.
    pub added: i64,
    /// Rows that ask for something else than before.
    pub changed: i64,
    /// Rows that had left the fleet and are back.
    pub returned: usize,
    /// Rows that are no longer in the fleet.
    pub left: usize,
    /// Jobs for a cluster that another row names in another case.
    pub duplicates: usize,
}

impl LoadedFleet {
    fn unchanged(campaign_id: i64, total: i64) -> Self {
        Self { campaign_id, total, added: 0, changed: 0, returned: 0, left: 0, duplicates: 0 }
    }
}

/// Loads the fleet, read from its source unless it is at hand (`rows`). A source in which nothing has changed is not
/// read again.
pub async fn load(context: &LoadContext<'_>, rows: Option<&[NewJob]>) -> Result<LoadedFleet, AppError> {
    let before = if rows.is_none() { fingerprint(context.config).await } else { None };
    match known(context, before.as_ref()).await? {
        Some((id, total)) => Ok(LoadedFleet::unchanged(id, total)),
        None => load_all(context, rows, before).await,
    }
}

/// The campaign's key and how many rows its fleet has, if it was loaded from the same before.
async fn known(context: &LoadContext<'_>, fingerprint: Option<&[u8; 32]>) -> Result<Option<(i64, i64)>, AppError> {
    let LoadContext { store, config, .. } = context;
    let (Some(fingerprint), Some(campaign)) = (fingerprint, store.campaign(&config.campaign).await?) else {
        return Ok(None);
    };
    let rows = store.has_loaded(&campaign, fingerprint).await?;
    // A guard that was lowered since speaks up when all is loaded.
    let few = |rows: &i64| config.max_clusters.is_none_or(|most| rows.unsigned_abs() <= most);
    Ok(rows.filter(few).map(|rows| (campaign.id, rows)))
}

async fn load_all(
    context: &LoadContext<'_>,
    rows: Option<&[NewJob]>,
    before: Option<[u8; 32]>,
) -> Result<LoadedFleet, AppError> {
    let LoadContext { store, config, runner, clock } = context;
    let mut loader = store.begin_load(runner, &config.campaign, config.operation.name, clock.now()).await?;
    if let Some(rows) = rows {
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
    let returned = settle(context, loaded.returned.into_iter().map(back)).await?;
    let duplicates = loaded.duplicates.into_iter().map(|(job, of)| (job, Event::Duplicate { of }));
    let duplicates = settle(context, duplicates).await?;
    let left = settle(context, all(&loaded.left, &Event::LeftFleet)).await?;
    // Nobody has written into the file while it was read.
    if let Some(before) = before
        && fingerprint(config).await == Some(before)
    {
        store.remember_fleet(loaded.campaign_id, &before, loaded.total).await?;
    }
    let (campaign_id, total) = (loaded.campaign_id, loaded.total);
    Ok(LoadedFleet { campaign_id, total, added: loaded.added, changed: loaded.changed, returned, left, duplicates })
}

/// Rows that are at hand, into the table.
pub(super) async fn push_all(loader: &mut Loader, rows: &[NewJob]) -> Result<(), LoadError> {
    for chunk in rows.chunks(CHUNK) {
        loader.push(chunk).await?;
    }
    Ok(())
}

fn all<'a>(jobs: &'a [Job], event: &'a Event) -> impl Iterator<Item = (Job, Event)> + 'a {
    jobs.iter().map(|job| (job.clone(), event.clone()))
}

/// Applies to each job its event; returns how many jobs changed.
pub(super) async fn settle(
    context: &LoadContext<'_>,
    news: impl IntoIterator<Item = (Job, Event)>,
) -> Result<usize, AppError> {
    let (jobs, events): (Vec<Job>, HashMap<i64, Event>) = news
        .into_iter()
        .map(|(job, event)| {
            let id = job.id;
            (job, (id, event))
        })
        .unzip();
    let written = context.apply().to_each(jobs, |job| events.get(&job.id).cloned()).await?;
    Ok(usize::try_from(written.total()).unwrap_or(0))
}
