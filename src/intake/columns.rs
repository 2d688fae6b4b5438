//! The columns that Drydock reads: one table with all that intake knows of each.
//!
//! A new column is an entry here (and in [`COLUMNS`]), a field of [`Wanted`](crate::domain::job::Wanted), and the
//! place in the operation's request where the field goes.

use crate::domain::operation::Operation;
use crate::intake::cell_forms as forms;
use crate::intake::fleet_row::FleetRow;
use crate::intake::header_names::normalized;

/// A column that Drydock reads.
#[derive(Debug)]
pub struct Column {
    /// The column's own name.
    pub name: &'static str,
    /// Other names under which it is recognised, normalized.
    aliases: &'static [&'static str],
    /// Whether every row must have a value, from its cell or from a default.
    pub(super) is_required: bool,
    /// Whether a campaign with this operation reads it. If not, it is carried through like a fleet's own column.
    is_read_by: fn(&Operation) -> bool,
    /// Reads a cell, without the spaces around it, into a row; on error, in a few words what the cell must be.
    read: fn(&str, &mut FleetRow) -> Result<(), String>,
}

/// Every column, in the order of the documentation.
pub static COLUMNS: [&Column; 9] = [
    &PROJECT_ID,
    &CLUSTER_NAME,
    &PROVIDER,
    &REGION,
    &INSTANCE_SIZE,
    &CONTINUOUS_BACKUP,
    &TERMINATION_PROTECTION,
    &TAGS,
    &WAVE,
];

/// Atlas's `groupId`.
pub(super) static PROJECT_ID: Column = Column {
    name: "project_id",
    aliases: &["groupid", "project"],
    is_required: true,
    is_read_by: |_| true,
    read: |cell, row| set(&mut row.project_id, forms::project_id(cell)),
};

/// The cluster's name.
pub(super) static CLUSTER_NAME: Column = Column {
    name: "cluster_name",
    aliases: &["name", "cluster"],
    is_required: true,
    is_read_by: |_| true,
    read: |cell, row| set(&mut row.cluster_name, forms::cluster_name(cell)),
};

/// The cloud.
static PROVIDER: Column = Column {
    name: "provider",
    aliases: &["backingprovidername", "cloud"],
    is_required: true,
    is_read_by: |_| true,
    read: |cell, row| set(&mut row.wanted.provider, forms::provider(cell)),
};

/// The region in Atlas's spelling.
static REGION: Column = Column {
    name: "region",
    aliases: &["regionname"],
    is_required: true,
    is_read_by: |_| true,
    read: |cell, row| set(&mut row.wanted.region, forms::region(cell)),
};

/// The size of a dedicated target.
static INSTANCE_SIZE: Column = Column {
    name: "instance_size",
    aliases: &["tier"],
    is_required: true,
    is_read_by: |operation| operation.needs_instance_size,
    read: |cell, row| set(&mut row.wanted.instance_size, forms::instance_size(cell).map(Some)),
};

/// Whether the target has continuous backups.
static CONTINUOUS_BACKUP: Column = Column {
    name: "continuous_backup",
    aliases: &["serverlesscontinuousbackupenabled"],
    is_required: false,
    is_read_by: |operation| operation.takes_continuous_backup,
    read: |cell, row| set(&mut row.wanted.continuous_backup, forms::boolean(cell).map(Some)),
};

/// Whether the target is protected against termination.
static TERMINATION_PROTECTION: Column = Column {
    name: "termination_protection",
    aliases: &["terminationprotectionenabled"],
    is_required: false,
    is_read_by: |_| true,
    read: |cell, row| set(&mut row.wanted.termination_protection, forms::boolean(cell).map(Some)),
};

/// Tags in one cell. Columns `tag:KEY` and defaults add to them.
pub(super) static TAGS: Column = Column {
    name: "tags",
    aliases: &[],
    is_required: false,
    is_read_by: |_| true,
    read: |cell, row| set(&mut row.wanted.tags, forms::tags(cell)),
};

/// The wave that the row belongs to.
static WAVE: Column = Column {
    name: "wave",
    aliases: &[],
    is_required: false,
    is_read_by: |_| true,
    read: |cell, row| set(&mut row.wanted.wave, forms::whole_number(cell).map(Some)),
};

fn set<T>(field: &mut T, value: Result<T, String>) -> Result<(), String> {
    value.map(|value| *field = value)
}

impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Column {
    /// The column called `name`, exactly.
    pub fn named(name: &str) -> Option<&'static Self> {
        COLUMNS.into_iter().find(|column| column.name == name)
    }

    /// The names of all columns.
    pub fn names() -> impl Iterator<Item = &'static str> {
        COLUMNS.into_iter().map(|column| column.name)
    }

    /// Whether a header is one of its other names.
    pub(super) fn is_alias(&self, header: &str) -> bool {
        self.aliases.contains(&normalized(header).as_str())
    }

    /// Whether a campaign with this operation reads the column. If not, it is carried through like any other.
    pub fn is_read_by(&self, operation: &Operation) -> bool {
        (self.is_read_by)(operation)
    }

    /// Reads a cell, without the spaces around it, into a row; on error, in a few words what the cell must be.
    pub(super) fn read(&self, cell: &str, row: &mut FleetRow) -> Result<(), String> {
        (self.read)(cell, row)
    }
}
