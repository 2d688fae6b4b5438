//! Why there is no report.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::store::StoreError;

/// Why there is no report.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The database could not be read, or its audit failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The report could not be written.
    #[error("cannot write the report to {path}: {error}", path = .path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The reader of a pipe has closed it, which is no error on a command line.
    #[error("the reader of the report has closed it")]
    Closed,
}

impl ReportError {
    /// The error for a failed write to `path`.
    pub(super) fn writing(path: &Path, error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Closed;
        }
        Self::Write { path: path.to_path_buf(), error }
    }
}

/// Why a report could not be written, from code that does not know where it goes.
#[derive(Debug, Error)]
pub(super) enum WriteError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WriteError {
    /// The same error, with the path that was written to.
    pub(super) fn at(self, path: &Path) -> ReportError {
        match self {
            Self::Io(error) => ReportError::writing(path, error),
            Self::Store(error) => error.into(),
        }
    }
}
