//! Reports out of the store: one row a job, in the fleet's order, streamed.

mod csv;
mod jsonl;
#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::store::{Campaign, Digest, Store, StoreError};

pub use jsonl::{event_json, job_json};

/// In which form a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header line, safe to open in a spreadsheet.
    Csv,
    /// One JSON object a line, with the job's history.
    Jsonl,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Csv, Self::Jsonl];

    /// The name on the command line, which is also the file's ending.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
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

/// Writes the report of `campaign` to `out`. JSON lines have the campaign's digest: the one that is `known`, if it was
/// just audited, or else it is now.
pub async fn write(
    store: &Store,
    campaign: &Campaign,
    format: Format,
    known: Option<Digest>,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let result = match format {
        Format::Csv => csv::write(store, campaign, out).await,
        Format::Jsonl => jsonl::write(store, campaign, known, out).await,
    };
    match result {
        Err(Failure::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Err(ReportError::Closed),
        Err(Failure::Io(error)) => Err(ReportError::Write { path: PathBuf::from("standard output"), error }),
        Err(Failure::Store(error)) => Err(error.into()),
        Ok(()) => Ok(()),
    }
}

/// Writes `report.FORMAT` into `folder`, which is made if need be. Returns where it is.
pub async fn write_file(
    store: &Store,
    campaign: &Campaign,
    format: Format,
    known: Option<Digest>,
    folder: &Path,
) -> Result<PathBuf, ReportError> {
    let path = folder.join(format!("report.{}", format.name()));
    fs::create_dir_all(folder).map_err(|error| ReportError::Write { path: folder.to_path_buf(), error })?;
    write_to(store, campaign, format, known, &path).await?;
    Ok(path)
}

/// Writes the report to `path`: under a temporary name first, so that nobody ever reads half a report. A device or
/// a pipe is written to as it is, and a link is followed.
pub async fn write_to(
    store: &Store,
    campaign: &Campaign,
    format: Format,
    known: Option<Digest>,
    path: &Path,
) -> Result<(), ReportError> {
    let failed = |error| ReportError::Write { path: path.to_path_buf(), error };
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let special = fs::metadata(&path).is_ok_and(|found| !found.is_file());
    let part = if special { path.clone() } else { part_of(&path) };
    let file = OpenOptions::new().write(true).create(!special).truncate(!special).open(&part).map_err(failed)?;
    let mut out = BufWriter::new(file);
    let written = match write(store, campaign, format, known, &mut out).await {
        Err(ReportError::Write { error, .. }) => Err(failed(error)),
        Err(other) => Err(other),
        Ok(()) => out.into_inner().map_err(|error| failed(error.into_error())),
    };
    if special {
        return written.map(drop);
    }
    let whole = written.and_then(|file| file.sync_all().and_then(|()| fs::rename(&part, &path)).map_err(failed));
    if whole.is_err() {
        // On a full disk half a report is in the way of everybody.
        let _still_there = fs::remove_file(&part);
    }
    whole
}

/// The temporary name, beside the final one.
fn part_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    path.with_file_name(name)
}

/// Whether reports could be written into `folder`, which is made if need be: better known before the work than after.
pub fn prepare(folder: &Path) -> Result<(), ReportError> {
    let probe = part_of(&folder.join("report"));
    fs::create_dir_all(folder)
        .and_then(|()| File::create(&probe))
        .and_then(|_| fs::remove_file(&probe))
        .map_err(|error| ReportError::Write { path: folder.to_path_buf(), error })
}

/// What can go wrong inside; where it was written to is added above.
#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<::csv::Error> for Failure {
    fn from(error: ::csv::Error) -> Self {
        match error.into_kind() {
            ::csv::ErrorKind::Io(error) => Self::Io(error),
            other => Self::Io(io::Error::other(format!("{other:?}"))),
        }
    }
}
