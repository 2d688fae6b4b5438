//! The clusters, and what each of them is at a given moment.
//!
//! No task runs for a cluster. An upgrade is a row that says when it was accepted; what it has come to since is
//! worked out from the clock when somebody looks.

use std::collections::BTreeMap;
use std::time::Duration;

use super::cluster::{Cluster, Stage};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::dice::Dice;
use super::faults::Faults;
use super::ledger::Account;
use super::settings::Settings;
use super::versions::Resource;
use super::wish::Wanted;
use crate::clock::Millis;

/// All projects.
pub(super) struct World {
    pub(super) dice: Dice,
    /// By project, and by name in lower case: as Atlas does, a name is found in any case.
    projects: BTreeMap<String, BTreeMap<String, Entry>>,
}

/// One name in a project.
pub(super) struct Entry {
    pub(super) cluster: Cluster,
    /// What stands under the name before any upgrade.
    home: Stage,
    /// What the accepted upgrade asked for.
    pub(super) wanted: Option<Box<Wanted>>,
    pub(super) requests: u32,
    pub(super) effects: u32,
    pub(super) after_effect: u32,
    pub(super) after_rollback: u32,
    /// Whether an upgrade of the cluster that bears this name has ever been accepted.
    landed: bool,
    rolls_back: bool,
    /// The size that compute auto-scaling has made of it.
    pub(super) scaled: Option<String>,
    duration: Duration,
    looks: u64,
    replaced: u64,
    /// The JSON that a read was answered with, and what it was of.
    drawn: Option<(Drawn, Box<RawValue>)>,
}

/// What the JSON of a cluster depends on.
pub(super) type Drawn = (Resource, Shown, Shape);

/// In which shape a resource is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) version: &'static str,
    /// The sizes that were asked for, and the effective ones apart.
    pub(super) tells_sizes_apart: bool,
}

/// What there is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Nothing,
    Shared { idle: bool, paused: bool },
    Dedicated { idle: bool, strings: bool },
    Serverless { idle: bool },
    Flex { idle: bool },
}

impl Shown {
    /// A cluster that has been at this stage for long.
    fn of(stage: Stage) -> Self {
        match stage {
            Stage::Paused => Self::Shared { idle: true, paused: true },
            Stage::Missing => Self::Nothing,
            Stage::Dedicated => Self::Dedicated { idle: true, strings: true },
            Stage::Serverless => Self::Serverless { idle: true },
            Stage::Flex => Self::Flex { idle: true },
            Stage::Shared | Stage::Upgrading { .. } => Self::Shared { idle: true, paused: false },
        }
    }

    /// The same at work, or idle.
    fn at_work(self, idle: bool) -> Self {
        match self {
            Self::Nothing => self,
            Self::Shared { paused, .. } => Self::Shared { idle, paused },
            Self::Dedicated { strings, .. } => Self::Dedicated { idle, strings },
            Self::Serverless { .. } => Self::Serverless { idle },
            Self::Flex { .. } => Self::Flex { idle },
        }
    }
}

impl World {
    /// The world with these clusters; of two under one name, the later one.
    pub(super) fn new(clusters: Vec<Cluster>, settings: &Settings) -> Self {
        let dice = Dice::new(settings.seed);
        let mut projects = BTreeMap::<String, BTreeMap<String, Entry>>::new();
        for cluster in clusters {
            let words = ["duration", &cluster.project, &cluster.name];
            let duration = settings.durations.draw(dice, &words);
            let entry = Entry::new(cluster, duration, dice, &settings.faults);
            let names = projects.entry(entry.cluster.project.clone()).or_default();
            names.insert(entry.cluster.name.to_ascii_lowercase(), entry);
        }
        Self { dice, projects }
    }

    /// Every project, with how many names it has.
    pub(super) fn projects(&self) -> impl Iterator<Item = (&String, usize)> {
        self.projects.iter().map(|(project, names)| (project, names.len()))
    }

    /// The entries of a project, if there is such a project.
    pub(super) fn project(&mut self, project: &str) -> Option<&mut BTreeMap<String, Entry>> {
        self.projects.get_mut(project)
    }

    /// The entry under a name, in any case.
    pub(super) fn entry(&mut self, project: &str, name: &str) -> Option<&mut Entry> {
        self.projects.get_mut(project)?.get_mut(&name.to_ascii_lowercase())
    }

    /// Puts another cluster under the name, of the kind that was there at first.
    pub(super) fn replace(&mut self, project: &str, name: &str) {
        let dice = self.dice;
        if let Some(entry) = self.entry(project, name) {
            entry.replaced += 1;
            entry.cluster.id = dice.id(&["another", project, name], entry.replaced);
            entry.cluster.stage = entry.home;
            entry.landed = false;
            entry.rolls_back = false;
            entry.wanted = None;
            entry.drawn = None;
        }
    }

    /// Compute auto-scaling makes another size of a dedicated cluster.
    pub(super) fn scale(&mut self, project: &str, name: &str, size: &str) {
        if let Some(entry) = self.entry(project, name) {
            entry.scaled = Some(size.to_owned());
            entry.drawn = None;
        }
    }

    /// The books of all clusters that somebody wanted to upgrade.
    pub(super) fn accounts(&self) -> BTreeMap<(String, String), Account> {
        let entries = self.projects.values().flat_map(BTreeMap::values).filter(|entry| entry.requests > 0);
        entries.map(|entry| (entry.key(), entry.account(self.dice))).collect()
    }
}

impl Entry {
    fn new(cluster: Cluster, duration: Duration, dice: Dice, faults: &Faults) -> Self {
        let landed = matches!(cluster.stage, Stage::Upgrading { .. });
        let home = match cluster.stage {
            Stage::Upgrading { way, .. } => way.source(),
            Stage::Flex => Stage::Flex,
            _ => Stage::Shared,
        };
        let mut entry = Self {
            cluster,
            home,
            wanted: None,
            requests: 0,
            effects: 0,
            after_effect: 0,
            after_rollback: 0,
            landed,
            rolls_back: false,
            scaled: None,
            duration,
            looks: 0,
            replaced: 0,
            drawn: None,
        };
        entry.rolls_back = landed && entry.would_roll_back(dice, faults);
        entry
    }

    /// What there is to be seen now.
    pub(super) fn shown(&self, now: Millis) -> Shown {
        let Stage::Upgrading { since, way } = self.cluster.stage else { return Shown::of(self.cluster.stage) };
        let age = now.since(since);
        let idle = age >= self.duration;
        let (old, new) = (Shown::of(way.source()), Shown::of(way.target()));
        if self.rolls_back {
            return old.at_work(idle);
        }
        // A dedicated cluster has the name soon, any other when three fifths of the time have passed.
        let dedicated = way.target() == Stage::Dedicated;
        let has_the_name_from = if dedicated { self.duration / 12 } else { self.duration * 3 / 5 };
        if age < has_the_name_from {
            return old.at_work(false);
        }
        // A dedicated one long has no strings; they come back a little before the end.
        if dedicated { Shown::Dedicated { idle, strings: age >= self.duration * 15 / 16 } } else { new.at_work(idle) }
    }

    /// What a read shows now: mostly what there is, and soon after an upgrade sometimes what there was.
    pub(super) fn look(&mut self, now: Millis, dice: Dice, faults: &Faults) -> Shown {
        let shown = self.shown(now);
        let Stage::Upgrading { since, way } = self.cluster.stage else { return shown };
        let old = Shown::of(way.source());
        if shown == old.at_work(false) && now.since(since) < faults.stale_for {
            self.looks += 1;
            let words = ["stale", &self.cluster.project, &self.cluster.name];
            return old.at_work(dice.happens(faults.stale, &words, self.looks));
        }
        shown
    }

    /// The JSON for this, made by `draw` unless it was made before.
    pub(super) fn json(&mut self, drawn: Drawn, draw: impl FnOnce(&Self) -> Value) -> Option<Box<RawValue>> {
        match &self.drawn {
            Some((of, json)) if *of == drawn => Some(json.clone()),
            _ => {
                let json = RawValue::from_string(draw(self).to_string()).ok()?;
                self.drawn = Some((drawn, json.clone()));
                Some(json)
            }
        }
    }

    /// Notes an upgrade request.
    pub(super) fn asked(&mut self, now: Millis) {
        self.requests += 1;
        self.after_effect += u32::from(self.landed);
        let is_over = self.shown(now) == Shown::of(self.home);
        self.after_rollback += u32::from(self.landed && is_over);
    }

    /// The upgrade takes effect.
    pub(super) fn begin(&mut self, wanted: Wanted, now: Millis, dice: Dice, faults: &Faults) {
        self.rolls_back = self.would_roll_back(dice, faults);
        self.cluster.stage = Stage::Upgrading { since: now, way: wanted.way };
        self.wanted = Some(Box::new(wanted));
        self.effects += 1;
        self.landed = true;
        self.drawn = None;
    }

    /// The tags of what an upgrade has made.
    pub(super) fn tags(&self) -> Value {
        let pair = |(key, value): &(String, String)| json!({"key": key, "value": value});
        self.wanted
            .as_deref()
            .map_or_else(|| self.cluster.tags.iter().map(pair).collect(), |wanted| wanted.tags.clone())
    }

    /// Whether what an upgrade has made is backed up, if anybody said so.
    pub(super) fn backup(&self) -> Option<bool> {
        self.wanted.as_deref().map(|wanted| wanted.backup).or(self.cluster.backup)
    }

    /// Whether what an upgrade has made is protected from deletion.
    pub(super) fn termination_protection(&self) -> bool {
        self.wanted.as_deref().map_or(self.cluster.termination_protection, |wanted| wanted.termination_protection)
    }

    /// When the cluster that a read shows was made: known for a new one only.
    pub(super) fn since(&self) -> Option<Millis> {
        match self.cluster.stage {
            Stage::Upgrading { since, .. } => Some(since),
            _ => None,
        }
    }

    /// The id of what the cluster has become, or is to become.
    pub(super) fn target_id(&self, dice: Dice) -> String {
        let Cluster { project, name, id, stage, .. } = &self.cluster;
        let is_target = matches!(stage, Stage::Serverless | Stage::Flex | Stage::Dedicated);
        if is_target { id.clone() } else { dice.id(&["target", project, name, id], 0) }
    }

    /// Whether an upgrade has begun that leads to this.
    pub(super) fn becomes(&self, target: Stage) -> bool {
        matches!(self.cluster.stage, Stage::Upgrading { way, .. } if way.target() == target)
    }

    fn would_roll_back(&self, dice: Dice, faults: &Faults) -> bool {
        let words = ["roll_back", &self.cluster.project, &self.cluster.name];
        dice.happens(faults.roll_back, &words, u64::from(self.effects))
    }

    fn key(&self) -> (String, String) {
        (self.cluster.project.clone(), self.cluster.name.clone())
    }

    fn account(&self, dice: Dice) -> Account {
        Account {
            requests: self.requests,
            effects: self.effects,
            after_effect: self.after_effect,
            after_rollback: self.after_rollback,
            source_id: self.cluster.id.clone(),
            over: self.since().map(|since| since.after(self.duration)),
            target_id: (self.landed && !self.rolls_back).then(|| self.target_id(dice)),
        }
    }
}
