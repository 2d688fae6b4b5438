//! What has to be had before the work: the job table and its lock, the fleet, somebody's yes, and a way in.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::atlas::{Client, Credentials, Transport};
use crate::cli::args;
use crate::cli::check;
use crate::cli::context::Context;
use crate::cli::database::{Database, Source};
use crate::cli::environment;
use crate::cli::exit::Failure;
use crate::cli::holds;
use crate::cli::inputs;
use crate::cli::made_up;
use crate::cli::run::binding::{self, Binding};
use crate::cli::run::confirm::{self, Upcoming};
use crate::cli::run::fleet::Way;
use crate::cli::run::{first_read, fleet, restored, world};
use crate::cli::terminal;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::redaction::Redactor;
use crate::report::{self, Marker};
use crate::simulator::Settings;
use crate::store::{Campaign, Runner, RunnerLock, SIMULATION, Store, StoreError};

/// Clocks of two machines are seldom further apart.
const DRIFT: Duration = Duration::from_mins(2);

/// A run that may begin to work.
pub(super) struct Begun {
    pub(super) config: Config,
    pub(super) store: Store,
    pub(super) client: Client,
    pub(super) clock: Clock,
    pub(super) campaign_id: i64,
    /// This process, new at every start.
    pub(super) runner: Runner,
    /// Where the reports go.
    pub(super) folder: PathBuf,
    /// The simulation, or a host.
    pub(super) against: String,
    /// The right to work on the database.
    pub(super) lock: RunnerLock,
}

impl Begun {
    /// Who is signed in; never a secret.
    pub(super) fn who(&self) -> String {
        if self.against == SIMULATION { "nobody: the simulation lets anyone in".to_owned() } else { self.client.who() }
    }
}

/// Makes everything ready. Nothing is sent, but for signing in and one read.
pub(super) async fn begin(args: &args::Run, context: &Context) -> Result<Begun, Failure> {
    let (file, plan) = binding::read(args).await?;
    let config = check::load(&file).await?;
    let binding = match plan {
        Some(plan) => Some(Binding::of(plan, &file, &config).await?),
        None => None,
    };
    let database = context.database(Some(&file))?;
    if !context.quiet {
        context.say(&format!("{}: the database is {}", config.campaign, words(&database)));
    }
    if !args.simulate {
        check::warn(&config, context); // all of it is about Atlas
    }
    let credentials = credentials(args, &config)?;
    let store = context.open(&database).await?;
    let runner = environment::runner(context.clock.now());
    let lock = RunnerLock::acquire(&store, &runner.id, &runner.host, context.clock.now())?;
    let origin = store.origin().await?;
    if !args.simulate {
        restored::tell(&origin, &store.name(), context);
    }
    // Under the lock, so that nothing newer is written behind it.
    let clock = match store.newest().await? {
        Some(newest) => {
            behind(newest.since(context.clock.now()), context);
            context.clock.not_before(newest)
        }
        None => context.clock,
    };
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(&config.campaign));
    let mut inputs = inputs::of(&database.url, Some(&config))?;
    if let Some(plan) = &args.plan {
        inputs.add(plan, "the plan");
    }
    inputs::refuse_folder(&inputs, &folder)?;
    if let Some(replaced) = inputs::refuse_other_database(&store, &folder).await? {
        context.warn(&replaced);
    }
    report::prepare(&folder).map_err(Failure::bad_input)?;
    let against = if args.simulate { SIMULATION } else { &config.base_url }.to_owned();
    refuse_another(&store, &config, &against).await?;
    let way = Way { store: &store, config: &config, runner: &runner, clock };
    let fleet = binding.as_ref().map(|binding| binding.fleet.as_slice());
    let campaign_id = fleet::load(&way, fleet, context).await?;
    let client = client(context.redactor.clone(), args, &config, credentials, &store, campaign_id, clock).await?;
    let upcoming = Upcoming { config: &config, store: &store, campaign_id, client: &client, clock };
    // An approved plan has told its facts, and nobody is asked of a simulation.
    let is_to_be_told = binding.is_none() && !args.simulate;
    if is_to_be_told && !config.loopback && !args.yes {
        confirm::ask(&upcoming, context).await?;
    }
    if !args.simulate {
        first_read::make(&client, &config, &store, campaign_id).await?;
    }
    if is_to_be_told && args.yes && !context.quiet {
        confirm::tell(&upcoming, context).await?;
    }
    // Only now is anything started: a wrong host or secret has cost nothing.
    store.bind(campaign_id, &against).await?;
    if let Some(file) = environment::absolute(&config.file) {
        store.remember_file(campaign_id, &file).await?;
    }
    if let Some(binding) = &binding {
        binding.apply(&way, campaign_id, context).await?;
    }
    // What a former run asked of a simulation in its own process cannot land any more.
    if !args.simulate {
        // After the plan, which leaves out only what has not begun.
        restored::settle(&way, campaign_id, &origin).await?;
    }
    // Only now: the next run does not know of the origin any more.
    store.identify(&lock, &origin, &runner.host, clock.now()).await?;
    mark(&store, &folder).await?;
    holds::remind(&store, &config.campaign, campaign_id, context).await?;
    Ok(Begun { config, store, client, clock, campaign_id, runner, folder, against, lock })
}

/// Says in the directory of the reports whose they are.
async fn mark(store: &Store, folder: &Path) -> Result<(), Failure> {
    let Some(database) = store.id().await? else { return Ok(()) };
    let marker = Marker { database, path: store.path().to_owned() };
    marker.write(folder).map_err(|error| Failure::bad_input(format!("{}: {error}", folder.display())))
}

/// The database, and how it comes to be this one where that is not plain.
fn words(database: &Database) -> String {
    let how = match database.source {
        Source::Option | Source::Found => "",
        Source::Environment => ", as DATABASE_URL says",
        Source::ToBeMade => ", which is new",
    };
    format!("{}{how}", database.url)
}

/// Says that this machine's clock is behind what the database has seen, if that is no mere drift.
fn behind(span: Duration, context: &Context) {
    if span >= DRIFT {
        let span = terminal::span(span);
        context.warn(&format!(
            "this machine's clock is {span} behind the newest entry of the database: times go on from there"
        ));
    }
}

fn credentials(args: &args::Run, config: &Config) -> Result<Option<Credentials>, Failure> {
    if args.simulate {
        return Ok(None);
    }
    if !config.loopback {
        config::check_proxy(&config.base_url, &environment::variable)?;
    }
    let found = config::credentials(&environment::variable)?;
    if found.is_none() { Err(no_credentials(config, " (or try it with --simulate)")) } else { Ok(found) }
}

/// What to set, so that somebody is let in.
pub(in crate::cli) fn no_credentials(config: &Config, or: &str) -> Failure {
    Failure::bad_input(format!(
        "no credentials for {}: set MONGODB_ATLAS_ACCESS_TOKEN, or MONGODB_ATLAS_CLIENT_ID and \
         MONGODB_ATLAS_CLIENT_SECRET, or MONGODB_ATLAS_PUBLIC_API_KEY and MONGODB_ATLAS_PRIVATE_API_KEY{or}",
        config.base_url
    ))
}

/// Before anything is loaded or looked at: a campaign goes on against what it was begun against.
pub(in crate::cli) async fn refuse_another(store: &Store, config: &Config, against: &str) -> Result<(), StoreError> {
    let Some(campaign) = store.campaign(&config.campaign).await? else { return Ok(()) };
    store.check_row_count(&campaign).await?;
    match campaign {
        Campaign { name, against: Some(bound), .. } => store.refuse_other(&name, &bound, against),
        Campaign { against: None, .. } => Ok(()),
    }
}

async fn client(
    redactor: Redactor,
    args: &args::Run,
    config: &Config,
    credentials: Option<Credentials>,
    store: &Store,
    campaign_id: i64,
    clock: Clock,
) -> Result<Client, Failure> {
    let transport = if args.simulate {
        let way = made_up::upgrade_path(config.operation);
        world::transport(world::simulator(store, campaign_id, way, Settings::default(), clock).await?)
    } else {
        Transport::sockets(&config.base_url, config.request_timeout).map_err(Failure::internal)?
    };
    Ok(Client::sharing(redactor, transport, credentials, clock, config.request_timeout))
}
