//! Rehearses a campaign: a fleet through the real engine, against a simulated Atlas in virtual time.
//!
//! It has a database of its own, which is gone afterwards, and a runtime of its own, whose clock jumps to the next thing
//! that happens.

pub mod timeline;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::app::failures::{self, FailureGroup};
use crate::app::load::push_all;
use crate::app::run::reports::{self, Reports};
use crate::app::simulated_atlas::{self, upgrade_path};
use crate::app::{AppError, Notices};
use crate::atlas::Client;
use crate::clock::{Clock, Millis};
use crate::config::{Config, MEDIAN};
use crate::domain::code::Fault;
use crate::domain::job::State;
use crate::domain::summary::Counts;
use crate::engine::{Control, Ending, Engine, Progress};
use crate::plural;
use crate::simulator::{Durations, RequestCounts, Settings};
use crate::store::{NewJob, Open, Runner, SIMULATION, Store};

/// When every rehearsal begins, 2026-01-01T00:00:00Z: what is drawn by lot depends on the time, and the same seed shall
/// give the same figures each time.
const START: Millis = Millis(1_767_225_600_000);

/// A campaign that takes longer does not end.
const LONGEST: Duration = Duration::from_hours(24 * 90);

/// What is rehearsed.
pub struct Rehearsal {
    config: Config,
    settings: Settings,
    fleet: Vec<NewJob>,
    folder: Option<PathBuf>,
    progress: Progress,
}

/// How a rehearsal went.
pub struct Rehearsed {
    /// How many jobs are in each state.
    pub counts: Counts,
    /// None if it did not end.
    pub ending: Option<Ending>,
    end: Millis,
    /// What the simulated Atlas has answered.
    pub served: RequestCounts,
    /// How far it was, and when.
    pub moments: Vec<timeline::Moment>,
    /// What went wrong: how often, and an example.
    pub failed: Vec<(usize, Fault)>,
    /// Where the sample reports are.
    pub reports: Vec<PathBuf>,
}

/// How often it is told how far a rehearsal is.
const TELLING: Duration = Duration::from_secs(5);

/// The job table of so many clusters has room in memory, also in a container's.
const SMALL: usize = 2000;

/// A directory for the job table, which goes with it: in memory where the system has such a place, since nobody needs
/// its commits on a disk.
fn home(clusters: usize) -> std::io::Result<tempfile::TempDir> {
    if clusters > SMALL {
        return tempfile::tempdir();
    }
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())
}

/// Rehearses on a thread of its own, and tells now and then how far it is. Dropped before its end it leaves nothing
/// behind.
pub async fn rehearse(rehearsal: Rehearsal, notices: &Notices) -> Result<Rehearsed, AppError> {
    let home = home(rehearsal.fleet.len())?;
    let (database, snapshots) = (home.path().join("rehearsal.db"), rehearsal.progress.watch());
    let mut playing = tokio::task::spawn_blocking(move || rehearsal.play(&database));
    loop {
        if let Ok(played) = tokio::time::timeout(TELLING, &mut playing).await {
            return played.map_err(AppError::internal)?;
        }
        let counts = snapshots.borrow().counts;
        let (ended, total) = (counts.ended(), counts.total());
        let how_far = if total == 0 { "loading".to_owned() } else { plural::ended(ended, total) };
        notices.progress(format!("playing the campaign against a simulated Atlas: {how_far}"));
    }
}

/// How long upgrades are expected to take where nobody looks them up.
pub fn expected_durations(config: &Config) -> Durations {
    config.rehearsal.durations.clone().unwrap_or(Durations::Around { median: MEDIAN, spread: 1.0 })
}

impl Rehearsed {
    /// How long it took, in its own time.
    pub fn took(&self) -> Duration {
        self.end.since(START)
    }

    /// The most upgrades under way at once.
    pub fn peak(&self) -> i64 {
        self.moments.iter().map(|moment| moment.in_flight).max().unwrap_or_default()
    }

    /// Whether jobs are left.
    pub fn unended(&self) -> bool {
        self.ending != Some(Ending::Finished)
    }
}

impl Rehearsal {
    /// The campaign of `config` with this fleet. Sample reports go to `folder`, if anywhere.
    pub fn new(config: &Config, settings: Settings, fleet: Vec<NewJob>, folder: Option<PathBuf>) -> Self {
        Self { config: config.clone(), settings, fleet, folder, progress: Progress::default() }
    }

    /// Blocks the thread for as long as the computing takes.
    fn play(self, database: &Path) -> Result<Rehearsed, AppError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .map_err(AppError::internal)?;
        // All that is logged on this thread, on which all of it is played, is marked by it.
        let _marked = tracing::error_span!("rehearsal").entered();
        runtime.block_on(self.act(database))
    }

    async fn act(self, database: &Path) -> Result<Rehearsed, AppError> {
        let Self { config, settings, fleet, folder, progress } = self;
        let clock = Clock::starting_at(START);
        let store =
            Store::open_in_virtual_time(&format!("sqlite:{}", database.display()), Open::CreateIfMissing).await?;
        let runner = Runner {
            id: "rehearsal".to_owned(),
            host: "simulation".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_by: "rehearsal".to_owned(),
        };
        let mut loader = store.begin_load(&runner, &config.campaign, config.operation.name, START).await?;
        push_all(&mut loader, &fleet).await?;
        let campaign_id = loader.finish().await?.campaign_id;
        drop(fleet);
        store.bind(campaign_id, SIMULATION).await?;
        let seed = settings.seed;
        let simulator =
            simulated_atlas::of_campaign(&store, campaign_id, upgrade_path(config.operation), settings, clock).await?;
        let transport = simulated_atlas::transport(simulator.clone());
        let engine = Engine {
            store: store.clone(),
            client: Client::new(transport, None, clock, config.request_timeout),
            clock,
            campaign_id,
            campaign: Arc::from(config.campaign.as_str()),
            operation: config.operation,
            policy: config.policy.clone(),
            limits: config.pace,
            runner: Arc::new(runner),
            seed,
        };
        let (_control, listening) = watch::channel(Control::Run);
        let recorder = timeline::TimelineRecorder::default();
        let keeping = tokio::spawn(recorder.clone().keep(progress.watch(), simulator.clone(), clock, START));
        let ending = match tokio::time::timeout(LONGEST, engine.run(listening, progress)).await {
            Ok(ending) => Some(ending?),
            Err(_) => None,
        };
        keeping.abort();
        let mut reports = Vec::new();
        if let Some(folder) = &folder {
            let Reports { paths, unwritten, digest } = reports::write(&store, &config, Some(folder)).await;
            digest?;
            if let Some(failure) = unwritten {
                return Err(failure);
            }
            reports = paths;
        }
        let kinds = failures::by_code(&store, campaign_id, &[State::Failed, State::Cancelled], 0).await?;
        Ok(Rehearsed {
            counts: store.counts(campaign_id).await?,
            ending,
            end: clock.now(),
            served: simulator.request_counts(),
            moments: recorder.moments(),
            failed: kinds.into_iter().map(|FailureGroup { count, example, .. }| (count, example)).collect(),
            reports,
        })
    }
}
