//! What can be wrong with a fleet, in words that say where to look.

use std::fmt;
use std::io;

use crate::intake::row_errors::RowErrors;
use crate::text;

/// One thing that is wrong, at the place where a spreadsheet shows it.
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

/// Why a fleet could not be read. No message holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The fleet was read to its end, and this is wrong with it.
    #[error("{0}")]
    Rows(RowErrors),
    /// The file could not be opened or read.
    #[error("{file}: {error}")]
    Io {
        /// The file or `stdin`.
        file: String,
        /// What the system says.
        error: io::Error,
    },
    /// The database refused, or could not be reached.
    #[error("sql: {0}")]
    Sql(String),
    /// Whoever was to take the rows has gone; the reason is there.
    #[error("the fleet was not read to its end")]
    Stopped,
}

impl IntakeError {
    pub(super) fn io(file: &str, error: io::Error) -> Self {
        Self::Io { file: file.to_owned(), error }
    }
}

/// A cell as messages quote it: printable, and not longer than a line.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    if text.trim().is_empty() {
        return "empty".to_owned();
    }
    let mut shown: String = text.chars().take(MOST).flat_map(printable).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

fn printable(letter: char) -> impl Iterator<Item = char> {
    let hidden = letter == '\u{a0}' || !text::is_visible(letter);
    let escaped = if hidden { letter.escape_default().collect::<Vec<_>>() } else { vec![letter] };
    escaped.into_iter()
}
