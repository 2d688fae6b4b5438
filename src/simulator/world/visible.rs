//! What a read shows of a cluster.

use crate::simulator::world::cluster::Stage;

/// What a read shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VisibleState {
    Nothing,
    Shared { idle: bool, paused: bool },
    Dedicated { idle: bool, has_connection_strings: bool },
    Serverless { idle: bool },
    Flex { idle: bool },
}

impl VisibleState {
    /// What is visible of a cluster that stays at this stage.
    pub(crate) fn of_stage(stage: Stage) -> Self {
        match stage {
            Stage::Paused => Self::Shared { idle: true, paused: true },
            Stage::Missing => Self::Nothing,
            Stage::Dedicated => Self::Dedicated { idle: true, has_connection_strings: true },
            Stage::Serverless => Self::Serverless { idle: true },
            Stage::Flex => Self::Flex { idle: true },
            Stage::Shared | Stage::Upgrading { .. } => Self::Shared { idle: true, paused: false },
        }
    }

    /// The same cluster, IDLE or UPDATING.
    pub(crate) fn with_idle(self, idle: bool) -> Self {
        match self {
            Self::Nothing => self,
            Self::Shared { paused, .. } => Self::Shared { idle, paused },
            Self::Dedicated { has_connection_strings, .. } => Self::Dedicated { idle, has_connection_strings },
            Self::Serverless { .. } => Self::Serverless { idle },
            Self::Flex { .. } => Self::Flex { idle },
        }
    }
}
