//! What a simulated Atlas has seen: the evidence that a test of "never twice" rests on.

use std::collections::BTreeMap;

use crate::clock::Millis;

/// A copy of the books at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The clusters, by project and name, for which an upgrade was asked.
    pub entries: BTreeMap<(String, String), Account>,
    /// All requests, also those that were turned away.
    pub requests: u64,
    /// The upgrade requests of those who were let in.
    pub upgrade_requests: u64,
    /// The answers 429, from an empty bucket or by fault.
    pub throttled: u64,
    /// What a well-behaved client does not do, in the order in which it was done; only the first thousand.
    pub broken_rules: Vec<String>,
}

/// The books at a glance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Served {
    /// All requests.
    pub requests: u64,
    /// The upgrade requests among them.
    pub upgrades: u64,
    /// The answers 429.
    pub throttled: u64,
}

/// The books of one cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The upgrade requests seen, whatever became of them.
    pub requests: u32,
    /// How many of them took effect.
    pub effects: u32,
    /// How many of them came after one had taken effect already.
    pub after_effect: u32,
    /// How many of those came when what had taken effect had been rolled back, and was over.
    pub after_rollback: u32,
    /// The id of the cluster that is to be upgraded.
    pub source_id: String,
    /// The id of what it became, or is becoming.
    pub target_id: Option<String>,
    /// When its upgrade is over, or was.
    pub over: Option<Millis>,
}

/// The books while they are kept, but for the accounts, which lie with the clusters.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    pub(super) upgrade_requests: u64,
    pub(super) throttled: u64,
    broken_rules: Vec<String>,
}

impl Tally {
    const MOST_RULES: usize = 1_000;

    /// Notes that a rule was broken.
    pub(super) fn broken(&mut self, rule: impl Into<String>) {
        if self.broken_rules.len() < Self::MOST_RULES {
            self.broken_rules.push(rule.into());
        }
    }

    /// The books as they stand, with these accounts.
    pub(super) fn ledger(&self, entries: BTreeMap<(String, String), Account>) -> Ledger {
        Ledger {
            entries,
            requests: self.requests,
            upgrade_requests: self.upgrade_requests,
            throttled: self.throttled,
            broken_rules: self.broken_rules.clone(),
        }
    }
}
