//! Why a fleet could not be read.

use std::io;

use crate::intake::row_errors::RowErrors;

/// Why a fleet could not be read. No message holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The fleet was read to its end, and has these errors.
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
    /// The receiver of the rows stopped; it has the reason.
    #[error("the fleet was not read to its end")]
    Stopped,
}

impl IntakeError {
    pub(super) fn io(file: &str, error: io::Error) -> Self {
        Self::Io { file: file.to_owned(), error }
    }
}
