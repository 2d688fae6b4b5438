//! A whole campaign whose upgrades take next to no time, so that nothing but Drydock itself takes any.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use drydock::atlas::{Client, Transport};
use drydock::clock::Clock;
use drydock::domain::job::Wanted;
use drydock::domain::policy::Policy;
use drydock::engine::{Control, Ending, Engine, Limits, Progress};
use drydock::simulator::{Bucket, Durations, Settings, Simulator};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::watch;

use crate::Extent;
use crate::figures::{Figures, rate};
use crate::fleet::{self, PROJECT};
use crate::home::{CAMPAIGN, Home, OPERATION, folder, operation, runner};
use crate::process::{Atlas, drydock, wait};

pub(crate) const WORKERS: usize = 256;
/// Where a request costs no connection, a worker is little more than its wait for the intent to be on the disk.
const WORKERS_WITHIN: usize = 1024;
/// Upgrades take from nothing to this.
const LONGEST: Duration = Duration::from_millis(100);
const ROOM: Bucket = Bucket { capacity: 1_000_000, refill: 1_000_000, per: Duration::from_secs(1) };

pub(crate) fn measure(extent: Extent, figures: &mut Figures) {
    let clusters = extent.of(10_000);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let runs = |run: &dyn Fn() -> f64| (0..extent.runs).map(|_| run()).collect::<Vec<_>>();
    let within = runs(&|| runtime.block_on(in_process(clusters)));
    figures.add(format!("a campaign of {clusters} in process"), "clusters/s", within);
}

/// The fewer clusters a project has, the more requests a cluster takes, and the less of it all is Drydock's own.
pub(crate) fn measure_sockets(extent: Extent, figures: &mut Figures) {
    let clusters = extent.of(10_000);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for in_project in [PROJECT, 5, 1] {
        // In turns, so that a machine that is slow for a while is slow for both.
        let pairs: Vec<_> = (0..extent.runs).map(|_| over_sockets(clusters, in_project, &runtime)).collect();
        let mut each = |what: &str, unit, of: fn(&Pair) -> f64| {
            figures.add(format!("{what}, {in_project} in a project"), unit, pairs.iter().map(of).collect());
        };
        each(&format!("a campaign of {clusters} over sockets"), "clusters/s", |pair| pair.campaign);
        each("the same requests in a bare loop", "clusters/s", |pair| pair.bare);
        each("campaign to bare loop", "ratio", |pair| pair.campaign / pair.bare);
        each("requests for each cluster", "requests", |pair| pair.requests);
    }
}

pub(crate) fn engine(home: &Home, transport: Transport, clock: Clock) -> Engine {
    Engine {
        store: home.store.clone(),
        client: Client::new(transport, None, clock, Duration::from_secs(30)),
        clock,
        campaign_id: home.campaign_id,
        campaign: CAMPAIGN.into(),
        operation: operation(),
        policy: Policy {
            first_look: LONGEST,
            min_look: LONGEST / 2,
            max_look: Duration::from_secs(1),
            settle: Duration::from_secs(1),
            loopback: true,
            ..Policy::default()
        },
        limits: Limits {
            requests_per_minute: 10_000_000,
            in_flight: 10_000,
            in_flight_per_project: PROJECT,
            workers: WORKERS_WITHIN,
        },
        runner: Arc::new(runner()),
        seed: 1,
    }
}

/// Calls the simulator without a socket.
pub(crate) fn within(simulator: &Simulator) -> Transport {
    let simulator = simulator.clone();
    Transport::in_process(Arc::new(move |request| {
        let simulator = simulator.clone();
        async move { simulator.answer(request).await.ok() }.boxed()
    }))
}

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
async fn in_process(clusters: usize) -> f64 {
    let clock = Clock::start();
    let mut home = Home::new(PROJECT).await;
    home.load(clusters, clock.now()).await;
    let durations = Durations::Between(Duration::ZERO, LONGEST);
    let settings = Settings { durations, limit: Some(ROOM), ..Settings::default() };
    let simulator = Simulator::new(fleet::clusters(clusters, PROJECT), settings, clock);
    let (_control, listening) = watch::channel(Control::Run);
    let start = Instant::now();
    let ending = engine(&home, within(&simulator), clock).run(listening, Progress::default()).await.unwrap();
    let span = start.elapsed();
    assert_eq!(ending, Ending::Finished);
    assert!(simulator.ledger().entries.values().all(|account| account.effects == 1));
    rate(clusters, span)
}

struct Pair {
    campaign: f64,
    bare: f64,
    requests: f64,
}

/// Looks for upgrades that take next to no time; without them there are the defaults.
pub(crate) const QUICK_LOOKS: &str = "[look]\nfirst = \"100ms\"\nmin = \"50ms\"\nmax = \"1s\"\nsettle = \"1s\"\n";

/// What somebody writes to run the fleet against an Atlas.
pub(crate) fn write_campaign(folder: &Path, url: &str, looks: &str, workers: usize) {
    let text = format!(
        "campaign = \"{CAMPAIGN}\"\noperation = \"{OPERATION}\"\n[fleet]\ncsv = \"fleet.csv\"\n[pace]\n\
        requests_per_minute = 10000000\nmax_in_flight = 10000\nmax_in_flight_per_project = {PROJECT}\n\
        workers = {workers}\n{looks}[atlas]\nbase_url = \"{url}\"\n"
    );
    std::fs::write(folder.join("bench.toml"), text).unwrap();
}

/// The real binary from its start to its end against a simulated Atlas: clusters/s, and how many requests that took.
pub(crate) fn quick(folder: &Path, (clusters, in_project): (usize, usize), more: &[&str]) -> (f64, usize) {
    fleet::write(&folder.join("fleet.csv"), clusters, in_project);
    let atlas = quick_atlas(folder);
    write_campaign(folder, &atlas.url, QUICK_LOOKS, WORKERS);
    let run = ["run", "bench.toml", "--yes", "--progress", "none"];
    let ended = wait(drydock(folder, &[&run, more].concat()));
    (rate(clusters, ended.span), atlas.stop())
}

fn quick_atlas(folder: &Path) -> Atlas {
    Atlas::serve(folder, &["--shortest", "1ms", "--longest", "100ms", "--limit", "1000000/1000000"])
}

/// The real binary against a simulated Atlas, and then the same requests by themselves.
fn over_sockets(clusters: usize, in_project: usize, runtime: &tokio::runtime::Runtime) -> Pair {
    let dir = folder();
    let (campaign, requests) = quick(dir.path(), (clusters, in_project), &[]);
    let atlas = quick_atlas(dir.path());
    let bare = runtime.block_on(bare(&atlas.url, (clusters, in_project), requests));
    Pair { campaign, bare: rate(clusters, bare), requests: requests as f64 / clusters as f64 }
}

/// One upgrade request a cluster, and reads of lists until there are as many requests as the campaign made.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
async fn bare(url: &str, (clusters, in_project): (usize, usize), requests: usize) -> Duration {
    let transport = Transport::sockets(url, Duration::from_secs(30)).unwrap();
    let client = Client::new(transport, None, Clock::start(), Duration::from_secs(30));
    let operation = operation();
    let start = Instant::now();
    let upgrade = |index| {
        let (project, name) = fleet::name(index, in_project);
        let wanted = Wanted { provider: "AWS".into(), region: "US_EAST_1".into(), ..Wanted::default() };
        let job = drydock::domain::job::Job::new(2, &project, &name, wanted, drydock::clock::Millis(0));
        let client = client.clone();
        async move { drop(client.upgrade(&operation.request(&job), Arc::new(|| Ok(()))).await) }
    };
    futures_util::stream::iter(0..clusters).map(upgrade).buffer_unordered(WORKERS).collect::<Vec<()>>().await;
    let list = |index: usize| {
        let (project, _) = fleet::name(index * in_project % clusters, in_project);
        let api = if index.is_multiple_of(2) { operation.source } else { operation.target };
        let client = client.clone();
        async move { drop(client.read_list(api, &project, 1).await) }
    };
    let lists = requests.saturating_sub(clusters);
    futures_util::stream::iter(0..lists).map(list).buffer_unordered(WORKERS).collect::<Vec<()>>().await;
    start.elapsed()
}
