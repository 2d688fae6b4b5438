//! A file that appears whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::report::ReportError;

/// A file in the making, under a temporary name, so that nobody ever reads half a report; dropped before it is done, it
/// leaves nothing: on a full disk half a report is in the way of everybody. A device or a pipe is written to as it is,
/// and a link is followed.
#[derive(Debug)]
pub(super) struct Part {
    /// What it is called by whoever wants it.
    name: PathBuf,
    /// Where it will be.
    path: PathBuf,
    /// Where it is until then.
    meanwhile: PathBuf,
    out: BufWriter<File>,
    /// Still to be removed.
    left: bool,
}

impl Part {
    pub(super) fn begin(name: &Path) -> Result<Self, ReportError> {
        let path = fs::canonicalize(name).unwrap_or_else(|_| name.to_path_buf());
        let special = is_special(&path);
        let meanwhile = if special { path.clone() } else { of(&path) };
        let file = OpenOptions::new().write(true).create(!special).truncate(!special).open(&meanwhile);
        let out = BufWriter::new(file.map_err(|error| ReportError::of(name, error))?);
        Ok(Self { name: name.to_path_buf(), path, meanwhile, out, left: !special })
    }

    /// Whether it is seen by others as it is written.
    pub(super) fn is_special(&self) -> bool {
        self.meanwhile == self.path
    }

    pub(super) fn out(&mut self) -> &mut BufWriter<File> {
        &mut self.out
    }

    /// What went wrong with it.
    pub(super) fn failed(&self, error: io::Error) -> ReportError {
        ReportError::of(&self.name, error)
    }

    /// Gives it its name.
    pub(super) fn done(mut self) -> Result<PathBuf, ReportError> {
        let mut whole = self.out.flush();
        if self.left {
            whole = whole
                .and_then(|()| self.out.get_ref().sync_all())
                .and_then(|()| fs::rename(&self.meanwhile, &self.path));
        }
        whole.map_err(|error| self.failed(error))?;
        self.left = false;
        Ok(self.name.clone())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.left {
            let _still_there = fs::remove_file(&self.meanwhile);
        }
    }
}

/// Whether a device or a pipe is there, whose reader has what is written at once.
pub(super) fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file())
}

/// The temporary name, beside the final one.
pub(super) fn of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    path.with_file_name(name)
}
