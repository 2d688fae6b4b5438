//! Reports out of the store: one row a job, in the fleet's order, streamed.

mod all;
mod csv;
mod existing;
mod jsonl;
mod marker;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::files::{Draft, Readers, remove_stale_drafts};
use crate::store::{Campaign, Store, StoreError};

pub use all::{Written, write_all};
pub use existing::may_replace;
pub use jsonl::{event_json, job_json};
pub use marker::Marker;

/// In which form a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header line, safe to open in a spreadsheet.
    Csv,
    /// The same behind a byte-order mark, by which Excel knows that it is UTF-8.
    CsvForExcel,
    /// One JSON object a line, with the job's history.
    Jsonl,
}

impl Format {
    /// All formats that have a name of their own.
    pub const ALL: [Self; 2] = [Self::Csv, Self::Jsonl];

    /// The name on the command line, which is also the file's ending.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv | Self::CsvForExcel => "csv",
            Self::Jsonl => "jsonl",
        }
    }
}

/// Why there is no report.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The job table could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The report could not be written.
    #[error("cannot write the report to {path}: {error}", path = .path.display())]
    Write {
        /// Where it was to be.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Nobody reads any more; no error for a command line.
    #[error("the reader of the report has closed it")]
    Closed,
}

impl ReportError {
    /// What the system said when something was written to `path`.
    fn of(path: &Path, error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Closed;
        }
        Self::Write { path: path.to_path_buf(), error }
    }
}

/// Writes the report of `campaign` to `out`, whose reader has each line at once: JSON lines not before an audit has found
/// that all of it fits.
pub async fn write(
    store: &Store,
    campaign: &Campaign,
    format: Format,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    stream(store, campaign, format, out).await.map_err(|failure| failure.of(Path::new("standard output")))
}

/// Writes the report to `path`, where it appears whole or not at all.
pub async fn write_to(store: &Store, campaign: &Campaign, format: Format, path: &Path) -> Result<PathBuf, ReportError> {
    let of_io = |error| ReportError::of(path, error);
    let mut draft = Draft::begin(path, Readers::Usual).map_err(of_io)?;
    let written = match format {
        Format::Jsonl if !draft.is_special() => jsonl::write(store, campaign, draft.out()).await,
        _ => stream(store, campaign, format, draft.out()).await,
    };
    match written {
        Ok(()) => draft.done().map_err(of_io),
        Err(failure) => Err(failure.of(path)),
    }
}

/// Whether reports could be written into `folder`, which is made if need be: better known before the work than after.
/// What killed processes have left half written there is removed, or each would leave as much again.
pub fn prepare(folder: &Path) -> Result<(), ReportError> {
    let trial = folder.join("report");
    fs::create_dir_all(folder)
        .and_then(|()| {
            paths(folder)
                .iter()
                .chain([&Marker::path_in(folder), &trial])
                .try_for_each(|path| remove_stale_drafts(path))
        })
        .and_then(|()| Draft::begin(&trial, Readers::Usual))
        .map(drop)
        .map_err(|error| ReportError::of(folder, error))
}

/// The reports that a run writes into `folder`.
pub fn paths(folder: &Path) -> [PathBuf; 2] {
    Format::ALL.map(|format| folder.join(format!("report.{}", format.name())))
}

async fn stream(store: &Store, campaign: &Campaign, format: Format, out: &mut impl Write) -> Result<(), Failure> {
    match format {
        Format::Csv => csv::write(store, campaign, false, out).await,
        Format::CsvForExcel => csv::write(store, campaign, true, out).await,
        Format::Jsonl => jsonl::stream(store, campaign, out).await,
    }
}

/// What can go wrong inside; where it was written to is added above.
#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure {
    /// The same, by whoever knows where it was written to.
    fn of(self, path: &Path) -> ReportError {
        match self {
            Self::Io(error) => ReportError::of(path, error),
            Self::Store(error) => error.into(),
        }
    }
}
