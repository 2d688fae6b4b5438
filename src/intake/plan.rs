//! What the campaign file says about reading its fleet, and what comes out: one valid row a cluster.

use std::collections::BTreeMap;

use crate::domain::job::Wanted;
use crate::domain::operation::Operation;
use crate::intake::cell;
use crate::intake::column::{Column, tag_key};
use crate::intake::error::shown;
use crate::intake::near;

/// How to read a fleet.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The campaign's operation, which says whether an instance size is needed.
    pub operation: &'static Operation,
    /// What stands in for empty cells and missing columns.
    pub defaults: &'a Defaults,
    /// Our name of a column, and the header that it has in this fleet.
    pub columns: &'a BTreeMap<String, String>,
}

impl Plan<'_> {
    /// Whether a row without a cell in this column is an error.
    pub(super) fn needs(&self, column: Column) -> bool {
        column.is_needed(self.operation.needs_instance_size) && self.defaults.get(column).is_none()
    }

    /// Whether this operation reads the column at all; if not, it is carried through like any other.
    pub(super) fn reads(&self, column: Column) -> bool {
        match column {
            Column::InstanceSize => self.operation.needs_instance_size,
            Column::ContinuousBackup => self.operation.takes_continuous_backup,
            _ => true,
        }
    }
}

/// One cluster of the fleet, valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetRow {
    /// The row that a spreadsheet shows.
    pub row: i64,
    /// Atlas's `groupId`.
    pub project_id: String,
    /// The cluster's name.
    pub cluster_name: String,
    /// What the cluster is to become.
    pub wanted: Wanted,
    /// The fleet's own columns, as they stand.
    pub extra: Vec<(String, String)>,
}

/// Column and text of each default, all valid.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Defaults(BTreeMap<String, String>);

impl Defaults {
    /// Validates the defaults by the rules for cells; on error, what is wrong with which of them.
    pub fn new(values: BTreeMap<String, String>) -> Result<Self, Vec<(String, String)>> {
        let wrong = |(name, text): (&String, &String)| Some((name.clone(), check(name, text).err()?));
        let problems: Vec<_> = values.iter().filter_map(wrong).collect();
        if problems.is_empty() { Ok(Self(values)) } else { Err(problems) }
    }

    /// All of them.
    pub(super) fn values(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// The default of a column.
    pub fn get(&self, column: Column) -> Option<&str> {
        self.0.get(column.name()).map(|text| text.trim())
    }

    /// Key and value of each `tag:KEY` default.
    pub(super) fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, text)| Some((tag_key(name)?, text.trim())))
    }
}

fn check(name: &str, text: &str) -> Result<(), String> {
    let read = || format!(" ({})", shown(text));
    if let Some(key) = tag_key(name) {
        return cell::tag(key, text.trim()).map(drop).map_err(|what| what + &read());
    }
    match Column::of_name(name) {
        Some(Column::ClusterName) => Err("cannot have a default: each row names its own cluster".to_owned()),
        Some(column) => cell::check(column, text.trim()).map_err(|what| what + &read()),
        None => {
            let alias = Column::ALL.into_iter().find(|column| {
                let name = super::squash(name);
                column.aliases().contains(&name.as_str())
            });
            let hint = alias.map_or_else(
                || near::hint(name, Column::ALL.map(Column::name)),
                |column| format!("; did you mean {}?", column.name()),
            );
            Err(format!("no such column{hint}"))
        }
    }
}
