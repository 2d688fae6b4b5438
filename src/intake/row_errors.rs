//! The errors of a fleet's rows: all are counted, and as many are kept as somebody can read.

use std::collections::HashMap;
use std::fmt;

use crate::intake::excerpt::excerpt;
use crate::text;

/// How many errors of one column are kept; those that follow mostly say the same.
const MOST_OF_A_COLUMN: u64 = 100;
/// How many errors are kept in all.
const MOST_IN_ALL: usize = 1000;
/// How many columns have a count of their own.
const MOST_COLUMNS: usize = 100;
/// How long a text is kept, in characters: a header may be as long as a row.
const MOST_CHARS: usize = 2000;

/// One error, at the place where a spreadsheet shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The file, `stdin` or `sql`.
    pub file: String,
    /// The row as a spreadsheet counts, or the row of the query's answer.
    pub row: Option<i64>,
    /// `project/cluster` of a query's row, which has no place that one could look at.
    pub cluster: Option<String>,
    /// The column.
    pub column: Option<String>,
    /// What is wrong, and what was read.
    pub what: String,
}

impl fmt::Display for RowError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&text::visible(&self.file))?;
        if let Some(row) = self.row {
            write!(out, ":{row}")?;
        }
        if let Some(cluster) = &self.cluster {
            write!(out, " ({})", text::visible(cluster))?;
        }
        if let Some(column) = &self.column {
            write!(out, ":{}", text::visible(column))?;
        }
        write!(out, ": {}", text::visible(&self.what))
    }
}

/// Errors of rows: the first of each column, and how many more there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowErrors {
    kept: Vec<RowError>,
    columns: Vec<ColumnErrors>,
    /// The place of each column in `columns`.
    places: HashMap<Option<String>, usize>,
    count: u64,
}

/// The errors of one column, or of all columns beyond those that have a count of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ColumnErrors {
    file: String,
    column: Option<String>,
    kept: u64,
    more: u64,
    last_row: Option<i64>,
}

impl RowErrors {
    /// How many errors there are, kept or not.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The errors that were kept, in the order in which they were found.
    pub fn kept(&self) -> &[RowError] {
        &self.kept
    }

    /// Counts an error, and keeps it if there is room.
    pub fn push(&mut self, mut error: RowError) {
        self.count += 1;
        error.column = error.column.map(|column| excerpt(&column));
        let is_full = self.kept.len() >= MOST_IN_ALL;
        let errors = self.of_column(&error);
        if !is_full && errors.kept < MOST_OF_A_COLUMN {
            errors.kept += 1;
            if let Some((end, _)) = error.what.char_indices().nth(MOST_CHARS) {
                error.what.truncate(end);
                error.what.push('…');
            }
            self.kept.push(error);
        } else {
            errors.more += 1;
            errors.last_row = error.row;
        }
    }

    fn of_column(&mut self, error: &RowError) -> &mut ColumnErrors {
        let is_known = self.places.contains_key(&error.column);
        let column = if is_known || self.columns.len() < MOST_COLUMNS { error.column.clone() } else { None };
        let place = *self.places.entry(column.clone()).or_insert(self.columns.len());
        if place == self.columns.len() {
            let file = error.file.clone();
            self.columns.push(ColumnErrors { file, column, kept: 0, more: 0, last_row: None });
        }
        &mut self.columns[place]
    }
}

impl From<RowError> for RowErrors {
    fn from(error: RowError) -> Self {
        Self::from_iter([error])
    }
}

impl FromIterator<RowError> for RowErrors {
    fn from_iter<I: IntoIterator<Item = RowError>>(all: I) -> Self {
        let mut errors = Self::default();
        all.into_iter().for_each(|error| errors.push(error));
        errors
    }
}

impl fmt::Display for RowErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = self.kept.iter().map(ToString::to_string).chain(self.columns.iter().filter_map(more));
        if let Some(first) = lines.next() {
            out.write_str(&first)?;
        }
        lines.try_for_each(|line| write!(out, "\n{line}"))
    }
}

/// The errors of a column that were not kept, as one line.
fn more(errors: &ColumnErrors) -> Option<String> {
    let ColumnErrors { file, column, more, last_row, .. } = errors;
    let column = column.as_ref().map_or_else(String::new, |column| format!(":{column}"));
    let last = last_row.map_or_else(String::new, |row| format!(", the last in row {row}"));
    (*more > 0).then(|| format!("{file}{column}: and {more} more{last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(row: i64, column: &str) -> RowError {
        let (file, column) = ("q4.csv".to_owned(), Some(column.to_owned()));
        RowError { file, row: Some(row), cluster: None, column, what: "is wrong".to_owned() }
    }

    #[test]
    fn a_few_errors_are_all_told() {
        let errors: RowErrors = (2..102).map(|row| error(row, "region")).collect();
        assert_eq!((errors.count(), errors.to_string().lines().count()), (100, 100));
    }

    #[test]
    fn fifty_thousand_errors_of_a_column_are_a_hundred_lines_and_a_count() {
        let mut errors: RowErrors = (2..50_002).map(|row| error(row, "region")).collect();
        errors.push(error(7, "provider"));
        let told = errors.to_string();
        assert_eq!((errors.count(), told.lines().count()), (50_001, 102));
        assert_eq!(told.lines().nth(100), Some("q4.csv:7:provider: is wrong"));
        assert_eq!(told.lines().last(), Some("q4.csv:region: and 49900 more, the last in row 50001"));
    }

    #[test]
    fn errors_of_many_columns_and_long_texts_are_bounded_and_counted() {
        let mut errors = RowErrors::default();
        for column in 0..5000 {
            errors.push(RowError { what: "x".repeat(1 << 13), ..error(1, &format!("{column}{}", "y".repeat(1 << 9))) });
        }
        let told = errors.to_string();
        assert_eq!((errors.count(), errors.kept().len()), (5000, 200));
        assert!(
            told.len() < 200 * 3000 && told.ends_with("q4.csv: and 4800 more, the last in row 1"),
            "{}",
            told.len()
        );
    }
}
