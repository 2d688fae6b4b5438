//! The clusters, and what each of them is at a given moment. It knows no HTTP.

pub(super) mod cluster;
pub(super) mod durations;
pub(super) mod entry;
pub(super) mod upgrade_request;
pub(super) mod visible;

use std::collections::BTreeMap;

use crate::simulator::faults::Faults;
use crate::simulator::ledger::LedgerEntry;
use crate::simulator::seeded_rng::SeededRng;
use crate::simulator::world::cluster::Cluster;
use crate::simulator::world::durations::Durations;
use crate::simulator::world::entry::ClusterEntry;

/// All projects.
pub(crate) struct World {
    pub(crate) rng: SeededRng,
    /// By project, and by name in lower case: as Atlas does, a name is found in any case.
    projects: BTreeMap<String, BTreeMap<String, ClusterEntry>>,
}

impl World {
    /// The world with these clusters; of two under one name, the later one.
    pub(crate) fn new(clusters: Vec<Cluster>, rng: SeededRng, durations: &Durations, faults: &Faults) -> Self {
        let mut projects = BTreeMap::<String, BTreeMap<String, ClusterEntry>>::new();
        for cluster in clusters {
            let duration = durations.draw(rng, &["duration", &cluster.project, &cluster.name]);
            let names = projects.entry(cluster.project.clone()).or_default();
            let name = cluster.name.to_ascii_lowercase();
            names.insert(name, ClusterEntry::new(cluster, duration, rng, faults));
        }
        Self { rng, projects }
    }

    /// Every project, with how many names it has.
    pub(crate) fn projects(&self) -> impl Iterator<Item = (&String, usize)> {
        self.projects.iter().map(|(project, names)| (project, names.len()))
    }

    /// The entries of a project, if there is such a project.
    pub(crate) fn project(&mut self, project: &str) -> Option<&mut BTreeMap<String, ClusterEntry>> {
        self.projects.get_mut(project)
    }

    /// The entry under a name, in any case.
    pub(crate) fn entry(&mut self, project: &str, name: &str) -> Option<&mut ClusterEntry> {
        self.projects.get_mut(project)?.get_mut(&name.to_ascii_lowercase())
    }

    /// The ledger entries of all clusters for which an upgrade was requested.
    pub(crate) fn ledger_entries(&self) -> BTreeMap<(String, String), LedgerEntry> {
        let entries = self.projects.values().flat_map(BTreeMap::values).filter(|entry| entry.is_requested());
        entries.map(|entry| (entry.key(), entry.ledger_entry(self.rng))).collect()
    }
}
