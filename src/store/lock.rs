//! The runner's lock: an OS file lock on the database's own file and on one beside it, held for the life of the process.
//! The file beside it says who has the lock, and is all that an older Drydock knows of.
//!
//! The system lets go of it when the process dies, however it dies. So whoever gets it knows that the former
//! runner is dead. The file itself stays: removing it would let two processes lock two files of one name.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{self, Millis};
use crate::store::descriptor::Descriptor;
use crate::store::watch::beside;
use crate::store::{Result, Store, StoreError};

/// The right to work on a database. Given back when dropped.
#[derive(Debug)]
pub struct RunnerLock {
    words: Arc<LockWords>,
    _guard: Guard,
}

/// The words in the file of a lock that is held.
#[derive(Debug)]
pub(super) struct LockWords {
    file: Arc<File>,
    holder: Holder,
    mark: Mutex<Option<Mark>>,
}

/// The way from a store to the words of the lock that its process holds, if it holds it.
pub(super) type HeldWords = Arc<Mutex<Weak<LockWords>>>;

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

/// Which state of which database the lock's file was last taken for. It stays when the lock is given back, so that an
/// older state of the database is noticed ([`Origin`](crate::store::Origin)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The database's id.
    pub(super) database: String,
    /// How often it has been written into the database who it is.
    pub(super) generation: i64,
    /// When the newest intent was committed whose request may have been sent. It is written before the request leaves,
    /// and is not synchronised: a power cut that loses it loses nothing of the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sent_at: Option<Millis>,
    /// When the file was written last, by the system's clock.
    written_at: Millis,
    /// The file was changed since by somebody else, as a backup of the whole directory does that is put back: nobody can
    /// choose the time that the system keeps of that. It stays until a run has seen to it.
    #[serde(default)]
    pub(super) put_back: bool,
}

/// The system keeps the time of a change a moment after we have read the clock.
const MOMENT: Duration = Duration::from_secs(10);

/// What the lock file says.
#[derive(Serialize)]
struct Words<'a> {
    #[serde(flatten)]
    holder: Option<&'a Holder>,
    #[serde(flatten)]
    mark: Option<&'a Mark>,
}

impl RunnerLock {
    /// Takes the lock on the store's database, for `runner` on `host`, now being `since`. While another process has
    /// it the answer is [`StoreError::Held`], or [`StoreError::HeldByFile`] where it has it by another name, at once.
    pub fn acquire(store: &Store, runner: &str, host: &str, since: Millis) -> Result<Self> {
        let of_io = |error| StoreError::of_io(store.name(), error);
        let path = beside(&store.path, ".lock");
        let guard = take(&path, &store.name(), host, &store.descriptor)?;
        let mark = Mutex::new(Mark::read(&guard.file));
        let holder = Holder { runner: runner.to_owned(), host: host.to_owned(), pid: std::process::id(), since };
        let words = Arc::new(LockWords { file: guard.file.clone(), holder, mark });
        words.update(|_| {}).map_err(of_io)?;
        store.watch.lock(path, &guard.file)?;
        *held_words(&store.held_words) = Arc::downgrade(&words);
        let lock = Self { words, _guard: guard };
        // A run that saves a copy holds the lock while it does, so that one which is here now was left by a former run.
        store.refuse_unclaimed()?;
        Ok(lock)
    }

    /// What the lock file said of the database when the lock was taken, or what was written since.
    pub(super) fn mark(&self) -> Option<Mark> {
        self.words.mark().clone()
    }

    /// Writes what the database is by now. It is on the disk when this returns.
    pub(super) fn set_mark(&self, mark: Mark) -> std::io::Result<()> {
        self.words.update(|words| *words = Some(mark))?;
        self.words.file.sync_data()
    }
}

impl LockWords {
    /// Changes the mark, and writes it.
    fn update(&self, change: impl FnOnce(&mut Option<Mark>)) -> std::io::Result<()> {
        let mut mark = self.mark();
        change(&mut mark);
        self.write(Some(&self.holder), mark.as_ref())
    }

    fn mark(&self) -> MutexGuard<'_, Option<Mark>> {
        self.mark.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, holder: Option<&Holder>, mark: Option<&Mark>) -> std::io::Result<()> {
        let mark = mark.map(|mark| Mark { written_at: clock::wall(), ..mark.clone() });
        let words = Words { holder, mark: mark.as_ref() };
        let text = if holder.is_none() && mark.is_none() { String::new() } else { json_line(&words)? };
        // Written over, not emptied first: whoever dies in between leaves no empty file.
        self.file.write_all_at(text.as_bytes(), 0)?;
        let length = text.len() as u64;
        if self.file.metadata()?.len() == length { Ok(()) } else { self.file.set_len(length) }
    }
}

fn held_words(words: &HeldWords) -> MutexGuard<'_, Weak<LockWords>> {
    words.lock().unwrap_or_else(PoisonError::into_inner)
}

fn json_line(words: &Words<'_>) -> std::io::Result<String> {
    Ok(format!("{}\n", serde_json::to_string(words)?))
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
    pub(super) fn mark(&self) -> Option<Mark> {
        Mark::read(&File::open(beside(&self.path, ".lock")).ok()?)
    }

    /// Notes in the lock file that requests are sent whose intents were committed at `at`, so that an older state of
    /// the database is known as one. To be called between the commit and the requests. Without a lock, as in a
    /// rehearsal, it does nothing.
    pub(super) fn note_sends(&self, at: Millis) -> Result<()> {
        let Some(words) = held_words(&self.held_words).upgrade() else { return Ok(()) };
        let note = |mark: &mut Option<Mark>| {
            if let Some(mark) = mark {
                mark.sent_at = mark.sent_at.max(Some(at));
            }
        };
        words.update(note).map_err(|error| StoreError::of_io(self.name(), error))
    }
}

impl Mark {
    /// The mark of a database after its identity was written.
    pub(super) fn new(database: String, generation: i64, sent_at: Option<Millis>) -> Self {
        Self { database, generation, sent_at, written_at: Millis(0), put_back: false }
    }

    fn read(file: &File) -> Option<Self> {
        let mut mark: Self = serde_json::from_str(&first_line(file)?).ok()?;
        let metadata = file.metadata().ok()?;
        let changed_at = Millis(metadata.ctime().saturating_mul(1000));
        mark.put_back |= changed_at > mark.written_at.after(MOMENT);
        Some(mark)
    }
}

/// What the lock file says. Whoever dies while it writes a shorter line leaves the rest of the longer one behind it.
fn first_line(mut file: &File) -> Option<String> {
    let mut text = String::new();
    file.rewind().and_then(|()| file.read_to_string(&mut text)).ok()?;
    text.lines().next().map(str::to_owned)
}

impl Holder {
    fn read(file: &File) -> Option<Self> {
        serde_json::from_str(&first_line(file)?).ok()
    }

    /// How the process is, as this process sees numbers: it must be the one that has the lock on `file`, and not a
    /// namesake of another host or container. Only Linux tells.
    fn vitals(&self, here: &str, file: &File) -> Vitals {
        let Some(holders) = lockers(file) else { return Vitals::Unknown };
        if self.host != here {
            return Vitals::Unknown;
        }
        if holders.is_empty() {
            return Vitals::Dead;
        }
        if !holders.contains(&i64::from(self.pid)) {
            return Vitals::Unknown;
        }
        // `4711 (drydock) T ...`; the name in the middle may hold anything, also a parenthesis.
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        let state = stat.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
        if matches!(state, Some('T' | 't')) { Vitals::Stopped } else { Vitals::Works }
    }
}

/// The processes that have a lock on `file`, as this process sees their numbers: 0 and less for one that it does not
/// see. None where the system does not tell.
fn lockers(file: &File) -> Option<Vec<i64>> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let place = format!(":{}", file.metadata().ok()?.ino());
    // `1: FLOCK  ADVISORY  WRITE 4711 fe:00:10012144 0 EOF`
    let of = |lock: &str| {
        let words: Vec<&str> = lock.split_whitespace().collect();
        let kind = words.iter().position(|word| *word == "FLOCK")?;
        let on_file = words.get(kind + 4).is_some_and(|word| word.ends_with(&place));
        on_file.then(|| words.get(kind + 3).and_then(|pid| pid.parse().ok()).unwrap_or_default())
    };
    Some(locks.lines().filter_map(of).collect())
}

/// One of them that this process sees, if any.
fn locker(file: &File) -> Option<u32> {
    lockers(file)?.into_iter().find_map(|pid| u32::try_from(pid).ok().filter(|pid| *pid > 0))
}

/// A lock that is taken for as long as this is not dropped: on the file beside the database, which has the words, and
/// on the database's file itself, which is the same by whatever name.
#[derive(Debug)]
pub(super) struct Guard {
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
pub(super) fn only(path: &Path, database: &str, descriptor: &Arc<Descriptor>) -> Result<Guard> {
    take(&beside(path, ".lock"), database, "", descriptor)
}

/// Opens the lock file at `path` and takes the lock on it and on the database, for somebody who is `here`.
fn take(path: &Path, database: &str, here: &str, descriptor: &Arc<Descriptor>) -> Result<Guard> {
    let of_io = |error| StoreError::of_io(database.to_owned(), error);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(path).map_err(of_io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(held(database.to_owned(), &file, here)),
        Err(TryLockError::Error(error)) => return Err(of_io(error)),
    }
    if let Some(own) = descriptor.file().filter(|_| LOCKS_THE_FILE) {
        match own.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::HeldByFile { database: database.to_owned(), pid: locker(own) });
            }
            Err(TryLockError::Error(error)) => return Err(of_io(error)),
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
