//! The clusters, and what each of them is at a given moment.
//!
//! No task runs for a cluster. An upgrade is a row that says when it was accepted; what it has come to since is
//! worked out from the clock when somebody looks.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::cluster::{Cluster, Stage};
use super::dice::Dice;
use super::faults::Faults;
use super::ledger::Account;
use super::settings::Settings;
use crate::clock::Millis;

/// All projects.
pub(super) struct World {
    pub(super) dice: Dice,
    projects: BTreeMap<String, BTreeMap<String, Entry>>,
}

/// One name in a project.
pub(super) struct Entry {
    pub(super) cluster: Cluster,
    /// What the accepted upgrade asked for.
    pub(super) wanted: Option<Box<Wanted>>,
    pub(super) requests: u32,
    pub(super) effects: u32,
    pub(super) after_effect: u32,
    pub(super) after_rollback: u32,
    /// Whether an upgrade of the cluster that bears this name has ever been accepted.
    landed: bool,
    rolls_back: bool,
    duration: Duration,
    looks: u64,
    replaced: u64,
}

/// What an upgrade request asks for, beyond the name.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) provider: String,
    pub(super) region: String,
    pub(super) tags: Value,
    pub(super) continuous_backup: bool,
    pub(super) termination_protection: bool,
}

/// What there is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Nothing,
    Shared { idle: bool, paused: bool },
    Dedicated,
    Serverless { idle: bool },
    Flex,
}

impl World {
    /// The world with these clusters; of two under one name, the later one.
    pub(super) fn new(clusters: Vec<Cluster>, settings: &Settings) -> Self {
        let dice = Dice::new(settings.seed);
        let mut projects = BTreeMap::<String, BTreeMap<String, Entry>>::new();
        for cluster in clusters {
            let words = ["duration", &cluster.project, &cluster.name];
            let duration = dice.between(settings.shortest, settings.longest, &words);
            let entry = Entry::new(cluster, duration, dice, &settings.faults);
            let names = projects.entry(entry.cluster.project.clone()).or_default();
            names.insert(entry.cluster.name.clone(), entry);
        }
        Self { dice, projects }
    }

    /// The entries of a project, if there is such a project.
    pub(super) fn project(&mut self, project: &str) -> Option<&mut BTreeMap<String, Entry>> {
        self.projects.get_mut(project)
    }

    /// The entry under a name.
    pub(super) fn entry(&mut self, project: &str, name: &str) -> Option<&mut Entry> {
        self.projects.get_mut(project)?.get_mut(name)
    }

    /// Puts another shared cluster under the name.
    pub(super) fn replace(&mut self, project: &str, name: &str) {
        let dice = self.dice;
        if let Some(entry) = self.entry(project, name) {
            entry.replaced += 1;
            entry.cluster.id = dice.id(&["another", project, name], entry.replaced);
            entry.cluster.stage = Stage::Shared;
            entry.landed = false;
            entry.rolls_back = false;
            entry.wanted = None;
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
        let mut entry = Self {
            cluster,
            wanted: None,
            requests: 0,
            effects: 0,
            after_effect: 0,
            after_rollback: 0,
            landed,
            rolls_back: false,
            duration,
            looks: 0,
            replaced: 0,
        };
        entry.rolls_back = landed && entry.would_roll_back(dice, faults);
        entry
    }

    /// What there is to be seen now.
    pub(super) fn shown(&self, now: Millis) -> Shown {
        match self.cluster.stage {
            Stage::Shared => Shown::Shared { idle: true, paused: false },
            Stage::Paused => Shown::Shared { idle: true, paused: true },
            Stage::Missing => Shown::Nothing,
            Stage::Dedicated => Shown::Dedicated,
            Stage::Serverless => Shown::Serverless { idle: true },
            Stage::Flex => Shown::Flex,
            Stage::Upgrading { since } => {
                let age = now.since(since);
                // The name changes hands when three fifths of the time have passed.
                if self.rolls_back {
                    Shown::Shared { idle: age >= self.duration, paused: false }
                } else if age < self.duration * 3 / 5 {
                    Shown::Shared { idle: false, paused: false }
                } else {
                    Shown::Serverless { idle: age >= self.duration }
                }
            }
        }
    }

    /// What a read shows now: mostly what there is, and soon after an upgrade sometimes what there was.
    pub(super) fn look(&mut self, now: Millis, dice: Dice, faults: &Faults) -> Shown {
        let shown = self.shown(now);
        let Stage::Upgrading { since } = self.cluster.stage else { return shown };
        if (shown == Shown::Shared { idle: false, paused: false }) && now.since(since) < faults.stale_for {
            self.looks += 1;
            let words = ["stale", &self.cluster.project, &self.cluster.name];
            return Shown::Shared { idle: dice.happens(faults.stale, &words, self.looks), paused: false };
        }
        shown
    }

    /// Notes an upgrade request.
    pub(super) fn asked(&mut self, now: Millis) {
        self.requests += 1;
        self.after_effect += u32::from(self.landed);
        let is_over = self.shown(now) == Shown::Shared { idle: true, paused: false };
        self.after_rollback += u32::from(self.landed && is_over);
    }

    /// The upgrade takes effect.
    pub(super) fn begin(&mut self, wanted: Wanted, now: Millis, dice: Dice, faults: &Faults) {
        self.rolls_back = self.would_roll_back(dice, faults);
        self.cluster.stage = Stage::Upgrading { since: now };
        self.wanted = Some(Box::new(wanted));
        self.effects += 1;
        self.landed = true;
    }

    /// When the cluster that a read shows was made: known for a new one only.
    pub(super) fn since(&self) -> Option<Millis> {
        match self.cluster.stage {
            Stage::Upgrading { since } => Some(since),
            _ => None,
        }
    }

    /// The id of the serverless instance under this name.
    pub(super) fn target_id(&self, dice: Dice) -> String {
        let Cluster { project, name, id, .. } = &self.cluster;
        if self.cluster.stage == Stage::Serverless { id.clone() } else { dice.id(&["target", project, name, id], 0) }
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
            target_id: (self.landed && !self.rolls_back).then(|| self.target_id(dice)),
        }
    }
}
