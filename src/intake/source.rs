//! Where a fleet is read from.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::intake::bounded::BoundedReader;
use crate::intake::error::IntakeError;
use crate::intake::limits::MOST_BYTES;

/// The name of a query in messages.
pub(super) const SQL: &str = "sql";

/// Where the fleet is.
#[derive(Debug, Clone)]
pub enum FleetSource {
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

impl FleetSource {
    /// The name of the source in messages.
    pub fn name(&self) -> String {
        match self {
            Self::Csv(path) if is_stdin(path) => "stdin".to_owned(),
            Self::Csv(path) => path.display().to_string(),
            Self::Sql { .. } => SQL.to_owned(),
        }
    }
}

/// Opens a CSV file; `name` is its name in messages.
pub(super) fn open(path: &Path, name: &str) -> Result<Box<dyn Read>, IntakeError> {
    if is_stdin(path) {
        return Ok(Box::new(BoundedReader::new(io::stdin().lock(), MOST_BYTES)));
    }
    let file = File::open(path).map_err(|error| IntakeError::io(name, error))?;
    Ok(Box::new(BoundedReader::new(file, MOST_BYTES)))
}

/// Whether a path means standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}
