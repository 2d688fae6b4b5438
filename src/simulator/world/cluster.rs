//! A cluster as it is given to the simulator.

use crate::clock::Millis;
use crate::simulator::seeded_rng::SeededRng;

/// A cluster, or a name under which there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// The project (the API's group).
    pub project: String,
    /// The name, unique in the project.
    pub name: String,
    /// The id; of one that is upgrading, the id before.
    pub id: String,
    /// The cloud provider, `AWS`, `AZURE` or `GCP`; empty if reads are not to show it.
    pub provider: String,
    /// The region, in Atlas's spelling; empty if reads are not to show it.
    pub region: String,
    /// The size that it has where it is dedicated, or becomes so without a request that names one.
    pub size: String,
    /// Key and value of each tag that it has after an upgrade, where no request named others.
    pub tags: Vec<(String, String)>,
    /// Whether it is backed up after an upgrade, where no request said so.
    pub backup: Option<bool>,
    /// Whether it is protected from deletion after an upgrade, where no request said so.
    pub termination_protection: bool,
    /// What the cluster is.
    pub stage: Stage,
}

/// What a cluster is when the simulation starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A shared one (TENANT, M0) that is idle.
    Shared,
    /// A shared one that is paused.
    Paused,
    /// None at all: the project exists, the cluster does not.
    Missing,
    /// A dedicated one (M10).
    Dedicated,
    /// One whose upgrade was accepted.
    Upgrading {
        /// When it was accepted.
        since: Millis,
        /// From what to what.
        path: UpgradePath,
    },
    /// A serverless instance.
    Serverless,
    /// A flex cluster.
    Flex,
}

/// The kinds of clusters that an upgrade can start from or lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterKind {
    /// A shared cluster (TENANT, M0).
    Shared,
    /// A dedicated cluster, M10 and up.
    Dedicated,
    /// A serverless instance.
    Serverless,
    /// A flex cluster.
    Flex,
}

/// From what to what a cluster is upgraded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpgradePath {
    /// What the cluster is before.
    pub source: ClusterKind,
    /// What it is afterwards.
    pub target: ClusterKind,
}

impl UpgradePath {
    /// `clusters/tenantUpgradeToServerless`.
    pub const SHARED_TO_SERVERLESS: Self = Self { source: ClusterKind::Shared, target: ClusterKind::Serverless };
    /// `clusters/tenantUpgrade` with a flex cluster.
    pub const SHARED_TO_FLEX: Self = Self { source: ClusterKind::Shared, target: ClusterKind::Flex };
    /// `clusters/tenantUpgrade` with a cloud.
    pub const SHARED_TO_DEDICATED: Self = Self { source: ClusterKind::Shared, target: ClusterKind::Dedicated };
    /// `flexClusters:tenantUpgrade`.
    pub const FLEX_TO_DEDICATED: Self = Self { source: ClusterKind::Flex, target: ClusterKind::Dedicated };

    /// The stage of a cluster before the upgrade.
    pub fn source_stage(self) -> Stage {
        self.source.into()
    }

    /// The stage of a cluster after the upgrade.
    pub fn target_stage(self) -> Stage {
        self.target.into()
    }
}

impl From<ClusterKind> for Stage {
    fn from(kind: ClusterKind) -> Self {
        match kind {
            ClusterKind::Shared => Self::Shared,
            ClusterKind::Dedicated => Self::Dedicated,
            ClusterKind::Serverless => Self::Serverless,
            ClusterKind::Flex => Self::Flex,
        }
    }
}

impl Cluster {
    /// An idle shared cluster; the same arguments give the same id.
    #[must_use]
    pub fn shared(project: &str, name: &str, provider: &str, region: &str, seed: u64) -> Self {
        Self {
            project: project.to_owned(),
            name: name.to_owned(),
            id: SeededRng::new(seed).id(&["source", project, name], 0),
            provider: provider.to_owned(),
            region: region.to_owned(),
            size: "M10".to_owned(),
            tags: Vec::new(),
            backup: None,
            termination_protection: false,
            stage: Stage::Shared,
        }
    }

    /// The same cluster at another stage.
    #[must_use]
    pub fn at(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }
}
