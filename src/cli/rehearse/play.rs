//! The play itself: a job table, a simulated Atlas, the engine, and a clock that need not wait.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::atlas::Client;
use crate::cli::exit::Failure;
use crate::cli::failures::{self, Kind};
use crate::cli::made_up;
use crate::cli::rehearse::log::{Log, Moment};
use crate::cli::run::fleet::push_all;
use crate::cli::run::reports::{self, Reports};
use crate::cli::run::world;
use crate::clock::{Clock, Millis};
use crate::config::Config;
use crate::domain::code::Fault;
use crate::domain::job::State;
use crate::domain::summary::Counts;
use crate::engine::{Control, Ending, Engine, Progress};
use crate::simulator::{RequestCounts, Settings};
use crate::store::{NewJob, Open, Runner, SIMULATION, Store};

/// When every rehearsal begins, 2026-01-01T00:00:00Z: what is drawn by lot depends on the time, and the same seed shall
/// give the same figures each time.
const START: Millis = Millis(1_767_225_600_000);

/// A campaign that takes longer does not end.
const LONGEST: Duration = Duration::from_hours(24 * 90);

/// What is played.
pub(in crate::cli) struct Play {
    config: Config,
    settings: Settings,
    fleet: Vec<NewJob>,
    folder: Option<PathBuf>,
    /// How far it is.
    pub(super) progress: Progress,
}

/// How it went.
pub(in crate::cli) struct Played {
    pub(super) counts: Counts,
    /// None if it did not end.
    pub(super) ending: Option<Ending>,
    end: Millis,
    pub(in crate::cli) served: RequestCounts,
    pub(super) moments: Vec<Moment>,
    /// What went wrong: how often, and an example.
    pub(super) failed: Vec<(usize, Fault)>,
    pub(super) reports: Vec<PathBuf>,
}

impl Played {
    /// How long it took, in its own time.
    pub(in crate::cli) fn took(&self) -> Duration {
        self.end.since(START)
    }

    /// The most upgrades under way at once.
    pub(in crate::cli) fn peak(&self) -> i64 {
        self.moments.iter().map(|moment| moment.in_flight).max().unwrap_or_default()
    }

    /// Whether jobs are left.
    pub(in crate::cli) fn unended(&self) -> bool {
        self.ending != Some(Ending::Finished)
    }
}

impl Play {
    /// The campaign of `config` with this fleet. Sample reports go to `folder`, if anywhere.
    pub(in crate::cli) fn new(
        config: &Config,
        settings: Settings,
        fleet: Vec<NewJob>,
        folder: Option<PathBuf>,
    ) -> Self {
        Self { config: config.clone(), settings, fleet, folder, progress: Progress::default() }
    }

    /// Plays it to its end. Blocks the thread, for as long as the computing takes.
    pub(super) fn play(self, database: &Path) -> Result<Played, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .map_err(Failure::internal)?;
        // All that is logged on this thread, on which all of it is played, is marked by it.
        let _marked = tracing::error_span!("rehearsal").entered();
        runtime.block_on(self.act(database))
    }

    async fn act(self, database: &Path) -> Result<Played, Failure> {
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
            world::simulator(&store, campaign_id, made_up::upgrade_path(config.operation), settings, clock).await?;
        let transport = world::transport(simulator.clone());
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
        let log = Log::default();
        let keeping = tokio::spawn(log.clone().keep(progress.watch(), simulator.clone(), clock, START));
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
        let kinds = failures::kinds(&store, campaign_id, &[State::Failed, State::Cancelled], 0).await?;
        Ok(Played {
            counts: store.counts(campaign_id).await?,
            ending,
            end: clock.now(),
            served: simulator.request_counts(),
            moments: log.moments(),
            failed: kinds.into_iter().map(|Kind { count, example, .. }| (count, example)).collect(),
            reports,
        })
    }
}
