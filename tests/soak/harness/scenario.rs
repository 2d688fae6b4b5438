//! One seed becomes one scenario: a fleet, an Atlas with its faults, a campaign, and what happens when.

use std::collections::VecDeque;
use std::time::Duration;

use drydock::clock::Millis;
use drydock::domain::experience::Experience;
use drydock::domain::job::Job;
use drydock::domain::policy::Policy;
use drydock::engine::Limits;
use drydock::simulator::{Bucket, Cluster, Durations, Faults, Refusals, Settings, SignIn, Stage, UpgradePath};

use super::dice::Dice;

/// When every campaign begins.
pub(crate) const START: Millis = Millis(1_800_000_000_000);

/// All that one seed decides.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    /// What the campaign does.
    pub(crate) operation: &'static str,
    pub(crate) clusters: Vec<Cluster>,
    pub(crate) settings: Settings,
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    pub(crate) request_timeout: Duration,
    pub(crate) wire: Delays,
    /// How often the wall clock of a run is wrong, by up to six hours either way.
    pub(crate) wrong_clock: f64,
    /// What happens, by the time since the start.
    pub(crate) timeline: VecDeque<(Duration, Act)>,
    /// Whether at the end the weather is calm, everything is sent back once more, and then has to succeed.
    pub(crate) last_word: bool,
}

/// How long requests and answers are under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delays {
    /// The usual most, each way.
    pub(crate) usual: Duration,
    /// How often an upgrade request takes far longer, and how long at most: it may arrive long after its sender has
    /// given it up, or is dead.
    pub(crate) late: f64,
    pub(crate) latest: Duration,
    /// How long the system may go on delivering an upgrade request, before it leaves.
    pub(crate) lingers: Duration,
}

/// What happens at some moment.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// The process dies, and is started again after this time.
    Crash(Duration),
    /// A signal asks the run to drain.
    Drain,
    /// The machine sleeps.
    Asleep(Duration),
    /// From now on these faults.
    Weather(Box<Faults>),
    /// The disk is full: rows cannot be written, or only the history cannot.
    FillDisk(&'static str),
    FreeDisk,
    /// Somebody else has the database, until `Unlock`.
    Lock,
    Unlock,
    /// Another cluster takes the name.
    Replace(usize),
    /// From now on a project answers with this code, or every one; or none does any more.
    Bar(Option<(String, &'static str)>),
    /// An operator lets everything go that is held.
    Release,
    /// An operator sends everything back that failed or was cancelled.
    Retry,
    /// An operator cancels one.
    Cancel(usize),
    /// These rows leave the fleet, from the next load on.
    Leave(Vec<usize>),
    /// All rows are in the fleet again, from the next load on.
    Rejoin,
    /// The process dies, and another campaign works for so long on the rows that have left.
    Elsewhere(Duration),
    /// Someone edits the table: for the tests of the checks.
    #[allow(dead_code, reason = "only the tests of the checks tamper")]
    Tamper(&'static str),
    /// A product that is wrong writes this of the cluster with this name, and seals it as it seals the truth.
    #[allow(dead_code, reason = "only the tests of the checks lie")]
    Lie(&'static str, fn(&mut Job)),
}

impl Scenario {
    /// What the operation is in the simulator.
    pub(crate) fn upgrade_path(&self) -> UpgradePath {
        OPERATIONS.iter().find(|(name, _)| *name == self.operation).unwrap().1
    }

    /// What this seed decides.
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed, "scenario", 0);
        let policy = policy(&mut dice);
        let (operation, path) = dice.pick(&OPERATIONS);
        let clusters = clusters(seed, path, &mut dice);
        let base = faults(&mut dice, &policy);
        // Assumption A: what lands at all shows in every look that is started twice `settle` after it left.
        let latest = (policy.settle * 2).saturating_sub(base.stale_for + Duration::from_secs(1));
        let wire = Delays {
            usual: Duration::from_millis(dice.pick(&[0, 300, 3000])),
            late: dice.pick(&[0.0, 0.0, 0.05, 0.3]),
            latest,
            lingers: Duration::ZERO,
        };
        let settings = settings(seed, &mut dice, &base);
        let limits = limits(&mut dice, &clusters);
        let request_timeout = dice.seconds(10, 30);
        Self {
            seed,
            operation,
            limits,
            request_timeout,
            wire: Delays { lingers: request_timeout, ..wire },
            wrong_clock: dice.pick(&[0.0, 0.3]),
            timeline: with_leavers(
                seed,
                clusters.len(),
                with_bars(seed, &clusters, timeline(&mut dice, &base, clusters.len())),
            ),
            last_word: dice.happens(0.5),
            clusters,
            settings,
            policy: Policy { request_timeout, ..policy },
        }
    }
}

impl Scenario {
    /// How a row spells its cluster's name: in one fleet of three half of them are in capitals, which Atlas ignores.
    pub(crate) fn spelled(&self, row: i64, name: &str) -> String {
        let often = Dice::of(self.seed, "cases", 0).pick(&[0.0, 0.0, 0.5]);
        let capitals = Dice::of(self.seed, "case", row.unsigned_abs()).happens(often);
        if capitals { name.to_ascii_uppercase() } else { name.to_owned() }
    }

    /// The wave of a row: one fleet in three has some.
    pub(crate) fn wave(&self, row: i64) -> Option<u32> {
        let waves = Dice::of(self.seed, "waves", 0).pick(&[0, 0, 3]);
        let wave = Dice::of(self.seed, "wave", row.unsigned_abs()).number(0, waves);
        u32::try_from(wave).ok().filter(|wave| *wave > 0)
    }
}

fn policy(dice: &mut Dice) -> Policy {
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    Policy {
        max_attempts: dice.pick(&[8, 8, 3, 1]),
        initial_delay: dice.seconds(1, 5),
        max_delay: dice.seconds(60, 300),
        give_up_after: hours(dice.pick(&[24, 24, 24, 2])),
        first_look: dice.seconds(5, 60),
        min_look: dice.seconds(10, 60),
        max_look: dice.seconds(60, 600),
        settle: dice.seconds(30, 90),
        request_timeout: Duration::ZERO, // rolled later
        look_give_up_after: hours(dice.pick(&[12, 12, 12, 1])),
        allow_region_change: false,
        loopback: false,
        experience: Experience::default(),
    }
}

/// The operations, and what each is in the simulator; the reference operation as often as all others together.
const OPERATIONS: [(&str, UpgradePath); 6] = [
    ("shared-to-serverless", UpgradePath::SHARED_TO_SERVERLESS),
    ("shared-to-serverless", UpgradePath::SHARED_TO_SERVERLESS),
    ("shared-to-serverless", UpgradePath::SHARED_TO_SERVERLESS),
    ("m0-to-flex", UpgradePath::SHARED_TO_FLEX),
    ("m0-to-dedicated", UpgradePath::SHARED_TO_DEDICATED),
    ("flex-to-dedicated", UpgradePath::FLEX_TO_DEDICATED),
];

fn clusters(seed: u64, path: UpgradePath, dice: &mut Dice) -> Vec<Cluster> {
    let projects = dice.number(1, 8);
    // Small fleets mostly: a seed is worth more than a cluster.
    let count = (3 + (dice.share().powi(4) * 38.0) as u64).max(projects);
    let odd = dice.pick(&[0.0, 0.1, 0.3]);
    let odd_stages = [
        Stage::Paused,
        Stage::Missing,
        Stage::Dedicated,
        Stage::Upgrading { since: START, path },
        Stage::Serverless,
        Stage::Flex,
        Stage::Shared,
    ];
    let mut clusters = Vec::new();
    for index in 0..count {
        let project = format!("{:024x}", index % projects + 1);
        let stage = if dice.happens(odd) { dice.pick(&odd_stages) } else { path.source_stage() };
        let cluster = Cluster::shared(&project, &format!("c{index}"), "AWS", "US_EAST_1", seed);
        clusters.push(cluster.at(stage));
    }
    clusters
}

/// What is wrong all the time: little enough that a campaign comes to an end.
fn faults(dice: &mut Dice, policy: &Policy) -> Faults {
    let mut faults = Faults::default();
    let bad = dice.pick(&[0.0, 0.4, 0.7]);
    for name in Faults::NAMES {
        let p = if dice.happens(bad) { dice.share() * 0.12 } else { 0.0 };
        assert!(faults.set(name, p), "{name}");
    }
    if dice.happens(0.3) {
        faults.stale = dice.share();
        faults.stale_for = policy.settle.mul_f64(dice.share() * 1.9);
    }
    if dice.happens(0.7) {
        (faults.roll_back, faults.refuse) = (0.0, 0.0);
    }
    faults
}

/// The same, with one to three faults at their worst.
fn storm(dice: &mut Dice, base: &Faults) -> Faults {
    let mut faults = base.clone();
    for _ in 0..dice.number(1, 3) {
        let p = 0.3 + dice.share() * 0.7;
        assert!(faults.set(dice.pick(Faults::NAMES), p));
    }
    faults
}

fn maintenance(base: &Faults, dice: &mut Dice) -> Faults {
    Faults { maintenance: 1.0, unavailable: dice.share(), ..base.clone() }
}

fn settings(seed: u64, dice: &mut Dice, base: &Faults) -> Settings {
    let shortest = dice.seconds(30, 600);
    let sign_in = match dice.index(3) {
        0 => SignIn::Anyone,
        1 => SignIn::ServiceAccount { id: "mdb_sa_id_soak".to_owned(), secret: "s3cret".to_owned() },
        _ => SignIn::Digest { public: "soak".to_owned(), private: "s3cret".to_owned() },
    };
    let small = Bucket { capacity: dice.number(10, 60), refill: 10, per: Duration::from_secs(30) };
    Settings {
        refusals: Refusals::default(),
        organisations: seed % 3 + 1,
        seed,
        durations: Durations::Between(
            shortest,
            shortest + Duration::from_secs(dice.pick(&[300, 300, 300, 600, 600, 1200, 1200, 10_800])),
        ),
        faults: base.clone(),
        sign_in,
        limit: dice.happens(0.2).then_some(small),
        bucket_sharing: drydock::simulator::BucketSharing::default(),
        token_life: dice.seconds(300, 3600),
    }
}

/// So that the fleet is through after four rounds at most: a campaign of days teaches no more than one of hours.
fn limits(dice: &mut Dice, clusters: &[Cluster]) -> Limits {
    let in_first = clusters.iter().filter(|one| one.project == clusters[0].project).count();
    Limits {
        requests_per_minute: u32::try_from(dice.number(10, 200)).unwrap_or(100),
        in_flight: clusters.len().div_ceil(4) + dice.index(20),
        in_flight_per_project: in_first.div_ceil(4) + dice.index(3),
        workers: dice.index(16) + 1,
    }
}

/// The timeline with projects that are barred for a while, and operators who say when it is over, or sooner, or never.
/// These have dice of their own, so that all else of a seed is what it was before there were refusals.
fn with_bars(seed: u64, clusters: &[Cluster], timeline: VecDeque<(Duration, Act)>) -> VecDeque<(Duration, Act)> {
    let mut dice = Dice::of(seed, "bars", 0);
    let mut acts = Vec::from(timeline);
    for _ in 0..dice.pick(&[0, 0, 0, 1, 2]) {
        let from = Duration::from_secs(4 * 3600).mul_f64(dice.share().powi(3));
        let codes: Vec<&'static str> = Refusals::codes().collect();
        let project = clusters[dice.index(clusters.len())].project.clone();
        let project = if dice.happens(0.3) { "*".to_owned() } else { project };
        acts.push((from, Act::Bar(Some((project, dice.pick(&codes))))));
        let over = from + dice.seconds(1, 7200);
        acts.push((over, Act::Bar(None)));
        acts.push((from + dice.seconds(1, 7200), Act::Release));
        if dice.happens(0.8) {
            acts.push((over + dice.seconds(1, 3600), Act::Release));
        }
    }
    acts.sort_by_key(|(at, _)| *at);
    acts.into()
}

/// The timeline with rows that leave and return, while another campaign mostly works on their clusters. A process that
/// dies loads the fleet anew.
fn with_leavers(seed: u64, rows: usize, timeline: VecDeque<(Duration, Act)>) -> VecDeque<(Duration, Act)> {
    let mut dice = Dice::of(seed, "leavers", 0);
    let mut acts = Vec::from(timeline);
    let second = Duration::from_secs(1);
    for _ in 0..dice.pick(&[0, 0, 1, 2]) {
        let leavers: Vec<usize> = (1..rows).filter(|_| dice.happens(0.4)).collect();
        let mut at = second * 30 + Duration::from_secs(2 * 3600).mul_f64(dice.share().powi(3));
        acts.push((at, Act::Leave(leavers)));
        acts.push((at, Act::Crash(second)));
        for _ in 0..dice.pick(&[0, 1, 1, 2]) {
            at += dice.seconds(1, 600);
            acts.push((at, Act::Elsewhere(dice.seconds(1, 900))));
        }
        at += dice.seconds(1, 1800);
        acts.push((at, Act::Rejoin));
        acts.push((at, Act::Crash(second)));
    }
    acts.sort_by_key(|(at, _)| *at);
    acts.into()
}

fn timeline(dice: &mut Dice, base: &Faults, clusters: usize) -> VecDeque<(Duration, Act)> {
    let mut acts = Vec::new();
    // Most of it happens early, when most requests are sent.
    let moment = |dice: &mut Dice| Duration::from_secs(4 * 3600).mul_f64(dice.share().powi(3));
    for _ in 0..dice.pick(&[0, 1, 3, 10]) {
        let down = dice.pick(&[1, 20, 600, 7200]);
        acts.push((moment(dice), Act::Crash(dice.seconds(1, down + 1))));
    }
    for (chance, span, begin, end) in [
        (0.4, 3600, Act::Weather(Box::new(storm(dice, base))), Act::Weather(Box::new(base.clone()))),
        (0.4, 3600, Act::Weather(Box::new(storm(dice, base))), Act::Weather(Box::new(base.clone()))),
        (0.3, 3600, Act::Weather(Box::new(maintenance(base, dice))), Act::Weather(Box::new(base.clone()))),
        (0.3, 1800, Act::FillDisk(dice.pick(&["UPDATE ON jobs", "INSERT ON events"])), Act::FreeDisk),
        (0.3, dice.pick(&[10, 40, 300]), Act::Lock, Act::Unlock),
    ] {
        if dice.happens(chance) {
            let from = moment(dice);
            acts.push((from, begin));
            acts.push((from + dice.seconds(1, span), end));
        }
    }
    for (chance, act) in [
        (0.3, Act::Asleep(dice.seconds(50 * 3600, 70 * 3600))),
        (0.2, Act::Asleep(dice.seconds(1, 1200))),
        (0.2, Act::Asleep(dice.seconds(1, 60))),
        (0.2, Act::Drain),
        (0.15, Act::Replace(dice.index(clusters))),
        (0.4, Act::Retry),
        (0.2, Act::Retry),
        (0.3, Act::Cancel(dice.index(clusters))),
        (0.3, Act::Cancel(dice.index(clusters))),
    ] {
        if dice.happens(chance) {
            acts.push((moment(dice), act));
        }
    }
    acts.sort_by_key(|(at, _)| *at);
    acts.into()
}
