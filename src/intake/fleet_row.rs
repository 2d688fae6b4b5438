//! What a row of the fleet becomes.

use crate::domain::job::Wanted;

/// One cluster of the fleet, valid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FleetRow {
    /// The row that a spreadsheet shows.
    pub row: i64,
    /// Atlas's `groupId`.
    pub project_id: String,
    /// The cluster's name.
    pub cluster_name: String,
    /// What the cluster is to become.
    pub wanted: Wanted,
    /// The fleet's own columns, unchanged.
    pub extra: Vec<(String, String)>,
}
