//! Makes a run ready: takes the lock of the job table, loads the fleet, and finds a way in to Atlas.

use std::path::PathBuf;
use std::time::Duration;

use crate::app::load::{self, LoadContext, LoadedFleet};
use crate::app::run::approved_plan::ApprovedPlan;
use crate::app::run::begin::{self, Begun};
use crate::app::run::{preflight, restored};
use crate::app::simulated_atlas::{self, upgrade_path};
use crate::app::{AppError, Notices, inputs};
use crate::atlas::{Client, Credentials, Transport};
use crate::clock::Clock;
use crate::config::Config;
use crate::files::Inputs;
use crate::plural;
use crate::redaction::Redactor;
use crate::report;
use crate::simulator::Settings;
use crate::store::{Campaign, Origin, Runner, RunnerLock, SIMULATION, Store, StoreError};

/// Clocks of two machines are seldom further apart.
const DRIFT: Duration = Duration::from_mins(2);

/// What is to be run, by whom, and where.
pub struct RunRequest {
    /// The campaign.
    pub config: Config,
    /// Its file, by a path that means the same in every directory.
    pub absolute_file: Option<String>,
    /// Just this is to be run, if a plan was approved.
    pub plan: Option<ApprovedPlan>,
    /// The job table.
    pub store: Store,
    /// What is read, so that no report is written over it.
    pub inputs: Inputs,
    /// Where the reports go.
    pub folder: PathBuf,
    /// Which Atlas it is run against.
    pub atlas: RunAgainst,
    /// This process, new at every start.
    pub runner: Runner,
    /// The time.
    pub clock: Clock,
    /// Knows every secret of this process.
    pub redactor: Redactor,
}

/// Which Atlas a run is against.
pub enum RunAgainst {
    /// A simulated one in this process.
    Simulation,
    /// The campaign's host, with these credentials.
    Host(Credentials),
}

/// A campaign whose fleet is loaded, and of which nothing was sent.
pub struct Prepared {
    /// The campaign.
    pub config: Config,
    /// The job table.
    pub store: Store,
    /// The way to Atlas.
    pub client: Client,
    /// The time, which is not behind the newest that was written.
    pub clock: Clock,
    /// What the load has changed.
    pub fleet: LoadedFleet,
    pub(super) absolute_file: Option<String>,
    pub(super) plan: Option<ApprovedPlan>,
    pub(super) folder: PathBuf,
    pub(super) against: String,
    pub(super) runner: Runner,
    pub(super) lock: RunnerLock,
    pub(super) origin: Origin,
}

/// Takes the lock and loads the fleet. Nothing is sent.
pub async fn prepare(request: RunRequest, notices: &Notices) -> Result<Prepared, AppError> {
    let RunRequest { config, absolute_file, plan, store, inputs, folder, atlas, runner, clock, redactor } = request;
    let (is_simulated, credentials) = match atlas {
        RunAgainst::Simulation => (true, None),
        RunAgainst::Host(credentials) => (false, Some(credentials)),
    };
    let lock = RunnerLock::acquire(&store, &runner.id, &runner.host, clock.now())?;
    let origin = store.origin().await?;
    if !is_simulated {
        restored::tell(&origin, &store.name(), notices);
    }
    // Under the lock, so that nothing newer is written behind it.
    let clock = not_behind(&store, clock, notices).await?;
    inputs::refuse_folder(&inputs, &folder)?;
    if let Some(replaced) = inputs::refuse_other_database(&store, &folder).await? {
        notices.warning(replaced);
    }
    report::prepare(&folder).map_err(AppError::refused)?;
    let against = if is_simulated { SIMULATION } else { &config.base_url }.to_owned();
    refuse_another(&store, &config, &against).await?;
    let context = LoadContext { store: &store, config: &config, runner: &runner, clock };
    let fleet = load::load(&context, plan.as_ref().map(|plan| plan.fleet.as_slice())).await?;
    let transport = transport(is_simulated, &context, fleet.campaign_id).await?;
    let client = Client::sharing(redactor, transport, credentials, clock, config.request_timeout);
    Ok(Prepared { config, store, client, clock, fleet, absolute_file, plan, folder, against, runner, lock, origin })
}

impl Prepared {
    /// Whether it is run against a simulated Atlas in this process.
    pub fn is_simulated(&self) -> bool {
        self.against == SIMULATION
    }

    /// Whether a plan was approved, which has told its facts.
    pub fn is_planned(&self) -> bool {
        self.plan.is_some()
    }

    /// Signs in and reads once, so that a wrong host or secret costs nothing.
    pub async fn sign_in(&self) -> Result<(), AppError> {
        if self.is_simulated() {
            return Ok(());
        }
        preflight::check(&self.client, &self.config, &self.store, self.fleet.campaign_id).await
    }

    /// Makes the campaign this run's work: from now on it is said that it was started.
    pub async fn begin(self, notices: &Notices) -> Result<Begun, AppError> {
        begin::begin(self, notices).await
    }
}

/// The clock, which is not behind the newest entry of the job table.
async fn not_behind(store: &Store, clock: Clock, notices: &Notices) -> Result<Clock, AppError> {
    let Some(newest) = store.newest().await? else { return Ok(clock) };
    let behind = newest.since(clock.now());
    if behind >= DRIFT {
        let span = plural::span(behind);
        notices.warning(format!(
            "this machine's clock is {span} behind the newest entry of the database: times go on from there"
        ));
    }
    Ok(clock.not_before(newest))
}

/// Before anything is loaded or looked at: a campaign goes on against what it was begun against.
pub(in crate::app) async fn refuse_another(store: &Store, config: &Config, against: &str) -> Result<(), StoreError> {
    let Some(campaign) = store.campaign(&config.campaign).await? else { return Ok(()) };
    store.check_row_count(&campaign).await?;
    match campaign {
        Campaign { name, against: Some(bound), .. } => store.refuse_other(&name, &bound, against),
        Campaign { against: None, .. } => Ok(()),
    }
}

async fn transport(is_simulated: bool, context: &LoadContext<'_>, campaign_id: i64) -> Result<Transport, AppError> {
    let LoadContext { store, config, clock, .. } = context;
    if !is_simulated {
        return Transport::sockets(&config.base_url, config.request_timeout).map_err(AppError::internal);
    }
    let path = upgrade_path(config.operation);
    let simulator = simulated_atlas::of_campaign(store, campaign_id, path, Settings::default(), *clock).await?;
    Ok(simulated_atlas::transport(simulator))
}
