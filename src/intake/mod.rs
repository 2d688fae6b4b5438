//! The fleet: a CSV file or the rows of an SQL query, read as a stream, validated, and handed on in chunks.
//!
//! How a row travels: [`csv`] or [`sql`] make cells of it, [`header`] has said which cell is which column,
//! [`row`] and [`cell`] make a [`FleetRow`] of it or say what is wrong, and [`rows`] collects: chunks while all is
//! well, and from the first error on only more errors, so that one reading tells all of them. Beside the keys
//! that find a cluster listed twice, only one chunk is in memory. What is read may have no end, so everything
//! has a limit: the file, its rows, the cells and bytes of a row, and the errors that are kept ([`row_errors`]).

pub mod bounded;
mod cell;
mod column;
mod csv;
mod error;
mod fingerprint;
mod header;
pub mod near;
mod plan;
mod records;
mod row;
mod row_errors;
mod rows;
mod sql;
mod text;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use tokio::sync::mpsc::Sender;

use self::bounded::Bounded;
pub use self::column::{Column, squash};
pub use self::csv::read_csv;
pub use self::error::{IntakeError, RowError};
pub use self::fingerprint::fingerprint;
pub use self::plan::{Defaults, FleetRow, Plan};
pub use self::row_errors::RowErrors;

/// How many rows are handed on at once.
pub const CHUNK: usize = 500;
/// How many rows a fleet may have, without those that are blank; a spreadsheet shows at most 1,048,576.
pub const MOST_ROWS: i64 = 2_000_000;
/// What is said of the first row beyond them.
const TOO_MANY: &str = "a fleet has at most 2000000 rows. Reading stopped here";
/// How many bytes a fleet's file may have.
const MOST_BYTES: u64 = 4 << 30;

/// Where the fleet is.
#[derive(Debug, Clone)]
pub enum Source {
    /// A CSV file; `-` is standard input.
    Csv(PathBuf),
    /// A query, and the database that answers it.
    Sql {
        /// `sqlite:` or `postgres://`; it may hold a password.
        url: SecretString,
        /// One `SELECT`.
        query: String,
    },
}

impl Source {
    /// What stands for the source in messages.
    pub fn name(&self) -> String {
        match self {
            Self::Csv(path) if is_stdin(path) => "stdin".to_owned(),
            Self::Csv(path) => path.display().to_string(),
            Self::Sql { .. } => sql::NAME.to_owned(),
        }
    }
}

/// Reads the whole fleet and sends its valid rows in chunks; answers how many there were, or every error at
/// once. After the first error no more chunks are sent: what was sent before must then be thrown away.
pub async fn read(source: &Source, plan: &Plan<'_>, sink: Sender<Vec<FleetRow>>) -> Result<u64, IntakeError> {
    match source {
        Source::Csv(path) => {
            let (path, name) = (path.clone(), source.name());
            let (operation, defaults, columns) = (plan.operation, plan.defaults.clone(), plan.columns.clone());
            let reading = tokio::task::spawn_blocking(move || {
                let plan = Plan { operation, defaults: &defaults, columns: &columns };
                let mut each = |chunk| sink.blocking_send(chunk).map_err(|_| IntakeError::Stopped);
                read_csv(open(&path, &name)?, &name, &plan, &mut each)
            });
            reading.await.map_err(|error| IntakeError::io(&source.name(), io::Error::other(error)))?
        }
        Source::Sql { url, query } => sql::read(url, query, plan, &sink).await,
    }
}

fn open(path: &Path, name: &str) -> Result<Box<dyn Read>, IntakeError> {
    if is_stdin(path) {
        return Ok(Box::new(Bounded::new(io::stdin().lock(), MOST_BYTES)));
    }
    let file = File::open(path).map_err(|error| IntakeError::io(name, error))?;
    Ok(Box::new(Bounded::new(file, MOST_BYTES)))
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod text_tests;
