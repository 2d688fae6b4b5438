//! The marker file in a directory of reports: it names their database, since two databases may have campaigns of one
//! name.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::{Draft, Readers};

/// The file's name.
const FILE_NAME: &str = ".drydock";

/// The database whose reports are in a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The database's random id.
    pub database: String,
    /// The path of its file when the reports were written.
    pub path: PathBuf,
}

impl Marker {
    /// The marker's path in a directory.
    pub(super) fn path_in(folder: &Path) -> PathBuf {
        folder.join(FILE_NAME)
    }

    /// Reads the marker of a directory; `None` if there is none, or it cannot be read.
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(Self::path_in(folder)).ok()?).ok()
    }

    /// Writes the marker into the directory.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let mut draft = Draft::begin(&Self::path_in(folder), Readers::Usual)?;
        serde_json::to_writer(draft.out(), self)?;
        draft.out().write_all(b"\n")?;
        draft.done().map(drop)
    }
}
