//! One row of cells, made into a [`FleetRow`] or into everything that is wrong with it.

use crate::domain::job::Wanted;
use crate::intake::cell;
use crate::intake::column::Column;
use crate::intake::error::shown;
use crate::intake::header::{Layout, Problem, letters};
use crate::intake::plan::{FleetRow, Plan};

/// A row while it is read.
pub(super) struct Row<'a, S> {
    plan: &'a Plan<'a>,
    layout: &'a Layout,
    cells: &'a [S],
    problems: Vec<Problem>,
}

impl<'a, S: AsRef<str>> Row<'a, S> {
    pub(super) fn new(plan: &'a Plan<'a>, layout: &'a Layout, cells: &'a [S]) -> Self {
        Self { plan, layout, cells, problems: Vec::new() }
    }

    /// Project and cluster, if both are valid: enough to find a cluster that is listed twice.
    pub(super) fn key(&self) -> Option<(String, String)> {
        let project = cell::project_id(self.text(Column::ProjectId)?).ok()?;
        let cluster = cell::cluster_name(self.text(Column::ClusterName)?).ok()?;
        Some((project, cluster))
    }

    /// `project/cluster` as they stand, to say which row of a query is meant.
    pub(super) fn name(&self) -> String {
        let part = |column| shown(self.text(column).unwrap_or_default());
        format!("{}/{}", part(Column::ProjectId), part(Column::ClusterName))
    }

    /// The row as the fleet's, or all that is wrong with it.
    pub(super) fn read(mut self, row: i64) -> Result<FleetRow, Vec<Problem>> {
        self.check_width();
        if !self.problems.is_empty() {
            // Cells of such a row may stand under the wrong headers: what they say means nothing.
            return Err(self.problems);
        }
        let fleet_row = FleetRow {
            row,
            project_id: self.needed(Column::ProjectId, cell::project_id),
            cluster_name: self.needed(Column::ClusterName, cell::cluster_name),
            wanted: self.wanted(),
            extra: self.extra(),
        };
        if self.problems.is_empty() { Ok(fleet_row) } else { Err(self.problems) }
    }

    fn wanted(&mut self) -> Wanted {
        let sized = self.plan.operation.needs_instance_size;
        Wanted {
            provider: self.needed(Column::Provider, cell::provider),
            region: self.needed(Column::Region, cell::region),
            instance_size: sized.then(|| self.needed(Column::InstanceSize, cell::instance_size)),
            continuous_backup: self.optional(Column::ContinuousBackup, cell::boolean),
            termination_protection: self.optional(Column::TerminationProtection, cell::boolean),
            tags: self.tags(),
            wave: self.optional(Column::Wave, cell::wave),
        }
    }

    fn extra(&self) -> Vec<(String, String)> {
        let carried = |(place, name): &(usize, String)| (name.clone(), self.cell(*place).to_owned());
        self.layout.extras.iter().map(carried).collect()
    }

    /// More cells than headers, unless they are empty; fewer, if one is missing that is needed.
    fn check_width(&mut self) {
        let (cells, width) = (self.cells.len(), self.layout.labels.len());
        let said = format!("the row has {cells} cells, the header {width}");
        let stray = (width..cells).chain(self.layout.nameless.iter().copied());
        let stray = stray.into_iter().find(|place| !self.cell(*place).trim().is_empty());
        if let Some(place) = stray {
            let what = format!("this cell stands under no header; {said} ({})", shown(self.cell(place)));
            self.problems.push((Some(letters(place)), what));
        }
        let missing = Column::ALL.into_iter().find(|column| {
            let place = self.layout.place(*column);
            self.plan.needs(*column) && place.is_some_and(|place| place >= cells)
        });
        if let Some(column) = missing {
            self.problems.push((Some(column.name().to_owned()), format!("the row ends before it: {said}")));
        }
    }

    fn cell(&self, place: usize) -> &'a str {
        self.cells.get(place).map_or("", |cell| cell.as_ref())
    }

    /// The trimmed cell of a column, or its default.
    fn text(&self, column: Column) -> Option<&'a str> {
        self.own(column).or_else(|| self.plan.defaults.get(column)).filter(|text| !text.is_empty())
    }

    /// The trimmed cell of a column, if there is something in it.
    fn own(&self, column: Column) -> Option<&'a str> {
        let text = self.layout.place(column).map(|place| self.cell(place).trim());
        text.filter(|text| !text.is_empty())
    }

    fn needed<T: Default>(&mut self, column: Column, form: fn(&str) -> Result<T, String>) -> T {
        let text = self.text(column).unwrap_or_default();
        form(text).unwrap_or_else(|what| self.blame(column.name(), &what, text))
    }

    fn optional<T>(&mut self, column: Column, form: fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(column)?;
        form(text).map_or_else(|what| self.blame(column.name(), &what, text), Some)
    }

    /// The tags of the `tags` cell, then those of the `tag:KEY` columns, then the defaults' where they say more.
    fn tags(&mut self) -> Vec<(String, String)> {
        let text = self.own(Column::Tags).unwrap_or_default();
        let mut tags = cell::tags(text).unwrap_or_else(|what| self.blame("tags", &what, text));
        let layout = self.layout;
        for (place, key) in &layout.tags {
            let value = self.cell(*place).trim();
            if value.is_empty() {
                continue;
            }
            let label = format!("tag:{key}");
            match cell::tag(key, value) {
                Err(what) => self.blame(&label, &what, value),
                Ok((key, _)) if has(&tags, &key) => self.blame(&label, "the tags cell has this tag too", value),
                Ok(tag) => tags.push(tag),
            }
        }
        self.add_defaults(&mut tags, text.is_empty());
        tags
    }

    fn add_defaults(&self, tags: &mut Vec<(String, String)>, is_cell_empty: bool) {
        let defaults = self.plan.defaults;
        let single = defaults.tags().map(|(key, value)| (key.to_owned(), value.to_owned()));
        let whole = defaults.get(Column::Tags).filter(|_| is_cell_empty);
        let whole = whole.and_then(|text| cell::tags(text).ok()).unwrap_or_default();
        for (key, value) in whole.into_iter().chain(single) {
            if !has(tags, &key) {
                tags.push((key, value));
            }
        }
    }

    fn blame<T: Default>(&mut self, label: &str, what: &str, text: &str) -> T {
        self.problems.push((Some(label.to_owned()), format!("{what} ({})", shown(text))));
        T::default()
    }
}

fn has(tags: &[(String, String)], key: &str) -> bool {
    tags.iter().any(|(other, _)| other == key)
}
