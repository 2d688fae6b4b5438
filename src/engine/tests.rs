//! The whole engine against the simulated Atlas in this process, in virtual time: hours in moments.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use tempfile::TempDir;

use super::*;
use crate::atlas::Transport;
use crate::clock::Millis;
use crate::domain::event::Event;
use crate::domain::job::{State, Wanted};
use crate::domain::machine::{Decision, decide};
use crate::domain::wave::Wave;
use crate::simulator::{
    Bucket, BucketSharing, Cluster, Durations, Faults, Ledger, Settings, Simulator, Stage, UpgradePath,
};
use crate::store::{Change, Filter, NewJob, Open, Row};

mod apply;
mod ghosts;
mod holds;
mod luck;
mod places;
mod recorded;
mod siblings;
mod turns;
mod waves;

const START: Millis = Millis(1_800_000_000_000);

/// A fleet, its database and its Atlas.
struct Harbour {
    home: TempDir,
    store: Store,
    campaign_id: i64,
    simulator: Simulator,
    clock: Clock,
    policy: Policy,
    limits: Limits,
    operation: &'static Operation,
    runs: u64,
}

fn runner(id: &str) -> Runner {
    let (host, version, started_by) = ("pier".to_owned(), "0.1.0".to_owned(), "mara".to_owned());
    Runner { id: id.to_owned(), host, version, started_by }
}

fn project(index: usize) -> String {
    format!("{index:024x}")
}

impl Harbour {
    async fn new(projects: usize, clusters: usize, settings: Settings, change: impl Fn(Cluster) -> Cluster) -> Self {
        Self::of("shared-to-serverless", projects, clusters, settings, change).await
    }

    async fn of(
        operation: &str,
        projects: usize,
        clusters: usize,
        settings: Settings,
        change: impl Fn(Cluster) -> Cluster,
    ) -> Self {
        Self::in_waves(operation, projects, clusters, settings, change, |_| None).await
    }

    async fn in_waves(
        operation: &str,
        projects: usize,
        clusters: usize,
        settings: Settings,
        change: impl Fn(Cluster) -> Cluster,
        waves: impl Fn(usize) -> Option<u32>,
    ) -> Self {
        let operation = Operation::of_name(operation).unwrap();
        let instance_size = operation.needs_instance_size.then(|| "M20".to_owned());
        let home = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", home.path().join("jobs.db").display());
        let store = Store::open_in_virtual_time(&url, Open::CreateIfMissing).await.unwrap();
        let clock = Clock::starting_at(START);
        let wanted = Wanted { provider: "AWS".into(), region: "US_EAST_1".into(), instance_size, ..Wanted::default() };
        let (mut rows, mut world) = (Vec::new(), Vec::new());
        for index in 0..projects * clusters {
            let (project, name) = (project(index / clusters), format!("c{index}"));
            world.push(change(Cluster::shared(&project, &name, "AWS", "US_EAST_1", settings.seed)));
            let row = i64::try_from(index).unwrap() + 2;
            let wanted = Wanted { wave: waves(index), ..wanted.clone() };
            rows.push(NewJob { row, project_id: project, cluster_name: name, wanted, extra: Vec::new() });
        }
        let mut loader = store.begin_load(&runner("loader"), "q4", operation.name, clock.now()).await.unwrap();
        loader.push(&rows).await.unwrap();
        let campaign_id = loader.finish().await.unwrap().campaign_id;
        let simulator = Simulator::new(world, settings, clock);
        let limits = Limits { requests_per_minute: 1000, in_flight: 100, in_flight_per_project: 5, workers: 16 };
        Self { home, store, campaign_id, simulator, clock, policy: Policy::default(), limits, operation, runs: 0 }
    }

    fn engine(&mut self) -> Engine {
        self.runs += 1;
        let simulator = self.simulator.clone();
        let transport = Transport::in_process(Arc::new(move |request| {
            let simulator = simulator.clone();
            async move { simulator.answer(request).await.ok() }.boxed()
        }));
        Engine {
            store: self.store.clone(),
            client: Client::new(transport, None, self.clock, Duration::from_secs(30)),
            clock: self.clock,
            campaign_id: self.campaign_id,
            campaign: "q4".into(),
            operation: self.operation,
            policy: self.policy.clone(),
            limits: self.limits,
            runner: Arc::new(runner(&format!("runner-{}", self.runs))),
            seed: self.runs,
        }
    }

    /// From now on the machine may sleep, and its Atlas goes on meanwhile.
    fn fall_asleep_by(&mut self, asleep: &'static AtomicU64) {
        self.clock = Clock::with_sleep(self.clock.now(), asleep);
        self.simulator.set_clock(self.clock);
    }

    async fn run(&mut self) -> Ending {
        let (_control, listening) = watch::channel(Control::Run);
        self.engine().run(listening, Progress::default()).await.unwrap()
    }

    /// Runs for a while, then dies with everything that it had under way.
    async fn run_and_die_after(&mut self, span: Duration) {
        let (_control, listening) = watch::channel(Control::Run);
        let run = self.engine().run(listening, Progress::default());
        let _dead = tokio::time::timeout(span, run).await;
    }

    async fn rows(&self) -> Vec<Row> {
        self.store.page(self.campaign_id, &Filter::default(), None, 10_000).await.unwrap()
    }

    async fn counts(&self) -> Counts {
        self.store.counts(self.campaign_id).await.unwrap()
    }

    async fn codes(&self) -> BTreeSet<String> {
        self.rows().await.into_iter().filter_map(|row| Some(row.job.error?.code)).collect()
    }

    /// Both promises: nobody was asked again after an effect, and every row has ended.
    async fn keeps_both_promises(&self) -> Ledger {
        let ledger = self.simulator.ledger();
        for (cluster, account) in &ledger.entries {
            assert_eq!(account.after_effect, 0, "{cluster:?} was asked again: {account:?}");
        }
        assert_eq!(ledger.broken_rules, Vec::<String>::new());
        let counts = self.counts().await;
        assert!(Engine::is_done(&counts), "{counts:?}");
        ledger
    }
}

fn quick() -> Settings {
    Settings { durations: Durations::Between(Duration::from_secs(60), Duration::from_secs(300)), ..Settings::default() }
}

#[tokio::test(start_paused = true)]
async fn a_look_is_written_with_the_intent_and_is_made_again_where_a_crash_came_between() {
    let mut harbour = Harbour::new(1, 5, quick(), |cluster| cluster).await;
    harbour.limits.requests_per_minute = 6; // some are sent by then, and some are not
    harbour.run_and_die_after(Duration::from_secs(12)).await;
    let counts = harbour.counts().await;
    let (pending, sent) = (counts.of(State::Pending), harbour.simulator.ledger().upgrade_requests);
    assert!(pending > 0 && sent > 0 && counts.of(State::Ready) == 0, "{sent} sent, {counts:?}");
    harbour.limits.requests_per_minute = 1000;
    assert_eq!(harbour.run().await, Ending::Finished);
    assert_eq!(harbour.keeps_both_promises().await.upgrade_requests, 5);
    let campaign = harbour.store.campaign("q4").await.unwrap().unwrap();
    harbour.store.verified_digest(&campaign).await.unwrap();
    for row in harbour.rows().await {
        let history = harbour.store.history(&[row.job.id]).await.unwrap();
        let kinds: Vec<_> = history.iter().map(|event| &*event.kind).take(2).collect();
        assert_eq!(kinds, ["looked", "intent"], "{}", row.job.name());
    }
}

#[tokio::test(start_paused = true)]
async fn a_fleet_is_upgraded_each_cluster_by_one_request() {
    let mut harbour = Harbour::new(8, 5, quick(), |cluster| cluster).await;
    assert_eq!(harbour.run().await, Ending::Finished);
    let ledger = harbour.keeps_both_promises().await;
    assert_eq!(ledger.upgrade_requests, 40);
    assert_eq!(harbour.counts().await.of(State::Succeeded), 40);
    for row in harbour.rows().await {
        let (source, target) = (row.job.source.unwrap(), row.job.target.unwrap());
        assert_ne!(source.id, target.id);
        assert!(source.connection_string.is_some() && target.connection_string.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn with_every_fault_at_five_percent_all_succeed_and_none_is_asked_again() {
    for seed in 1..=3 {
        let mut faults = Faults::default();
        for name in Faults::NAMES.iter().filter(|name| !["refuse", "roll_back"].contains(name)) {
            assert!(faults.set(name, 0.05));
        }
        let settings = Settings { seed, faults, ..quick() };
        let mut harbour = Harbour::new(6, 10, settings, |cluster| cluster).await;
        assert_eq!(harbour.run().await, Ending::Finished, "seed {seed}");
        harbour.keeps_both_promises().await;
        assert_eq!(harbour.counts().await.of(State::Succeeded), 60, "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_runner_that_dies_over_and_over_loses_none_and_repeats_none() {
    for seed in 1..=3_u64 {
        let mut faults = Faults::default();
        assert!(faults.set("error_after", 0.1) && faults.set("drop_after", 0.1) && faults.set("silent", 0.05));
        let mut harbour = Harbour::new(6, 10, Settings { seed, faults, ..quick() }, |cluster| cluster).await;
        for death in 0..25 {
            harbour.run_and_die_after(Duration::from_millis(seed * 379 + death * 1511)).await;
        }
        assert_eq!(harbour.run().await, Ending::Finished, "seed {seed}");
        harbour.keeps_both_promises().await;
        assert_eq!(harbour.counts().await.of(State::Succeeded), 60, "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_upgraded_ends_with_its_reason() {
    let mut harbour = Harbour::new(1, 7, quick(), |cluster| match &*cluster.name {
        "c0" => cluster.at(Stage::Missing),
        "c1" => cluster.at(Stage::Paused),
        "c2" => cluster.at(Stage::Serverless),
        "c3" => cluster.at(Stage::Dedicated),
        "c4" => cluster.at(Stage::Upgrading { since: START, path: UpgradePath::SHARED_TO_SERVERLESS }),
        "c5" => cluster.at(Stage::Flex),
        _ => cluster,
    })
    .await;
    assert_eq!(harbour.run().await, Ending::Finished);
    harbour.keeps_both_promises().await;
    let codes: Vec<_> = harbour.rows().await.into_iter().map(|row| row.job.error.map(|fault| fault.code)).collect();
    let codes: Vec<_> = codes.iter().map(Option::as_deref).collect();
    let wanted = [
        Some("CLUSTER_NOT_FOUND"),
        Some("CLUSTER_PAUSED"),
        Some("ALREADY_AT_TARGET"),
        Some("WRONG_TIER"),
        None,
        Some("WRONG_TIER"),
        None,
    ];
    assert_eq!(codes, wanted);
    assert_eq!(harbour.simulator.ledger().upgrade_requests, 1, "only the one that could be");
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_rolls_back_fails_and_a_retry_tries_it_again() {
    let mut faults = Faults::default();
    assert!(faults.set("roll_back", 1.0));
    let mut harbour = Harbour::new(1, 2, Settings { faults, ..quick() }, |cluster| cluster).await;
    assert_eq!(harbour.run().await, Ending::Finished);
    assert_eq!(harbour.codes().await, BTreeSet::from(["DID_NOT_TAKE".to_owned()]));
    harbour.simulator.set_faults(Faults::default());
    let retry = Event::Retry { reason: None, elsewhere: false };
    tell_all(&harbour.store, harbour.campaign_id, harbour.clock, retry).await;
    assert_eq!(harbour.run().await, Ending::Finished);
    assert_eq!(harbour.counts().await.of(State::Succeeded), 2);
}

#[tokio::test(start_paused = true)]
async fn a_small_bucket_is_hardly_ever_overrun() {
    let limit = Some(Bucket { capacity: 10, refill: 10, per: Duration::from_secs(60) });
    let mut harbour = Harbour::new(2, 5, Settings { limit, ..quick() }, |cluster| cluster).await;
    harbour.limits.requests_per_minute = 10;
    assert_eq!(harbour.run().await, Ending::Finished);
    let ledger = harbour.keeps_both_promises().await;
    assert_eq!(ledger.throttled, 0);
}

/// What a run with a bucket of 10, refilled at 120 a minute, comes to: requests, 429s, and its time.
async fn through_a_small_bucket(operation: &str, per_minute: u32, sharing: BucketSharing) -> (u64, u64, Duration) {
    let limit = Some(Bucket { capacity: 10, refill: 120, per: Duration::from_mins(1) });
    let minutes = Duration::from_mins(2);
    let durations = Durations::Between(minutes, minutes);
    let settings = Settings { durations, limit, bucket_sharing: sharing, ..quick() };
    let mut harbour = Harbour::of(operation, 10, 25, settings, |cluster| cluster).await;
    harbour.limits =
        Limits { requests_per_minute: per_minute, in_flight: 1000, in_flight_per_project: 25, workers: 64 };
    assert_eq!(harbour.run().await, Ending::Finished);
    let ledger = harbour.keeps_both_promises().await;
    assert_eq!(harbour.counts().await.of(State::Succeeded), 250);
    (ledger.requests, ledger.throttled, harbour.clock.now().since(START))
}

/// Where all endpoints of a project draw from one bucket of ten, refilled at 120 a minute: what is listed is known from
/// the start; what is not is noticed by the headers. The time is compared with that of an Atlas where upgrade requests
/// have a large bucket of their own.
#[tokio::test(start_paused = true)]
async fn a_bucket_that_all_endpoints_share_is_used_up_and_not_overrun() {
    let (_, throttled, best) = through_a_small_bucket("m0-to-flex", 1000, BucketSharing::BySet).await;
    assert_eq!(throttled, 0);
    for sharing in [BucketSharing::ByProject, BucketSharing::ByProjectUnlisted] {
        let (requests, throttled, took) = through_a_small_bucket("m0-to-flex", 1000, sharing).await;
        let times = took.as_secs_f64() / best.as_secs_f64();
        assert_eq!(throttled, 0, "{sharing:?}: of {requests} requests");
        assert!(times <= 1.15, "{sharing:?}: {times:.3} times the best, {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_small_bucket_is_used_up_and_not_overrun() {
    // At best a project's 25 requests and the look before them take the ten tokens at once and then two a second, the
    // last upgrade takes its time, and one look notices it.
    let best = Duration::from_secs_f64(f64::from(25 + 1 - 10) / 2.0) + Duration::from_mins(2);
    for (operation, per_minute) in [("shared-to-serverless", 1000), ("m0-to-dedicated", 1000), ("m0-to-dedicated", 100)]
    {
        for sharing in [BucketSharing::BySet, BucketSharing::BySetUnlisted] {
            let (requests, throttled, took) = through_a_small_bucket(operation, per_minute, sharing).await;
            let times = took.as_secs_f64() / best.as_secs_f64();
            assert_eq!(throttled, 0, "{operation} at {per_minute}, {sharing:?}: of {requests} requests");
            assert!(times <= 1.25, "{operation} at {per_minute}, {sharing:?}: {times:.3} times the best, {took:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_hour_of_maintenance_fails_nobody() {
    let mut faults = Faults::default();
    assert!(faults.set("maintenance", 1.0) && faults.set("unavailable", 0.5));
    let mut harbour = Harbour::new(2, 5, Settings { faults, ..quick() }, |cluster| cluster).await;
    let simulator = harbour.simulator.clone();
    let clock = harbour.clock;
    tokio::spawn(async move {
        clock.sleep_until(START.after(Duration::from_secs(3600))).await;
        simulator.set_faults(Faults::default());
    });
    assert_eq!(harbour.run().await, Ending::Finished);
    let ledger = harbour.keeps_both_promises().await;
    assert_eq!(harbour.counts().await.of(State::Succeeded), 10, "{:?}", harbour.codes().await);
    assert!(ledger.requests < 1500, "nobody backed off: {} requests", ledger.requests);
}

#[tokio::test(start_paused = true)]
async fn a_drain_sends_nothing_more_and_the_next_run_goes_on() {
    let mut harbour = Harbour::new(4, 10, quick(), |cluster| cluster).await;
    let (control, listening) = watch::channel(Control::Run);
    let run = harbour.engine().run(listening, Progress::default());
    let drain = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        control.send(Control::Drain).unwrap();
    };
    let (ending, ()) = tokio::join!(run, drain);
    assert_eq!(ending.unwrap(), Ending::Interrupted);
    let counts = harbour.counts().await;
    assert_eq!((counts.of(State::Submitting), counts.of(State::Upgrading)), (0, 20), "five in each project");
    assert_eq!(harbour.run().await, Ending::Finished);
    assert_eq!(harbour.keeps_both_promises().await.upgrade_requests, 40);
}

#[tokio::test(start_paused = true)]
async fn after_a_weekend_asleep_a_ready_job_is_looked_at_again_before_it_is_sent() {
    static ASLEEP: AtomicU64 = AtomicU64::new(0);
    let mut faults = Faults::default();
    assert!(faults.set("maintenance", 1.0));
    let mut harbour = Harbour::new(1, 1, Settings { faults, ..quick() }, |cluster| cluster).await;
    harbour.fall_asleep_by(&ASLEEP);
    let simulator = harbour.simulator.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await; // it is ready again, and waits before it is sent once more
        simulator.set_faults(Faults::default());
        ASLEEP.fetch_add(60 * 3600 * 1000, Ordering::Relaxed);
    });
    assert_eq!(harbour.run().await, Ending::Finished);
    let job = harbour.rows().await.remove(0).job;
    let history = harbour.store.history(&[job.id]).await.unwrap();
    let kinds: Vec<&str> = history.iter().map(|entry| &*entry.kind).collect();
    let wanted = ["looked", "intent", "not_now", "grew_old", "looked", "intent", "accepted"];
    assert_eq!(kinds[..7], wanted, "{history:#?}");
    assert_eq!(job.state, State::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn after_a_weekend_asleep_upgrades_in_flight_go_on() {
    static ASLEEP: AtomicU64 = AtomicU64::new(0);
    let slow = Duration::from_secs(60 * 3600 + 300);
    let mut harbour =
        Harbour::new(2, 2, Settings { durations: Durations::Between(slow, slow), ..quick() }, |cluster| cluster).await;
    harbour.fall_asleep_by(&ASLEEP);
    // Its time passes in that sleep; the first looks afterwards, which still see it under way, do not end it.
    harbour.policy.max_look = Duration::from_secs(400);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        ASLEEP.fetch_add(60 * 3600 * 1000, Ordering::Relaxed);
    });
    assert_eq!(harbour.run().await, Ending::Finished);
    harbour.keeps_both_promises().await;
    assert_eq!(harbour.counts().await.of(State::Succeeded), 4, "{:?}", harbour.codes().await);
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_on_its_way_before_a_sleep_is_verified_from_its_end() {
    static ASLEEP: AtomicU64 = AtomicU64::new(0);
    let mut faults = Faults::default();
    assert!(faults.set("conflict", 1.0));
    let mut harbour = Harbour::new(1, 1, Settings { faults, ..quick() }, |cluster| cluster).await;
    harbour.fall_asleep_by(&ASLEEP);
    let (simulator, clock) = (harbour.simulator.clone(), harbour.clock);
    let woke = tokio::spawn(async move {
        // Its answer said nothing, and it is to be looked for; by the clock its time passes in the sleep.
        tokio::time::sleep(Duration::from_secs(5)).await;
        simulator.set_faults(Faults::default());
        ASLEEP.fetch_add(600 * 1000, Ordering::Relaxed);
        clock.now()
    });
    assert_eq!(harbour.run().await, Ending::Finished);
    let woke = woke.await.unwrap();
    let job = harbour.rows().await.remove(0).job;
    let history = harbour.store.history(&[job.id]).await.unwrap();
    let kinds: Vec<&str> = history.iter().map(|entry| &*entry.kind).collect();
    assert_eq!(kinds[..4], ["looked", "intent", "unknown", "taken_over"], "{history:#?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "taken_over").count(), 1, "once a sleep");
    let verified = woke.after(harbour.policy.request_timeout).after(2 * harbour.policy.settle);
    let again = history.iter().filter(|entry| entry.kind == "intent").nth(1).unwrap();
    assert!(again.at >= verified, "{history:#?}");
}

/// An operator's word about every job, in another process: the rule book decides, and again if a row was written
/// meanwhile.
async fn tell_all(store: &Store, campaign_id: i64, clock: Clock, event: Event) {
    for row in store.page(campaign_id, &Filter::default(), None, 100).await.unwrap() {
        let mut job = row.job;
        loop {
            let Decision { job: next, entry, .. } = decide(&job, &event, clock.now(), &Policy::default(), 0);
            let change = Change::new(next, entry, clock.now());
            if store.record(&runner("operator"), &[change]).await.unwrap() == [true] {
                break;
            }
            job = store.reload(&[job.id]).await.unwrap().remove(0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_that_an_operator_cancels_do_not_keep_the_run_from_its_end() {
    // Some wait in the table, some in hand, and one is being looked at: nothing but a cancellation ends them.
    for seconds in [0, 1, 2, 3, 5, 90] {
        let mut faults = Faults::default();
        assert!(faults.set("maintenance", 1.0));
        let mut harbour = Harbour::new(2, 4, Settings { faults, ..quick() }, |cluster| cluster).await;
        harbour.limits.in_flight_per_project = 2;
        let (store, campaign_id, clock) = (harbour.store.clone(), harbour.campaign_id, harbour.clock);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            tell_all(&store, campaign_id, clock, Event::Cancel).await;
        });
        let ending = tokio::time::timeout(Duration::from_secs(3600), harbour.run()).await;
        assert_eq!(ending, Ok(Ending::Finished), "cancelled after {seconds} s");
        assert_eq!(harbour.counts().await.of(State::Cancelled), 8);
    }
}

#[tokio::test(start_paused = true)]
async fn every_operation_is_done_with_one_request_a_cluster_whatever_atlas_does() {
    for (operation, source) in
        [("m0-to-flex", Stage::Shared), ("m0-to-dedicated", Stage::Shared), ("flex-to-dedicated", Stage::Flex)]
    {
        let mut faults = Faults { stale: 0.3, stale_for: Duration::from_secs(60), ..Faults::default() };
        for fault in ["error_before", "error_after", "drop_before", "drop_after", "conflict", "empty_list", "throttle"]
        {
            assert!(faults.set(fault, 0.05));
        }
        let settings = Settings { faults, ..quick() };
        let mut harbour = Harbour::of(operation, 4, 5, settings, |cluster| cluster.at(source)).await;
        assert_eq!(harbour.run().await, Ending::Finished, "{operation}");
        let ledger = harbour.keeps_both_promises().await;
        let codes = harbour.codes().await;
        assert_eq!(harbour.counts().await.of(State::Succeeded), 20, "{operation}: {codes:?}");
        assert!(ledger.entries.values().all(|account| account.effects == 1), "{operation}");
        for row in harbour.rows().await {
            let account = &ledger.entries[&(row.job.project_id.clone(), row.job.cluster_name.clone())];
            let (source, target) = (row.job.source.unwrap(), row.job.target.unwrap());
            assert_eq!((&source.id, Some(&target.id)), (&account.source_id, account.target_id.as_ref()));
            assert!(source.connection_string.is_some() && target.connection_string.is_some());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_operation_does_not_start_from_is_left_alone() {
    for (operation, stage, code) in [
        ("m0-to-flex", Stage::Dedicated, "WRONG_TIER"),
        ("m0-to-flex", Stage::Flex, "ALREADY_AT_TARGET"),
        ("m0-to-dedicated", Stage::Flex, "WRONG_TIER"),
        ("m0-to-dedicated", Stage::Dedicated, "WRONG_TIER"),
        ("flex-to-dedicated", Stage::Shared, "WRONG_TIER"),
        ("flex-to-dedicated", Stage::Missing, "CLUSTER_NOT_FOUND"),
    ] {
        // A dedicated one is an M10, and an M20 is wanted.
        let mut harbour = Harbour::of(operation, 1, 1, quick(), |cluster| cluster.at(stage)).await;
        assert_eq!(harbour.run().await, Ending::Finished);
        assert_eq!(harbour.codes().await.into_iter().collect::<Vec<_>>(), [code], "{operation} of {stage:?}");
        assert_eq!(harbour.simulator.ledger().upgrade_requests, 0);
    }
}
