//! What an upgrade request asks for.

use serde_json::Value;

use crate::simulator::world::cluster::UpgradePath;

/// What an upgrade request asks for, beyond the cluster's name.
#[derive(Debug, Clone)]
pub(crate) struct UpgradeRequest {
    pub(crate) path: UpgradePath,
    pub(crate) provider: String,
    pub(crate) region: String,
    /// The size of a dedicated cluster; empty for every other target.
    pub(crate) size: String,
    /// A JSON list of `key` and `value`.
    pub(crate) tags: Value,
    pub(crate) backup: bool,
    pub(crate) termination_protection: bool,
}
