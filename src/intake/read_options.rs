//! What the campaign file says about reading its fleet.

use std::collections::BTreeMap;

use crate::domain::operation::Operation;
use crate::intake::cell_forms;
use crate::intake::columns::{CLUSTER_NAME, COLUMNS, Column};
use crate::intake::excerpt::excerpt;
use crate::intake::fleet_row::FleetRow;
use crate::intake::header_names::tag_key;
use crate::intake::suggest;

/// How to read a fleet.
#[derive(Debug, Clone, Copy)]
pub struct ReadOptions<'a> {
    /// The campaign's operation, which says which columns are read.
    pub operation: &'static Operation,
    /// The values for empty cells and missing columns.
    pub defaults: &'a Defaults,
    /// Our name of a column, and the header that it has in this fleet.
    pub columns: &'a BTreeMap<String, String>,
}

impl ReadOptions<'_> {
    /// Whether a row without a cell in this column is an error.
    pub(super) fn needs_cell(&self, column: &Column) -> bool {
        column.is_required && self.reads(column) && self.defaults.get(column).is_none()
    }

    /// Whether the operation reads the column; if not, it is carried through like any other.
    pub(super) fn reads(&self, column: &Column) -> bool {
        column.is_read_by(self.operation)
    }
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
    pub fn get(&self, column: &Column) -> Option<&str> {
        self.0.get(column.name).map(|text| text.trim())
    }

    /// Key and value of each `tag:KEY` default.
    pub(super) fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, text)| Some((tag_key(name)?, text.trim())))
    }
}

fn check(name: &str, text: &str) -> Result<(), String> {
    let found = |what: String| format!("{what} ({})", excerpt(text));
    if let Some(key) = tag_key(name) {
        return cell_forms::tag(key, text.trim()).map(drop).map_err(found);
    }
    match Column::named(name) {
        Some(column) if *column == CLUSTER_NAME => {
            Err("cannot have a default: each row names its own cluster".to_owned())
        }
        Some(column) => column.read(text.trim(), &mut FleetRow::default()).map_err(found),
        None => {
            let hint = COLUMNS.into_iter().find(|column| column.is_alias(name)).map_or_else(
                || suggest::hint(name, Column::names()),
                |column| format!("; did you mean {}?", column.name),
            );
            Err(format!("no such column{hint}"))
        }
    }
}
