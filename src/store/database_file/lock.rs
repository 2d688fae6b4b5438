//! The runner's lock: an OS file lock on the database's own file and on one beside it, held for the life of the process.
//! The file beside it says who has the lock, and is all that an older Drydock knows of.
//!
//! The system lets go of it when the process dies, however it dies. So whoever gets it knows that the former
//! runner is dead. The file itself stays: removing it would let two processes lock two files of one name.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::clock::Millis;
use crate::store::backend::descriptor::Descriptor;
use crate::store::backend::file_change::beside;
use crate::store::database::Store;
use crate::store::database_file::lock_file::{Holder, LockWords, Mark, Vitals, held_words, locker};
use crate::store::error::{Result, StoreError};

/// The right to work on a database. Given back when dropped.
#[derive(Debug)]
pub struct RunnerLock {
    words: Arc<LockWords>,
    _guard: Guard,
}

impl RunnerLock {
    /// Takes the lock on the store's database, for `runner` on `host`, now being `since`. While another process has
    /// it the answer is [`StoreError::Held`], or [`StoreError::HeldByFile`] where it has it by another name, at once.
    pub fn acquire(store: &Store, runner: &str, host: &str, since: Millis) -> Result<Self> {
        let from_io = |error| StoreError::from_io(store.name(), error);
        let path = beside(&store.path, ".lock");
        let guard = take(&path, &store.name(), host, &store.descriptor)?;
        let mark = Mutex::new(Mark::read(&guard.file));
        let holder = Holder { runner: runner.to_owned(), host: host.to_owned(), pid: std::process::id(), since };
        let words = Arc::new(LockWords { file: guard.file.clone(), holder, mark });
        words.update(|_| {}).map_err(from_io)?;
        store.file_guard.lock(path, &guard.file)?;
        *held_words(&store.held_words) = Arc::downgrade(&words);
        let lock = Self { words, _guard: guard };
        // A run that saves a copy holds the lock while it does, so that one which is here now was left by a former run.
        store.refuse_unclaimed()?;
        Ok(lock)
    }

    /// What the lock file said of the database when the lock was taken, or what was written since.
    pub(in crate::store) fn mark(&self) -> Option<Mark> {
        self.words.mark().clone()
    }

    /// Writes what the database is by now. It is on the disk when this returns.
    pub(in crate::store) fn set_mark(&self, mark: Mark) -> std::io::Result<()> {
        self.words.update(|words| *words = Some(mark))?;
        self.words.file.sync_data()
    }
}

impl Drop for RunnerLock {
    /// Takes the runner's name out of the file, for people who look into it, and lets go of the lock by closing it.
    fn drop(&mut self) {
        // Nothing depends on it: the lock is what counts, not what the file says.
        let _unwritten = self.words.write(None, self.words.mark().as_ref());
    }
}

impl Store {
    /// Who took the runner's lock and has not given it back, and how that process is, for somebody who is `here`; none
    /// if nobody works on the database. The lock is not touched.
    pub fn holder(&self, here: &str) -> Option<(Holder, Vitals)> {
        let file = File::open(beside(&self.path, ".lock")).ok()?;
        let holder = Holder::read(&file)?;
        let vitals = holder.vitals(here, &file);
        Some((holder, vitals))
    }

    /// What the lock file says of the database. The lock is not touched.
    pub(in crate::store) fn mark(&self) -> Option<Mark> {
        Mark::read(&File::open(beside(&self.path, ".lock")).ok()?)
    }

    /// Notes in the lock file that requests are sent whose intents were committed at `at`, so that an older state of
    /// the database is known as one. To be called between the commit and the requests. Without a lock, as in a
    /// rehearsal, it does nothing.
    pub(in crate::store) fn note_sends(&self, at: Millis) -> Result<()> {
        let Some(words) = held_words(&self.held_words).upgrade() else { return Ok(()) };
        let note = |mark: &mut Option<Mark>| {
            if let Some(mark) = mark {
                mark.sent_at = mark.sent_at.max(Some(at));
            }
        };
        words.update(note).map_err(|error| StoreError::from_io(self.name(), error))
    }
}

/// A lock that is taken for as long as this is not dropped: on the file beside the database, which has the words, and
/// on the database's file itself, which is the same by whatever name.
#[derive(Debug)]
pub(in crate::store) struct Guard {
    file: Arc<File>,
    descriptor: Arc<Descriptor>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Both files may stay open: SQLite's connections keep the database's, and a write of the words its own.
        let _still_open = self.file.unlock();
        if let Some(file) = self.descriptor.file().filter(|_| LOCKS_THE_FILE) {
            let _still_open = file.unlock();
        }
    }
}

/// Elsewhere such a lock and SQLite's own would be in each other's way: only Linux keeps the two kinds apart.
const LOCKS_THE_FILE: bool = cfg!(target_os = "linux");

/// Takes the lock of the database at `path`, without a word in it.
pub(in crate::store) fn only(path: &Path, database: &str, descriptor: &Arc<Descriptor>) -> Result<Guard> {
    take(&beside(path, ".lock"), database, "", descriptor)
}

/// Opens the lock file at `path` and takes the lock on it and on the database, for somebody who is `here`.
fn take(path: &Path, database: &str, here: &str, descriptor: &Arc<Descriptor>) -> Result<Guard> {
    let from_io = |error| StoreError::from_io(database.to_owned(), error);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(path).map_err(from_io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(held(database.to_owned(), &file, here)),
        Err(TryLockError::Error(error)) => return Err(from_io(error)),
    }
    if let Some(own) = descriptor.file().filter(|_| LOCKS_THE_FILE) {
        match own.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::HeldByFile { database: database.to_owned(), pid: locker(own) });
            }
            Err(TryLockError::Error(error)) => return Err(from_io(error)),
        }
    }
    Ok(Guard { file: file.into(), descriptor: descriptor.clone() })
}

/// The error for somebody who is `here` and finds the lock taken.
fn held(database: String, file: &File, here: &str) -> StoreError {
    let holder = Holder::read(file);
    let (runner, host) = holder.as_ref().map_or(("", ""), |it| (&it.runner, &it.host));
    StoreError::Held {
        database,
        runner: runner.to_owned(),
        host: host.to_owned(),
        pid: holder.as_ref().map(|it| it.pid).or_else(|| locker(file)),
        since: holder.as_ref().map(|it| it.since),
        // The answer leads to advice to kill a process.
        stopped: holder.as_ref().is_some_and(|it| it.vitals(here, file) == Vitals::Stopped),
    }
}
