//! The marker in a directory of reports, which says whose they are: two databases may have campaigns of one name.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::{Draft, Readers};

/// What the file is called.
const NAME: &str = ".drydock";

/// The database whose reports a directory has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Its id.
    pub database: String,
    /// Where it was when the reports were written.
    pub path: PathBuf,
}

impl Marker {
    /// Where it is in a directory.
    pub(super) fn path_in(folder: &Path) -> PathBuf {
        folder.join(NAME)
    }

    /// What the directory says; nothing if it has no marker, or one that cannot be read.
    pub fn of(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(Self::path_in(folder)).ok()?).ok()
    }

    /// Writes it into the directory.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let mut draft = Draft::begin(&Self::path_in(folder), Readers::Usual)?;
        serde_json::to_writer(draft.out(), self)?;
        draft.out().write_all(b"\n")?;
        draft.done().map(drop)
    }
}
