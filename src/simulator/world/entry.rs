//! One name in a project, and how its cluster changes with time.
//!
//! No task runs for a cluster. An upgrade is the time at which it was accepted; how far it has come is computed from
//! the clock when a request reads the cluster.

use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::clock::Millis;
use crate::simulator::faults::Faults;
use crate::simulator::ledger::LedgerEntry;
use crate::simulator::seeded_rng::SeededRng;
use crate::simulator::world::cluster::{Cluster, ClusterKind, Stage, UpgradePath};
use crate::simulator::world::upgrade_request::UpgradeRequest;
use crate::simulator::world::visible::VisibleState;

/// One name in a project.
pub(crate) struct ClusterEntry {
    pub(crate) cluster: Cluster,
    /// The stage before any upgrade.
    original_stage: Stage,
    /// What the accepted upgrade request asked for.
    pub(crate) requested: Option<Box<UpgradeRequest>>,
    requests: u32,
    effects: u32,
    after_effect: u32,
    after_rollback: u32,
    /// Whether an upgrade of the cluster that has this name now was ever accepted.
    has_upgraded: bool,
    rolls_back: bool,
    /// The size that compute auto-scaling gave it.
    pub(crate) scaled_size: Option<String>,
    duration: Duration,
    stale_reads: u64,
    replacements: u64,
    /// The JSON of the last read, and what it depends on.
    cached_json: Option<(JsonKey, Box<RawValue>)>,
}

/// What the JSON of a cluster depends on.
type JsonKey = (VisibleState, JsonShape);

/// The form in which a read asks for a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JsonShape {
    /// The version date.
    pub(crate) version: &'static str,
    /// Whether the requested sizes and the effective ones are separate fields.
    pub(crate) has_effective_fields: bool,
}

impl ClusterEntry {
    /// The entry of a cluster whose upgrade takes `duration`.
    pub(crate) fn new(cluster: Cluster, duration: Duration, rng: SeededRng, faults: &Faults) -> Self {
        let has_upgraded = matches!(cluster.stage, Stage::Upgrading { .. });
        let original_stage = match cluster.stage {
            Stage::Upgrading { path, .. } => path.source_stage(),
            Stage::Flex => Stage::Flex,
            _ => Stage::Shared,
        };
        let mut entry = Self {
            cluster,
            original_stage,
            requested: None,
            requests: 0,
            effects: 0,
            after_effect: 0,
            after_rollback: 0,
            has_upgraded,
            rolls_back: false,
            scaled_size: None,
            duration,
            stale_reads: 0,
            replacements: 0,
            cached_json: None,
        };
        entry.rolls_back = has_upgraded && entry.draws_roll_back(rng, faults);
        entry
    }

    /// What is there now.
    pub(crate) fn visible(&self, now: Millis) -> VisibleState {
        let Stage::Upgrading { since, path } = self.cluster.stage else {
            return VisibleState::of_stage(self.cluster.stage);
        };
        let age = now.since(since);
        let idle = age >= self.duration;
        let (old, new) = (VisibleState::of_stage(path.source_stage()), VisibleState::of_stage(path.target_stage()));
        if self.rolls_back {
            return old.with_idle(idle);
        }
        // A dedicated cluster has the name soon, any other after three fifths of the time.
        let dedicated = path.target == ClusterKind::Dedicated;
        let has_name_from = if dedicated { self.duration / 12 } else { self.duration * 3 / 5 };
        if age < has_name_from {
            return old.with_idle(false);
        }
        // A dedicated cluster has no connection strings until shortly before the end.
        if dedicated {
            VisibleState::Dedicated { idle, has_connection_strings: age >= self.duration * 15 / 16 }
        } else {
            new.with_idle(idle)
        }
    }

    /// What a read shows now: what is there, or soon after an upgrade, by fault, what was there before.
    pub(crate) fn read(&mut self, now: Millis, rng: SeededRng, faults: &Faults) -> VisibleState {
        let visible = self.visible(now);
        let Stage::Upgrading { since, path } = self.cluster.stage else { return visible };
        let old = VisibleState::of_stage(path.source_stage());
        if visible == old.with_idle(false) && now.since(since) < faults.stale_for {
            self.stale_reads += 1;
            let words = ["stale", &self.cluster.project, &self.cluster.name];
            return old.with_idle(rng.happens(faults.stale, &words, self.stale_reads));
        }
        visible
    }

    /// The JSON for this, made by `render` unless the last read had the same.
    pub(crate) fn json(&mut self, key: JsonKey, render: impl FnOnce(&Self) -> Value) -> Option<Box<RawValue>> {
        match &self.cached_json {
            Some((cached, json)) if *cached == key => Some(json.clone()),
            _ => {
                let json = RawValue::from_string(render(self).to_string()).ok()?;
                self.cached_json = Some((key, json.clone()));
                Some(json)
            }
        }
    }

    /// Counts an upgrade request, whatever becomes of it.
    pub(crate) fn count_request(&mut self, now: Millis) {
        self.requests += 1;
        self.after_effect += u32::from(self.has_upgraded);
        let is_over = self.visible(now) == VisibleState::of_stage(self.original_stage);
        self.after_rollback += u32::from(self.has_upgraded && is_over);
    }

    /// The upgrade takes effect.
    pub(crate) fn begin_upgrade(&mut self, requested: UpgradeRequest, now: Millis, rng: SeededRng, faults: &Faults) {
        self.rolls_back = self.draws_roll_back(rng, faults);
        self.cluster.stage = Stage::Upgrading { since: now, path: requested.path };
        self.requested = Some(Box::new(requested));
        self.effects += 1;
        self.has_upgraded = true;
        self.cached_json = None;
    }

    /// Puts another cluster under the name, of the kind that was there at first.
    pub(crate) fn replace(&mut self, rng: SeededRng) {
        self.replacements += 1;
        let Cluster { project, name, .. } = &self.cluster;
        self.cluster.id = rng.id(&["another", project, name], self.replacements);
        self.cluster.stage = self.original_stage;
        self.has_upgraded = false;
        self.rolls_back = false;
        self.requested = None;
        self.cached_json = None;
    }

    /// Compute auto-scaling gives a dedicated cluster another size.
    pub(crate) fn scale(&mut self, size: &str) {
        self.scaled_size = Some(size.to_owned());
        self.cached_json = None;
    }

    /// The tags after an upgrade.
    pub(crate) fn tags(&self) -> Value {
        let pair = |(key, value): &(String, String)| json!({"key": key, "value": value});
        self.requested
            .as_deref()
            .map_or_else(|| self.cluster.tags.iter().map(pair).collect(), |requested| requested.tags.clone())
    }

    /// Whether the cluster is backed up after an upgrade, if anybody said so.
    pub(crate) fn backup(&self) -> Option<bool> {
        self.requested.as_deref().map(|requested| requested.backup).or(self.cluster.backup)
    }

    /// Whether the cluster is protected from deletion after an upgrade.
    pub(crate) fn termination_protection(&self) -> bool {
        let requested = self.requested.as_deref();
        requested.map_or(self.cluster.termination_protection, |requested| requested.termination_protection)
    }

    /// The upgrade that was accepted: when, and from what to what.
    pub(crate) fn upgrade(&self) -> Option<(Millis, UpgradePath)> {
        match self.cluster.stage {
            Stage::Upgrading { since, path } => Some((since, path)),
            _ => None,
        }
    }

    /// When an upgrade made the cluster that it leads to.
    pub(crate) fn upgraded_at(&self) -> Option<Millis> {
        self.upgrade().map(|(since, _)| since)
    }

    /// Whether an accepted upgrade leads to this kind.
    pub(crate) fn becomes(&self, target: ClusterKind) -> bool {
        self.upgrade().is_some_and(|(_, path)| path.target == target)
    }

    /// The id after an upgrade.
    pub(crate) fn target_id(&self, rng: SeededRng) -> String {
        let Cluster { project, name, id, stage, .. } = &self.cluster;
        let is_target = matches!(stage, Stage::Serverless | Stage::Flex | Stage::Dedicated);
        if is_target { id.clone() } else { rng.id(&["target", project, name, id], 0) }
    }

    /// Whether an upgrade of it was ever requested.
    pub(crate) fn is_requested(&self) -> bool {
        self.requests > 0
    }

    /// Project and name.
    pub(crate) fn key(&self) -> (String, String) {
        (self.cluster.project.clone(), self.cluster.name.clone())
    }

    /// What the ledger says of it.
    pub(crate) fn ledger_entry(&self, rng: SeededRng) -> LedgerEntry {
        LedgerEntry {
            requests: self.requests,
            effects: self.effects,
            after_effect: self.after_effect,
            after_rollback: self.after_rollback,
            source_id: self.cluster.id.clone(),
            over: self.upgraded_at().map(|since| since.after(self.duration)),
            target_id: (self.has_upgraded && !self.rolls_back).then(|| self.target_id(rng)),
        }
    }

    fn draws_roll_back(&self, rng: SeededRng, faults: &Faults) -> bool {
        let words = ["roll_back", &self.cluster.project, &self.cluster.name];
        rng.happens(faults.roll_back, &words, u64::from(self.effects))
    }
}
