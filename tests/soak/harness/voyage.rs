//! A whole campaign: one life after the other until it is over, and then the checks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use drydock::clock::Millis;
use drydock::domain::event::Seen;
use drydock::engine::Ending;
use drydock::simulator::Faults;
use drydock::store::StoreError;

use super::checks;
use super::dice::Dice;
use super::life::{End, live, live_elsewhere};
use super::scenario::{Act, START, Scenario};
use super::world::{Name, World};

/// The most lives that a campaign may need; more is no end.
const MOST_LIVES: u64 = 300;

/// Longer than any upgrade takes.
const LONG: Duration = Duration::from_secs(2 * 24 * 3600);

/// A campaign under way.
pub(crate) struct Voyage {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) world: Arc<World>,
    pub(crate) path: PathBuf,
    /// The world's time, between two lives.
    pub(crate) now: Millis,
    pub(crate) timeline: VecDeque<(Duration, Act)>,
    pub(crate) lives: u64,
    /// What stood under each name at the beginning.
    pub(crate) first: BTreeMap<Name, Option<Seen>>,
    /// The rows that are out of the fleet, and for how long the other campaign is to work on them next.
    pub(crate) away: BTreeSet<usize>,
    pub(crate) elsewhere: Option<Duration>,
    /// Names that another cluster has taken meanwhile.
    pub(crate) replaced: BTreeSet<Name>,
    pub(crate) ending: Option<Ending>,
    /// How often what happened.
    pub(crate) tally: BTreeMap<String, u64>,
}

/// What came of one seed.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) tally: BTreeMap<String, u64>,
    /// What must not be, in words that a person can act upon.
    pub(crate) violations: Vec<String>,
}

/// Sails the whole campaign of a scenario, in a directory of its own, and checks it.
pub(crate) fn sail(scenario: Scenario) -> Outcome {
    let home = directory();
    let mut voyage = Voyage::new(scenario, home.path());
    let mut violations = voyage.go_on();
    violations.extend(checks::all(&mut voyage, false));
    if violations.is_empty() && voyage.scenario.last_word {
        voyage.calm_down();
        violations = voyage.go_on();
        violations.extend(checks::all(&mut voyage, true));
    }
    *voyage.tally.entry("requests".to_owned()).or_default() += voyage.world.ledger().requests;
    Outcome { tally: voyage.tally, violations }
}

/// In memory where the system has such a place: a thousand campaigns synchronise a million commits.
fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let home = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    home.unwrap()
}

impl Voyage {
    fn new(scenario: Scenario, home: &Path) -> Self {
        let world = World::new(&scenario);
        let mut voyage = Self {
            world,
            path: home.join("jobs.db"),
            now: START,
            timeline: scenario.timeline.clone(),
            lives: 0,
            first: BTreeMap::new(),
            away: BTreeSet::new(),
            elsewhere: None,
            replaced: BTreeSet::new(),
            ending: None,
            tally: BTreeMap::new(),
            scenario: Arc::new(scenario),
        };
        voyage.first = voyage.sights();
        voyage
    }

    /// One life after the other, until there is nothing left to do and nothing left to happen.
    fn go_on(&mut self) -> Vec<String> {
        let lives = self.lives;
        while self.lives < lives + MOST_LIVES {
            let mut dice = Dice::of(self.scenario.seed, "between", self.lives);
            if let Some(span) = self.elsewhere.take()
                && let Some(wrong) = live_elsewhere(self, span)
            {
                return vec![wrong];
            }
            let begun = self.now;
            let end = live(self);
            self.count(&end);
            *self.tally.entry("minutes at work".to_owned()).or_default() += self.now.since(begun).as_secs() / 60;
            let pause = match end {
                End::Died(down) => down,
                End::Broke(StoreError::DiskFull { .. }) if self.may(|act| matches!(act, Act::FillDisk(_))) => {
                    dice.seconds(30, 600)
                }
                // Operators hold the database too, for the moment of their word.
                End::Broke(StoreError::Locked { .. })
                    if self.may(|act| matches!(act, Act::Lock | Act::Release | Act::Retry | Act::Cancel(_))) =>
                {
                    dice.seconds(30, 600)
                }
                End::Broke(error) => return vec![format!("seed {}: a run ended with {error:?}", self.scenario.seed)],
                End::Stuck => return vec![format!("seed {}: a run goes on for ever", self.scenario.seed)],
                End::Ended(ending) => {
                    let over = ending == Ending::Finished || self.timeline.is_empty() && self.was_held(&ending);
                    self.ending = Some(ending);
                    match self.timeline.front() {
                        None if over => return Vec::new(),
                        Some((at, _)) if over => START.after(*at).since(self.now),
                        _ => dice.seconds(60, 3600),
                    }
                }
            };
            self.now = self.now.after(pause);
        }
        vec![format!("seed {}: there is no end, after {MOST_LIVES} lives", self.scenario.seed)]
    }

    /// Whether anything like this happens in the whole voyage.
    fn may(&self, like: impl Fn(&Act) -> bool) -> bool {
        self.scenario.timeline.iter().any(|(_, act)| like(act))
    }

    /// Whether it was held once more, with nothing else to wait for.
    fn was_held(&self, ending: &Ending) -> bool {
        matches!(ending, Ending::Held(_)) && self.ending.as_ref() == Some(ending)
    }

    fn count(&mut self, end: &End) {
        let what = match end {
            End::Died(_) => "died".to_owned(),
            End::Ended(Ending::Held(_)) => "held".to_owned(),
            End::Ended(ending) => format!("{ending:?}"),
            End::Broke(error) => format!("{error:?}").split([' ', '{']).next().unwrap_or_default().to_owned(),
            End::Stuck => "stuck".to_owned(),
        };
        *self.tally.entry(format!("run ended: {what}")).or_default() += 1;
    }

    /// Notes what has been done.
    pub(crate) fn done(&mut self, act: &Act) {
        let words = format!("{act:?}");
        let word = words.split(['(', ' ']).next().unwrap_or_default();
        *self.tally.entry(format!("act: {word}")).or_default() += 1;
        match act {
            Act::Replace(index) => {
                let cluster = &self.scenario.clusters[*index];
                self.replaced.insert((cluster.project.clone(), cluster.name.clone()));
            }
            Act::Leave(rows) => self.away.extend(rows),
            Act::Rejoin => self.away.clear(),
            Act::Elsewhere(span) => self.elsewhere = Some(*span),
            _ => {}
        }
    }

    /// By how much the wall clock of the next life is wrong, in milliseconds.
    pub(crate) fn wrong_clock(&self) -> i64 {
        let mut dice = Dice::of(self.scenario.seed, "wall", self.lives);
        let most = 13 * 3600 * 1000;
        if dice.happens(self.scenario.wrong_clock) { dice.number(0, 2 * most) as i64 - most as i64 } else { 0 }
    }

    /// What stands under each name now, asked for over the API.
    pub(crate) fn sights(&mut self) -> BTreeMap<Name, Option<Seen>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let names: Vec<Name> =
            self.scenario.clusters.iter().map(|one| (one.project.clone(), one.name.clone())).collect();
        runtime.block_on(async {
            let mut sights = BTreeMap::new();
            for name in names {
                let seen = self.world.sight(&name, &mut self.now).await;
                sights.insert(name, seen);
            }
            sights
        })
    }

    /// From now on nothing goes wrong any more, and everything is sent back once.
    fn calm_down(&mut self) {
        self.world.set_faults(Faults::default());
        let at = self.now.since(START);
        self.timeline.push_back((at, Act::FreeDisk));
        self.timeline.push_back((at, Act::Bar(None)));
        self.timeline.push_back((at, Act::Release));
        self.timeline.push_back((at, Act::Retry));
        self.ending = None;
        // What the other campaign has in flight comes to its end, and what it has not begun leaves it.
        self.away.clear();
        for _ in 0..3 {
            drop(live_elsewhere(self, LONG));
        }
    }

    /// How to see it again, and what was going on.
    pub(crate) fn words(&self, name: Option<&Name>) -> String {
        let seed = self.scenario.seed;
        let log = name.map(|name| self.world.log(name)).unwrap_or_default();
        let wire: String = log.iter().fold(String::new(), |words, line| format!("{words}    {line}\n"));
        format!(
            "  on the wire:\n{wire}  scenario: {:?}\n  replay: DRYDOCK_SEED={seed} cargo test --test soak\n      or: cargo \
             run --release --example soak -- --seed {seed}\n",
            self.scenario
        )
    }
}
