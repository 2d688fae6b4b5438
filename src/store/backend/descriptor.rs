//! A descriptor of the database file that is ours, for the runner's lock on the file itself.
//!
//! SQLite's locks are POSIX locks. They belong to the process: when it closes *any* descriptor of a file, all its locks
//! on that file are gone (<https://sqlite.org/howtocorrupt.html>, 2.2). So ours is opened before SQLite opens one, each
//! connection keeps it open, and it is closed after the last connection of this process to the file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::sqlite::SqliteConnectOptions;

use crate::store::backend::file_change::Inode;

/// The descriptors of this process, by file: how many are in use, and those that wait to be closed with the last one.
static FILES: Mutex<BTreeMap<Inode, OpenFile>> = Mutex::new(BTreeMap::new());

#[derive(Debug, Default)]
struct OpenFile {
    users: usize,
    to_close: Vec<File>,
}

/// An open database file. It stays open until the last one of the same file is dropped.
#[derive(Debug)]
pub(in crate::store) struct Descriptor {
    inode: Inode,
    /// There until it is dropped.
    file: Option<File>,
}

impl Descriptor {
    /// Opens the file at `path`, before SQLite does.
    pub(in crate::store) fn open(path: &Path) -> io::Result<Self> {
        // Nobody closes the last descriptor of this file between the opening and the counting.
        let mut files = files();
        let file = File::open(path)?;
        let inode = Inode::of(&file.metadata()?);
        files.entry(inode).or_default().users += 1;
        Ok(Self { inode, file: Some(file) })
    }

    /// Keeps the file open for as long as a connection with these options is: SQLite drops what a collation owns after
    /// it has closed the file. No statement names this collation.
    pub(in crate::store) fn kept_by(self: &Arc<Self>, options: SqliteConnectOptions) -> SqliteConnectOptions {
        let kept = self.clone();
        options.collation("drydock_descriptor", move |one, other| {
            let _kept = &kept;
            one.cmp(other)
        })
    }

    /// The file.
    pub(in crate::store) fn file(&self) -> Option<&File> {
        self.file.as_ref()
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        let mut files = files();
        let Some(open) = files.get_mut(&self.inode) else { return };
        open.users -= 1;
        open.to_close.extend(self.file.take());
        if open.users == 0 {
            files.remove(&self.inode);
        }
    }
}

fn files() -> MutexGuard<'static, BTreeMap<Inode, OpenFile>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn a_file_stays_open_until_the_last_descriptor_of_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("drydock.db");
    std::fs::write(&path, "").unwrap();
    let (one, other) = (Descriptor::open(&path).unwrap(), Descriptor::open(&path).unwrap());
    let inode = one.inode;
    let waiting = || files().get(&inode).map(|open| open.to_close.len());
    drop(one);
    assert_eq!(waiting(), Some(1));
    drop(other);
    assert_eq!(waiting(), None);
}
