//! A run that works.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;

use crate::app::load::LoadContext;
use crate::app::run::prepare::Prepared;
use crate::app::run::{recovery, restored};
use crate::app::{AppError, Notices};
use crate::atlas::Client;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::summary::Counts;
use crate::engine::{Control, Ending, Engine, Progress};
use crate::report::Marker;
use crate::store::{Runner, RunnerLock, SIMULATION, Store, StoreError};

/// A run that may work.
pub struct Begun {
    /// The campaign.
    pub config: Config,
    /// The job table.
    pub store: Store,
    /// The way to Atlas.
    pub client: Client,
    /// The time.
    pub clock: Clock,
    /// The campaign's key.
    pub campaign_id: i64,
    /// The simulation, or a host.
    pub against: String,
    /// Where the reports go.
    pub(super) folder: PathBuf,
    pub(super) runner: Runner,
    /// The right to work on the database.
    pub(super) lock: RunnerLock,
}

pub(super) async fn begin(prepared: Prepared, notices: &Notices) -> Result<Begun, AppError> {
    let Prepared { config, store, client, clock, fleet, absolute_file, plan, folder, against, runner, lock, origin } =
        prepared;
    let campaign_id = fleet.campaign_id;
    store.bind(campaign_id, &against).await?;
    if let Some(file) = absolute_file {
        store.remember_file(campaign_id, &file).await?;
    }
    let context = LoadContext { store: &store, config: &config, runner: &runner, clock };
    if let Some(plan) = &plan {
        plan.apply(&context, campaign_id, notices).await?;
    }
    // What a former run asked of a simulation in its own process cannot land any more.
    if against != SIMULATION {
        // After the plan, which leaves out only what has not begun.
        restored::settle(&context, campaign_id, &origin).await?;
    }
    // Only now: the next run does not know of the origin any more.
    store.identify(&lock, &origin, &runner.host, clock.now()).await?;
    mark(&store, &folder).await?;
    Ok(Begun { config, store, client, clock, campaign_id, against, folder, runner, lock })
}

/// Says in the directory of the reports whose they are.
async fn mark(store: &Store, folder: &Path) -> Result<(), AppError> {
    let Some(database) = store.id().await? else { return Ok(()) };
    let marker = Marker { database, path: store.path().to_owned() };
    marker.write(folder).map_err(|error| AppError::refused(format!("{}: {error}", folder.display())))
}

impl Begun {
    /// Who is signed in; never a secret.
    pub fn who(&self) -> String {
        if self.against == SIMULATION { "nobody: the simulation lets anyone in".to_owned() } else { self.client.who() }
    }

    /// How many jobs are in each state.
    pub async fn counts(&self) -> Result<Counts, AppError> {
        Ok(self.store.counts(self.campaign_id).await?)
    }

    /// Whether every job has ended.
    pub async fn is_done(&self) -> Result<bool, AppError> {
        Ok(Engine::is_done(&self.counts().await?))
    }

    /// Works until every job has ended, an operator must act, or `control` says to drain. Dropped before its end it is
    /// as safe as a crash. Whatever stops it strikes in the middle of the work, so that no error may claim that nothing
    /// was started.
    pub async fn work(&self, control: watch::Receiver<Control>, progress: Progress) -> Result<Ending, AppError> {
        let ended = tokio::select! {
            ended = self.engine().run(control, progress) => ended,
            error = unfit(&self.store, &self.config.campaign) => Err(error),
        };
        match ended {
            Ok(ending) => Ok(ending),
            Err(error) => Err(recovery::explain(error, &self.store).await),
        }
    }

    fn engine(&self) -> Engine {
        let Self { config, store, client, clock, campaign_id, runner, .. } = self;
        Engine {
            store: store.clone(),
            client: client.clone(),
            clock: *clock,
            campaign_id: *campaign_id,
            campaign: Arc::from(config.campaign.as_str()),
            operation: config.operation,
            policy: config.policy.clone(),
            limits: config.pace,
            runner: Arc::new(runner.clone()),
            seed: clock.now().0.unsigned_abs() ^ u64::from(std::process::id()).rotate_left(32),
        }
    }
}

/// Audits the campaign beside the work, so that what was edited before is found before much is done; returns if it is.
async fn unfit(store: &Store, campaign: &str) -> StoreError {
    if let Ok(Some(campaign)) = store.campaign(campaign).await
        && let Err(error @ StoreError::Unfit { .. }) = store.verified_digest(&campaign).await
    {
        return error;
    }
    std::future::pending().await
}
