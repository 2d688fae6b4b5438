//! Whether the files that were opened are still the ones that their names lead to.
//!
//! A file that is deleted or replaced lives on for whoever has it open: SQLite would go on writing into what nobody
//! will ever read, and the next run would know of no request that was sent. So each transaction looks at the names
//! before and after it begins and once more when it has committed, and an intent that the next run could not find is
//! not acted upon. Files are looked at by name and never opened here: closing one would drop the locks that SQLite has
//! on it.
//!
//! What cannot be told: a backup that is copied *into* the database file, if it is no shorter than that file was.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::store::{Result, StoreError};

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// There is no file of that name any more.
    Deleted,
    /// There is another file of that name.
    Replaced,
    /// It is the same file, but shorter: a VACUUM, or something else was written into it.
    Shortened,
}

impl std::fmt::Display for Fate {
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
pub(super) struct Inode {
    pub(super) device: u64,
    pub(super) number: u64,
}

impl Inode {
    pub(super) fn of(metadata: &fs::Metadata) -> Self {
        Self { device: metadata.dev(), number: metadata.ino() }
    }

    /// The file that `path` leads to, if there is one.
    pub(super) fn at(path: &Path) -> std::io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(Some(Self::of(&metadata))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[derive(Debug)]
struct Watched {
    path: PathBuf,
    inode: Inode,
    /// The longest that it was. SQLite makes a database shorter only at a VACUUM, which Drydock never asks for.
    length: u64,
    kind: Kind,
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Database,
    /// The write-ahead log or its index, which become shorter and longer.
    Log,
    /// The runner's lock.
    Lock,
}

/// The files of one database.
#[derive(Debug)]
pub(super) struct Watch {
    database: String,
    files: Mutex<Vec<Watched>>,
}

impl Watch {
    /// Watches the database at `path`, which is open, with the files that SQLite keeps beside it.
    pub(super) fn over(path: &Path, database: String) -> Result<Self> {
        let watch = Self { database, files: Mutex::default() };
        watch.add(path.to_owned(), None, Kind::Database)?;
        watch.add(beside(path, "-wal"), None, Kind::Log)?;
        watch.add(beside(path, "-shm"), None, Kind::Log)?;
        Ok(watch)
    }

    /// Watches the runner's lock as well, which is this file.
    pub(super) fn lock(&self, path: PathBuf, lock: &fs::File) -> Result<()> {
        let metadata = lock.metadata().map_err(|error| self.of_io(error))?;
        self.add(path, Some(Inode::of(&metadata)), Kind::Lock)
    }

    /// Watches the file at `path`: the one that is there, or the one that ought to be.
    fn add(&self, path: PathBuf, inode: Option<Inode>, kind: Kind) -> Result<()> {
        let metadata = fs::metadata(&path).map_err(|error| self.of_io(error))?;
        let inode = inode.unwrap_or_else(|| Inode::of(&metadata));
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|file| file.path != path);
        files.push(Watched { path, inode, length: metadata.len(), kind });
        Ok(())
    }

    /// [`StoreError::Displaced`] or [`StoreError::LockLost`] if a file is no longer what it was.
    pub(super) fn check(&self) -> Result<()> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        for file in files.iter_mut() {
            let Some(fate) = file.fate().map_err(|error| self.of_io(error))? else { continue };
            let path = file.path.display().to_string();
            return Err(match file.kind {
                Kind::Lock => StoreError::LockLost { file: path, fate },
                _ => StoreError::Displaced { file: path, fate },
            });
        }
        Ok(())
    }

    /// Whether `path` leads to the file that was opened, or nowhere.
    pub(super) fn has_no_other_at(&self, path: &Path) -> std::io::Result<bool> {
        let Some(found) = Inode::at(path)? else { return Ok(true) };
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(files.iter().any(|file| file.path == path && file.inode == found))
    }

    fn of_io(&self, error: std::io::Error) -> StoreError {
        StoreError::of_io(self.database.clone(), error)
    }
}

impl Watched {
    fn fate(&mut self) -> std::io::Result<Option<Fate>> {
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Some(Fate::Deleted)),
            Err(error) => return Err(error),
        };
        if Inode::of(&metadata) != self.inode {
            return Ok(Some(Fate::Replaced));
        }
        if self.kind == Kind::Database && metadata.len() < self.length {
            return Ok(Some(Fate::Shortened));
        }
        self.length = metadata.len();
        Ok(None)
    }
}

/// `PATH` with `ending` behind its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
