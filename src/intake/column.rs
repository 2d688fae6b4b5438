//! The columns that a fleet may have, and the names under which they are recognised.

use crate::domain::report_columns;

/// A column that Drydock understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// Atlas's `groupId`.
    ProjectId,
    /// The cluster's name.
    ClusterName,
    /// The cloud.
    Provider,
    /// The region in Atlas's spelling.
    Region,
    /// The size of a dedicated target.
    InstanceSize,
    /// Whether the target has continuous backups.
    ContinuousBackup,
    /// Whether the target is protected against termination.
    TerminationProtection,
    /// Tags in one cell.
    Tags,
    /// The wave that the row belongs to.
    Wave,
}

impl Column {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::ProjectId,
        Self::ClusterName,
        Self::Provider,
        Self::Region,
        Self::InstanceSize,
        Self::ContinuousBackup,
        Self::TerminationProtection,
        Self::Tags,
        Self::Wave,
    ];

    /// The column's own name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProjectId => "project_id",
            Self::ClusterName => "cluster_name",
            Self::Provider => "provider",
            Self::Region => "region",
            Self::InstanceSize => "instance_size",
            Self::ContinuousBackup => "continuous_backup",
            Self::TerminationProtection => "termination_protection",
            Self::Tags => "tags",
            Self::Wave => "wave",
        }
    }

    /// The column called `name`, exactly.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }

    /// Other names under which it is recognised, squashed.
    pub const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::ProjectId => &["groupid", "project"],
            Self::ClusterName => &["name", "cluster"],
            Self::Provider => &["backingprovidername", "cloud"],
            Self::Region => &["regionname"],
            Self::InstanceSize => &["tier"],
            Self::ContinuousBackup => &["serverlesscontinuousbackupenabled"],
            Self::TerminationProtection => &["terminationprotectionenabled"],
            Self::Tags | Self::Wave => &[],
        }
    }

    /// Whether every row must have a value, from its cell or from a default.
    pub fn is_needed(self, needs_instance_size: bool) -> bool {
        match self {
            Self::ProjectId | Self::ClusterName | Self::Provider | Self::Region => true,
            Self::InstanceSize => needs_instance_size,
            _ => false,
        }
    }
}

/// The key of a `tag:KEY` column, if the header is one.
pub(super) fn tag_key(header: &str) -> Option<&str> {
    let (before, key) = header.split_once(':')?;
    (squash(before) == "tag").then(|| key.trim())
}

/// A name without case, spaces, `-` and `_`: names that are the same then are one.
pub fn squash(name: &str) -> String {
    let kept = name.chars().filter(|letter| !letter.is_whitespace() && *letter != '-' && *letter != '_');
    kept.flat_map(char::to_lowercase).collect()
}

/// The name under which a foreign column travels: its own, unless a report has a column of that name.
pub(super) fn extra_name(header: &str, taken: &[String]) -> String {
    let mut name = header.to_owned();
    while is_report_column(&name) || (name != header && taken.iter().any(|other| squash(other) == squash(&name))) {
        name.insert_str(0, "fleet_");
    }
    name
}

fn is_report_column(name: &str) -> bool {
    let name = squash(name);
    report_columns::names().chain([report_columns::HISTORY]).any(|column| squash(column) == name)
}
