//! One row of cells, read into a [`FleetRow`] or into everything that is wrong with it.

use crate::intake::cell_forms as forms;
use crate::intake::columns::{CLUSTER_NAME, Column, PROJECT_ID, TAGS};
use crate::intake::excerpt::excerpt;
use crate::intake::fleet_row::FleetRow;
use crate::intake::layout::{ColumnProblem, Layout, ValueSource, letters};
use crate::intake::read_options::ReadOptions;

/// A row while it is read.
pub(super) struct RowReader<'a, S> {
    options: &'a ReadOptions<'a>,
    layout: &'a Layout,
    cells: &'a [S],
    problems: Vec<ColumnProblem>,
}

impl<'a, S: AsRef<str>> RowReader<'a, S> {
    pub(super) fn new(options: &'a ReadOptions<'a>, layout: &'a Layout, cells: &'a [S]) -> Self {
        Self { options, layout, cells, problems: Vec::new() }
    }

    /// Project and cluster, if both are valid: enough to find a cluster that is listed twice.
    pub(super) fn key(&self) -> Option<(String, String)> {
        let project = forms::project_id(self.text_of(&PROJECT_ID)?).ok()?;
        let cluster = forms::cluster_name(self.text_of(&CLUSTER_NAME)?).ok()?;
        Some((project, cluster))
    }

    /// `project/cluster` as the cells have them, for messages about a row of a query.
    pub(super) fn name(&self) -> String {
        let part = |column| excerpt(self.text_of(column).unwrap_or_default());
        format!("{}/{}", part(&PROJECT_ID), part(&CLUSTER_NAME))
    }

    /// The row, or all that is wrong with it.
    pub(super) fn read(mut self, row: i64) -> Result<FleetRow, Vec<ColumnProblem>> {
        self.check_width();
        if !self.problems.is_empty() {
            // The cells of such a row may be under the wrong headers, so they are not checked.
            return Err(self.problems);
        }
        let mut fleet_row = FleetRow { row, extra: self.extra(), ..FleetRow::default() };
        for value in &self.layout.values {
            self.read_value(value, &mut fleet_row);
        }
        if self.problems.is_empty() { Ok(fleet_row) } else { Err(self.problems) }
    }

    fn read_value(&mut self, value: &ValueSource, row: &mut FleetRow) {
        let is_tags = *value.column == TAGS;
        // The default of tags is merged with the cells, not taken instead of them.
        let text = if is_tags { self.cell_of(value) } else { self.text(value) };
        let text = text.or(value.column.is_required.then_some(""));
        if let Some(text) = text
            && let Err(what) = value.column.read(text, row)
        {
            self.blame(value.column.name, &what, text);
        }
        if is_tags {
            self.read_tag_columns(&mut row.wanted.tags);
            self.add_default_tags(&mut row.wanted.tags, text.is_none());
        }
    }

    fn extra(&self) -> Vec<(String, String)> {
        let carried = |(place, name): &(usize, String)| (name.clone(), self.cell(*place).to_owned());
        self.layout.extras.iter().map(carried).collect()
    }

    /// More cells than headers, unless they are empty; fewer, if a cell is missing that is needed.
    fn check_width(&mut self) {
        let (cells, width) = (self.cells.len(), self.layout.labels.len());
        let widths = format!("the row has {cells} cells, the header {width}");
        let stray = (width..cells).chain(self.layout.nameless.iter().copied());
        let stray = stray.into_iter().find(|place| !self.cell(*place).trim().is_empty());
        if let Some(place) = stray {
            let what = format!("this cell stands under no header; {widths} ({})", excerpt(self.cell(place)));
            self.problems.push((Some(letters(place)), what));
        }
        let is_missing = |value: &&ValueSource| value.needs_cell() && value.place.is_some_and(|place| place >= cells);
        if let Some(ValueSource { column, .. }) = self.layout.values.iter().find(is_missing) {
            self.problems.push((Some(column.name.to_owned()), format!("the row ends before it: {widths}")));
        }
    }

    fn cell(&self, place: usize) -> &'a str {
        self.cells.get(place).map_or("", |cell| cell.as_ref())
    }

    fn text_of(&self, column: &Column) -> Option<&'a str> {
        self.layout.value(column).and_then(|value| self.text(value))
    }

    /// The trimmed cell of a column, or its default.
    fn text(&self, value: &'a ValueSource) -> Option<&'a str> {
        self.cell_of(value).or(value.default.as_deref()).filter(|text| !text.is_empty())
    }

    /// The trimmed cell of a column, unless it is empty.
    fn cell_of(&self, value: &ValueSource) -> Option<&'a str> {
        value.place.map(|place| self.cell(place).trim()).filter(|text| !text.is_empty())
    }

    /// Adds the tags of the `tag:KEY` columns.
    fn read_tag_columns(&mut self, tags: &mut Vec<(String, String)>) {
        let layout = self.layout;
        for (place, key) in &layout.tags {
            let value = self.cell(*place).trim();
            if value.is_empty() {
                continue;
            }
            let label = format!("tag:{key}");
            match forms::tag(key, value) {
                Err(what) => self.blame(&label, &what, value),
                Ok((key, _)) if has(tags, &key) => self.blame(&label, "the tags cell has this tag too", value),
                Ok(tag) => tags.push(tag),
            }
        }
    }

    /// Adds the default tags whose keys the row does not have; the default of the cell only where that is empty.
    fn add_default_tags(&self, tags: &mut Vec<(String, String)>, is_cell_empty: bool) {
        let defaults = self.options.defaults;
        let single = defaults.tags().map(|(key, value)| (key.to_owned(), value.to_owned()));
        let of_cell = defaults.get(&TAGS).filter(|_| is_cell_empty);
        let of_cell = of_cell.and_then(|text| forms::tags(text).ok()).unwrap_or_default();
        for (key, value) in of_cell.into_iter().chain(single) {
            if !has(tags, &key) {
                tags.push((key, value));
            }
        }
    }

    fn blame(&mut self, label: &str, what: &str, text: &str) {
        self.problems.push((Some(label.to_owned()), format!("{what} ({})", excerpt(text))));
    }
}

fn has(tags: &[(String, String)], key: &str) -> bool {
    tags.iter().any(|(other, _)| other == key)
}
