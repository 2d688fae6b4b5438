//! The runner's lock: an OS file lock beside the database, held for the life of the process.
//!
//! The system lets go of it when the process dies, however it dies. So whoever gets it knows that the former
//! runner is dead. The file itself stays: removing it would let two processes lock two files of one name.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::store::watch::beside;
use crate::store::{Result, Store, StoreError};

/// The right to work on a database. Given back when dropped.
#[derive(Debug)]
pub struct RunnerLock {
    file: File,
}

/// Who took the lock and has not given it back, as the lock file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The runner's id.
    pub runner: String,
    /// The host that it runs on.
    pub host: String,
    /// Its process on that host.
    pub pid: u32,
    /// When it took the lock.
    pub since: Millis,
}

/// What is known of the process that took the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vitals {
    /// It has the lock.
    Works,
    /// It has the lock, and has been stopped, as ^Z does: it will not go on before it is continued.
    Stopped,
    /// It has died without giving the lock back, which the next run may take.
    Dead,
    /// It is on another host, or this system does not tell.
    Unknown,
}

impl Vitals {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Stopped => "stopped",
            Self::Dead => "dead",
            Self::Unknown => "unknown",
        }
    }
}

impl RunnerLock {
    /// Takes the lock on the store's database, for `runner` on `host`, now being `since`. While another process has
    /// it the answer is [`StoreError::Held`], at once.
    pub fn acquire(store: &Store, runner: &str, host: &str, since: Millis) -> Result<Self> {
        let of_io = |error| StoreError::of_io(store.name(), error);
        let path = beside(&store.path, ".lock");
        let mut file = take(&path, &store.name(), host)?;
        let holder = Holder { runner: runner.to_owned(), host: host.to_owned(), pid: std::process::id(), since };
        let text = serde_json::to_string(&holder).map_err(|error| StoreError::other(store.name(), error))?;
        file.set_len(0).and_then(|()| writeln!(file, "{text}")).map_err(of_io)?;
        let lock = Self { file };
        store.watch.lock(path, &lock.file)?;
        // A run that saves a copy holds the lock while it does, so that one which is here now was left by a former run.
        store.refuse_unclaimed()?;
        Ok(lock)
    }
}

impl Drop for RunnerLock {
    /// Empties the file, for people who look into it, and lets go of the lock by closing it.
    fn drop(&mut self) {
        // Nothing depends on it: the lock is what counts, not what the file says.
        let _ = self.file.set_len(0);
    }
}

impl Store {
    /// Who took the runner's lock and has not given it back, and how that process is, for somebody who is `here`; none
    /// if nobody works on the database. The lock is not touched.
    pub fn holder(&self, here: &str) -> Option<(Holder, Vitals)> {
        let mut file = File::open(beside(&self.path, ".lock")).ok()?;
        let holder = Holder::read(&mut file)?;
        let vitals = holder.vitals(here, &file);
        Some((holder, vitals))
    }
}

impl Holder {
    fn read(file: &mut File) -> Option<Self> {
        let mut text = String::new();
        file.rewind().and_then(|()| file.read_to_string(&mut text)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// How the process is, as this process sees numbers: it must be the one that has the lock on `file`, and not a
    /// namesake of another host or container. Only Linux tells.
    fn vitals(&self, here: &str, file: &File) -> Vitals {
        let (Ok(locks), Ok(about)) = (fs::read_to_string("/proc/locks"), file.metadata()) else {
            return Vitals::Unknown;
        };
        // `1: FLOCK  ADVISORY  WRITE 4711 fe:00:10012144 0 EOF`
        let (pid, place) = (self.pid.to_string(), format!(":{}", about.ino()));
        let on_file = |lock: &&str| {
            let mut words = lock.split_whitespace();
            words.any(|word| word == "FLOCK") && words.any(|word| word.ends_with(&place))
        };
        let mut holders = locks.lines().filter(on_file).peekable();
        if self.host != here {
            return Vitals::Unknown;
        }
        if holders.peek().is_none() {
            return Vitals::Dead;
        }
        if !holders.any(|lock| lock.split_whitespace().any(|word| word == pid)) {
            return Vitals::Unknown;
        }
        // `4711 (drydock) T ...`; the name in the middle may hold anything, also a parenthesis.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let state = stat.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
        if matches!(state, Some('T' | 't')) { Vitals::Stopped } else { Vitals::Works }
    }
}

/// Takes the lock of the database at `path` for as long as the file is open, without a word in it.
pub(super) fn only(path: &Path, database: &str) -> Result<File> {
    take(&beside(path, ".lock"), database, "")
}

/// Opens the lock file at `path` and takes the lock on it, for somebody who is `here`.
fn take(path: &Path, database: &str, here: &str) -> Result<File> {
    let of_io = |error| StoreError::of_io(database.to_owned(), error);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(path).map_err(of_io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(held(database.to_owned(), &mut file, here)),
        Err(TryLockError::Error(error)) => Err(of_io(error)),
    }
}

/// The error for somebody who is `here` and finds the lock taken.
fn held(database: String, file: &mut File, here: &str) -> StoreError {
    let holder = Holder::read(file);
    let (runner, host) = holder.as_ref().map_or(("(starting)", "(not yet known)"), |it| (&it.runner, &it.host));
    StoreError::Held {
        database,
        runner: runner.to_owned(),
        host: host.to_owned(),
        pid: holder.as_ref().map(|it| it.pid),
        since: holder.as_ref().map(|it| it.since),
        // The answer leads to advice to kill a process.
        stopped: holder.as_ref().is_some_and(|it| it.vitals(here, file) == Vitals::Stopped),
    }
}
