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
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::store::backend::file_change::{FileChange, Inode, beside};
use crate::store::error::{Result, StoreError};

#[derive(Debug)]
struct GuardedFile {
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
pub(in crate::store) struct FileGuard {
    database: String,
    files: Mutex<Vec<GuardedFile>>,
}

impl FileGuard {
    /// Watches the database at `path`, which is open, with the files that SQLite keeps beside it.
    pub(in crate::store) fn new(path: &Path, database: String) -> Result<Self> {
        let guard = Self { database, files: Mutex::default() };
        guard.add(path.to_owned(), None, Kind::Database)?;
        guard.add(beside(path, "-wal"), None, Kind::Log)?;
        guard.add(beside(path, "-shm"), None, Kind::Log)?;
        Ok(guard)
    }

    /// Watches the runner's lock as well, which is this file.
    pub(in crate::store) fn lock(&self, path: PathBuf, lock: &fs::File) -> Result<()> {
        let metadata = lock.metadata().map_err(|error| self.io_error(error))?;
        self.add(path, Some(Inode::of(&metadata)), Kind::Lock)
    }

    /// Watches the file at `path`: the one that is there, or the one that ought to be.
    fn add(&self, path: PathBuf, inode: Option<Inode>, kind: Kind) -> Result<()> {
        let metadata = fs::metadata(&path).map_err(|error| self.io_error(error))?;
        let inode = inode.unwrap_or_else(|| Inode::of(&metadata));
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|file| file.path != path);
        files.push(GuardedFile { path, inode, length: metadata.len(), kind });
        Ok(())
    }

    /// [`StoreError::Displaced`] or [`StoreError::LockLost`] if a file is no longer what it was.
    pub(in crate::store) fn check(&self) -> Result<()> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        for file in files.iter_mut() {
            let Some(change) = file.change().map_err(|error| self.io_error(error))? else { continue };
            let path = file.path.display().to_string();
            return Err(match file.kind {
                Kind::Lock => StoreError::LockLost { file: path, change },
                _ => StoreError::Displaced { file: path, change },
            });
        }
        Ok(())
    }

    /// Whether `path` leads to the file that was opened, or nowhere.
    pub(in crate::store) fn has_no_other_at(&self, path: &Path) -> std::io::Result<bool> {
        let Some(found) = Inode::at(path)? else { return Ok(true) };
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(files.iter().any(|file| file.path == path && file.inode == found))
    }

    fn io_error(&self, error: std::io::Error) -> StoreError {
        StoreError::from_io(self.database.clone(), error)
    }
}

impl GuardedFile {
    fn change(&mut self) -> std::io::Result<Option<FileChange>> {
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Some(FileChange::Deleted)),
            Err(error) => return Err(error),
        };
        if Inode::of(&metadata) != self.inode {
            return Ok(Some(FileChange::Replaced));
        }
        if self.kind == Kind::Database && metadata.len() < self.length {
            return Ok(Some(FileChange::Shortened));
        }
        self.length = metadata.len();
        Ok(None)
    }
}
