//! `drydock run`: load the fleet, work until every job has ended, write the reports.

mod confirm;
mod first_read;
mod fleet;
mod progress;
mod reports;
mod signals;
mod summary;
mod trouble;
mod world;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::atlas::{Client, Credentials, Transport};
use crate::cli::args::{self, ProgressStyle};
use crate::cli::check;
use crate::cli::context::Context;
use crate::cli::environment;
use crate::cli::exit::{ExitCode, Failure};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::engine::{Control, Ending, Engine, Limits, Progress};
use crate::report;
use crate::store::{Open, RunnerLock, Store, StoreError};

use summary::Summary;

/// What a campaign that was first run against the simulation is bound to.
const SIMULATION: &str = "simulation";

/// Runs a campaign.
pub(super) async fn run(args: args::Run, context: &Context) -> Result<ExitCode, Failure> {
    let config = check::load(&args.campaign)?;
    if !args.simulate {
        check::warn(&config, context); // all of it is about Atlas
    }
    let credentials = credentials(&args, &config)?;
    let store = Store::open(&context.database_url, Open::CreateIfMissing).await?;
    let clock = match store.newest().await? {
        Some(newest) => context.clock.not_before(newest),
        None => context.clock,
    };
    let host = environment::host();
    let runner = format!("{host}:{}:{}", std::process::id(), clock.now().0);
    let _lock = RunnerLock::acquire(&store, &runner, &host, clock.now())?;
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(&config.campaign));
    report::prepare(&folder).map_err(Failure::bad_input)?;
    let against = if args.simulate { SIMULATION } else { &config.base_url };
    refuse_another(&store, &config, against).await?;
    let loaded = fleet::load(&store, &config, &runner, clock, context).await?;
    if !args.simulate && !config.loopback && !args.yes {
        confirm::ask(&config, &store, loaded.campaign_id, context).await?;
    }
    let client = client(&args, &config, credentials, &store, loaded.campaign_id, clock).await?;
    if !args.simulate {
        first_read::make(&client, &config, &store, loaded.campaign_id).await?;
    }
    // Only now is anything started: a wrong host or secret has cost nothing.
    store.bind(loaded.campaign_id, against).await?;
    store.hold(loaded.campaign_id, None).await?;
    let engine = engine(&config, &store, &client, clock, loaded.campaign_id, &runner);
    let started = clock.now();
    let ended = work(engine, &args, context, clock).await;
    client.sign_out().await;
    if let Ok(Some(Ending::Held(fault))) = &ended {
        store.hold(loaded.campaign_id, Some((fault, clock.now()))).await?;
    }
    let (reports, unwritten) = reports::write(&store, &config, &folder).await;
    // What stopped the work matters more than what it did to the reports.
    let ending = ended?;
    let summary = Summary {
        counts: store.counts(loaded.campaign_id).await?,
        campaign: &config.campaign,
        database: store.name(),
        against,
        who: if args.simulate { "nobody: the simulation lets anyone in".to_owned() } else { client.who() },
        reports,
        ending,
        span: clock.now().since(started),
    };
    let code = summary.tell(&store, loaded.campaign_id).await.map(|code| match unwritten {
        Some(failure) => reports::without(failure, &config, code, context),
        None => code,
    });
    // The last connection takes the write-ahead log into the database file: whoever copies that has everything.
    store.close().await;
    code
}

fn credentials(args: &args::Run, config: &Config) -> Result<Option<Credentials>, Failure> {
    if args.simulate {
        return Ok(None);
    }
    let found = config::credentials(&environment::variable)?;
    if found.is_none() {
        return Err(Failure::bad_input(format!(
            "no credentials for {}: set MONGODB_ATLAS_ACCESS_TOKEN, or MONGODB_ATLAS_CLIENT_ID and \
             MONGODB_ATLAS_CLIENT_SECRET, or MONGODB_ATLAS_PUBLIC_API_KEY and MONGODB_ATLAS_PRIVATE_API_KEY \
             (or try it with --simulate)",
            config.base_url
        )));
    }
    Ok(found)
}

/// Before anything is loaded: a campaign goes on against what it was begun against.
async fn refuse_another(store: &Store, config: &Config, against: &str) -> Result<(), StoreError> {
    match store.campaign(&config.campaign).await? {
        Some(campaign) if campaign.against.is_some() => store.bind(campaign.id, against).await,
        _ => Ok(()),
    }
}

async fn client(
    args: &args::Run,
    config: &Config,
    credentials: Option<Credentials>,
    store: &Store,
    campaign_id: i64,
    clock: Clock,
) -> Result<Client, Failure> {
    let transport = if args.simulate {
        world::transport(store, campaign_id, clock).await?
    } else {
        Transport::sockets(&config.base_url, config.request_timeout).map_err(Failure::internal)?
    };
    Ok(Client::new(transport, credentials, clock, config.request_timeout))
}

fn engine(config: &Config, store: &Store, client: &Client, clock: Clock, campaign_id: i64, runner: &str) -> Engine {
    Engine {
        store: store.clone(),
        client: client.clone(),
        clock,
        campaign_id,
        campaign: Arc::from(config.campaign.as_str()),
        operation: config.operation,
        policy: config.policy.clone(),
        limits: Limits {
            requests_per_minute: config.pace.requests_per_minute,
            in_flight: config.pace.max_in_flight,
            in_flight_per_project: config.pace.max_in_flight_per_project,
            workers: config.pace.workers,
        },
        runner: Arc::from(runner),
        seed: clock.now().0.unsigned_abs() ^ u64::from(std::process::id()).rotate_left(32),
    }
}

/// Works, shows progress and listens to signals. No ending means that there was nothing to do. Whatever stops it
/// here strikes in the middle of the work, so that no failure may claim that nothing was started.
async fn work(engine: Engine, args: &args::Run, context: &Context, clock: Clock) -> Result<Option<Ending>, Failure> {
    if Engine::is_done(&engine.store.counts(engine.campaign_id).await?) {
        return Ok(None);
    }
    let (control, listening) = watch::channel(Control::Run);
    let progress = Progress::default();
    let style = if context.quiet { ProgressStyle::None } else { args.progress };
    let shown = progress::show(style, &progress, clock, context);
    let store = engine.store.clone();
    let ending = tokio::select! {
        ending = engine.run(listening, progress.clone()) => ending,
        () = signals::listen(&control, context) => Ok(Ending::Interrupted),
    };
    shown.finish().await;
    match ending {
        Ok(ending) => Ok(Some(ending)),
        Err(error) => Err(trouble::failure(error, &store).await),
    }
}
