//! Files by what the system calls them, and what may become of one.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileChange {
    /// There is no file of that name any more.
    Deleted,
    /// There is another file of that name.
    Replaced,
    /// It is the same file, but shorter: a VACUUM, or something else was written into it.
    Shortened,
}

impl std::fmt::Display for FileChange {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Deleted => "was deleted",
            Self::Replaced => "was replaced by another file",
            Self::Shortened => "was made shorter by something else",
        })
    }
}

/// A file by what the system calls it, whatever name leads there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Inode {
    pub(in crate::store) device: u64,
    pub(in crate::store) number: u64,
}

impl Inode {
    pub(in crate::store) fn of(metadata: &fs::Metadata) -> Self {
        Self { device: metadata.dev(), number: metadata.ino() }
    }

    /// The file that `path` leads to, if there is one.
    pub(in crate::store) fn at(path: &Path) -> std::io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(Some(Self::of(&metadata))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// `PATH` with `ending` behind its name.
pub(in crate::store) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
