//! The runner's lock: an OS file lock beside the database, held for the life of the process.
//!
//! The system lets go of it when the process dies, however it dies. So whoever gets it knows that the former
//! runner is dead. The file itself stays: removing it would let two processes lock two files of one name.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::store::watch::beside;
use crate::store::{Result, Store, StoreError};

/// The right to work on a database. Given back when dropped.
#[derive(Debug)]
pub struct RunnerLock {
    file: File,
}

/// What the lock file says about its holder.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    runner: String,
    host: String,
    pid: u32,
    since: Millis,
}

impl RunnerLock {
    /// Takes the lock on the store's database, for `runner` on `host`, now being `since`. While another process has
    /// it the answer is [`StoreError::Held`], at once.
    pub fn acquire(store: &Store, runner: &str, host: &str, since: Millis) -> Result<Self> {
        let of_io = |error| StoreError::of_io(store.name(), error);
        let path = beside(&store.path, ".lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(of_io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(store, &mut file, host)),
            Err(TryLockError::Error(error)) => return Err(of_io(error)),
        }
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

/// Who has the lock, as far as the file says, for somebody who is `here`.
fn held(store: &Store, file: &mut File, here: &str) -> StoreError {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    let holder: Option<Holder> = read.ok().and_then(|_| serde_json::from_str(&text).ok());
    let (runner, host) = holder.as_ref().map_or(("(starting)", "(not yet known)"), |it| (&it.runner, &it.host));
    StoreError::Held {
        database: store.name(),
        runner: runner.to_owned(),
        host: host.to_owned(),
        pid: holder.as_ref().map(|it| it.pid),
        since: holder.as_ref().map(|it| it.since),
        stopped: holder.as_ref().is_some_and(|it| it.host == here && is_stopped(it.pid, file)),
    }
}

/// Whether process `pid`, as this process sees numbers, has the lock on `file` and is stopped (SIGSTOP, ^Z, a
/// debugger). False where the system does not tell, which is anywhere but on Linux: the answer leads to advice to
/// kill a process, so it must be that one and not a namesake of another host or container.
fn is_stopped(pid: u32, file: &File) -> bool {
    let (Ok(locks), Ok(about)) = (fs::read_to_string("/proc/locks"), file.metadata()) else { return false };
    // `1: FLOCK  ADVISORY  WRITE 4711 fe:00:10012144 0 EOF`
    let (pid, place) = (pid.to_string(), format!(":{}", about.ino()));
    let holds = |lock: &str| {
        let words: Vec<&str> = lock.split_whitespace().collect();
        words.contains(&"FLOCK") && words.contains(&pid.as_str()) && words.iter().any(|word| word.ends_with(&place))
    };
    // `4711 (drydock) T ...`; the name in the middle may hold anything, also a parenthesis.
    let state =
        || fs::read_to_string(format!("/proc/{pid}/stat")).ok()?.rsplit(')').next()?.trim_start().chars().next();
    locks.lines().any(holds) && matches!(state(), Some('T' | 't'))
}
