//! A cluster as it is given to the simulator.

use super::dice::Dice;
use crate::clock::Millis;

/// A cluster, or a name under which there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// The project (the API's group).
    pub project: String,
    /// The name, unique in the project.
    pub name: String,
    /// The id; of one that is upgrading, the id before.
    pub id: String,
    /// The cloud provider, `AWS`, `AZURE` or `GCP`; empty for one of which reads do not tell.
    pub provider: String,
    /// The region, in Atlas's spelling; empty for one of which reads do not tell.
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
        /// When it was.
        since: Millis,
        /// From what to what.
        way: Way,
    },
    /// A serverless instance.
    Serverless,
    /// A flex cluster.
    Flex,
}

/// From what to what a cluster is upgraded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// `clusters/tenantUpgradeToServerless`.
    SharedToServerless,
    /// `clusters/tenantUpgrade` with a flex cluster.
    SharedToFlex,
    /// `clusters/tenantUpgrade` with a cloud.
    SharedToDedicated,
    /// `flexClusters:tenantUpgrade`.
    FlexToDedicated,
}

impl Way {
    /// What a cluster is before it.
    pub fn source(self) -> Stage {
        if self == Self::FlexToDedicated { Stage::Flex } else { Stage::Shared }
    }

    /// What it is afterwards.
    pub fn target(self) -> Stage {
        match self {
            Self::SharedToServerless => Stage::Serverless,
            Self::SharedToFlex => Stage::Flex,
            Self::SharedToDedicated | Self::FlexToDedicated => Stage::Dedicated,
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
            id: Dice::new(seed).id(&["source", project, name], 0),
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
