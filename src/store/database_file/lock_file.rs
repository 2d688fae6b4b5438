//! What the lock file says: who has the lock, and of which state of the database it was last taken.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{self, Millis};

/// The words in the file of a lock that is held.
#[derive(Debug)]
pub(in crate::store) struct LockWords {
    pub(in crate::store) file: Arc<File>,
    pub(in crate::store) holder: Holder,
    pub(in crate::store) mark: Mutex<Option<Mark>>,
}

/// The way from a store to the words of the lock that its process holds, if it holds it.
pub(in crate::store) type HeldWords = Arc<Mutex<Weak<LockWords>>>;

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
/// older state of the database is noticed ([`Origin`](crate::store::database_file::identity::Origin)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Mark {
    /// The database's id.
    pub(in crate::store) database: String,
    /// How often it has been written into the database who it is.
    pub(in crate::store) generation: i64,
    /// When the newest intent was committed whose request may have been sent. It is written before the request leaves,
    /// and is not synchronised: a power cut that loses it loses nothing of the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store) sent_at: Option<Millis>,
    /// When the file was written last, by the system's clock.
    written_at: Millis,
    /// The file was changed since by somebody else, as a backup of the whole directory does that is put back: nobody can
    /// choose the time that the system keeps of that. It stays until a run has seen to it.
    #[serde(default)]
    pub(in crate::store) put_back: bool,
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

impl LockWords {
    /// Changes the mark, and writes it.
    pub(in crate::store) fn update(&self, change: impl FnOnce(&mut Option<Mark>)) -> std::io::Result<()> {
        let mut mark = self.mark();
        change(&mut mark);
        self.write(Some(&self.holder), mark.as_ref())
    }

    pub(in crate::store) fn mark(&self) -> MutexGuard<'_, Option<Mark>> {
        self.mark.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::store) fn write(&self, holder: Option<&Holder>, mark: Option<&Mark>) -> std::io::Result<()> {
        let mark = mark.map(|mark| Mark { written_at: clock::wall(), ..mark.clone() });
        let words = Words { holder, mark: mark.as_ref() };
        let text = if holder.is_none() && mark.is_none() { String::new() } else { json_line(&words)? };
        // Written over, not emptied first: whoever dies in between leaves no empty file.
        self.file.write_all_at(text.as_bytes(), 0)?;
        let length = text.len() as u64;
        if self.file.metadata()?.len() == length { Ok(()) } else { self.file.set_len(length) }
    }
}

pub(in crate::store) fn held_words(words: &HeldWords) -> MutexGuard<'_, Weak<LockWords>> {
    words.lock().unwrap_or_else(PoisonError::into_inner)
}

fn json_line(words: &Words<'_>) -> std::io::Result<String> {
    Ok(format!("{}\n", serde_json::to_string(words)?))
}

impl Mark {
    /// The mark of a database after its identity was written.
    pub(in crate::store) fn new(database: String, generation: i64, sent_at: Option<Millis>) -> Self {
        Self { database, generation, sent_at, written_at: Millis(0), put_back: false }
    }

    pub(in crate::store) fn read(file: &File) -> Option<Self> {
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
    pub(in crate::store) fn read(file: &File) -> Option<Self> {
        serde_json::from_str(&first_line(file)?).ok()
    }

    /// How the process is, as this process sees numbers: it must be the one that has the lock on `file`, and not a
    /// namesake of another host or container. Only Linux tells.
    pub(in crate::store) fn vitals(&self, here: &str, file: &File) -> Vitals {
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
pub(in crate::store) fn locker(file: &File) -> Option<u32> {
    lockers(file)?.into_iter().find_map(|pid| u32::try_from(pid).ok().filter(|pid| *pid > 0))
}
