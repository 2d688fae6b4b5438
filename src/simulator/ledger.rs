//! What a simulated Atlas was asked for: the evidence that a test of "never twice" relies on.

use std::collections::BTreeMap;

use crate::clock::Millis;

/// A copy of the ledger at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The clusters, by project and name, for which an upgrade was requested.
    pub entries: BTreeMap<(String, String), LedgerEntry>,
    /// All requests, also those that were refused.
    pub requests: u64,
    /// The upgrade requests with valid credentials.
    pub upgrade_requests: u64,
    /// The responses 429, from an empty bucket or by fault.
    pub throttled: u64,
    /// What a well-behaved client does not do, in the order in which it was done; only the first thousand.
    pub broken_rules: Vec<String>,
}

/// The ledger of one cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The upgrade requests, whatever became of them.
    pub requests: u32,
    /// How many of them took effect.
    pub effects: u32,
    /// How many of them came after one had taken effect already.
    pub after_effect: u32,
    /// How many of those came after the upgrade that had taken effect was rolled back to the end.
    pub after_rollback: u32,
    /// The id of the cluster that is to be upgraded.
    pub source_id: String,
    /// The id of what it became, or is becoming.
    pub target_id: Option<String>,
    /// When its upgrade is over, or was.
    pub over: Option<Millis>,
}

/// The totals of the ledger, without its entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// All requests.
    pub requests: u64,
    /// The upgrade requests among them.
    pub upgrades: u64,
    /// The responses 429.
    pub throttled: u64,
}

/// The running totals. The entries of the clusters are kept with the clusters.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) counts: RequestCounts,
    broken_rules: Vec<String>,
}

impl Tally {
    const MOST_RULES: usize = 1_000;

    /// Notes that a client broke a rule.
    pub(crate) fn note_broken_rule(&mut self, rule: impl Into<String>) {
        if self.broken_rules.len() < Self::MOST_RULES {
            self.broken_rules.push(rule.into());
        }
    }

    /// The ledger as it stands, with these entries.
    pub(crate) fn ledger(&self, entries: BTreeMap<(String, String), LedgerEntry>) -> Ledger {
        Ledger {
            entries,
            requests: self.counts.requests,
            upgrade_requests: self.counts.upgrades,
            throttled: self.counts.throttled,
            broken_rules: self.broken_rules.clone(),
        }
    }
}
