//! What can go wrong with a database, named by what a caller can do about it.

use crate::clock::Millis;
use crate::store::audit::violation::Violations;
use crate::store::backend::file_change::FileChange;

/// What the store's functions answer.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// How a backup comes into the place of a database. A run notices that it was put back.
pub const RESTORE: &str = "put a whole backup in its place, by renaming it (delete the -wal and -shm of the old one \
    first): the next run verifies every cluster before it sends anything";

/// Why the store could not do it. Every message names the database, and it or [`StoreError::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database was written by a newer Drydock.
    #[error("{database} was written by a newer version of drydock (schema {version})")]
    NewerVersion {
        /// The database's name.
        database: String,
        /// The newest migration that it has seen.
        version: i64,
    },
    /// The file holds something else than Drydock's tables.
    #[error("{database} {why}: nothing was changed")]
    NotADatabase {
        /// The database's name.
        database: String,
        /// What the file is instead.
        why: &'static str,
    },
    /// The file, or its directory, may only be read.
    #[error("{database} is read-only")]
    ReadOnly {
        /// The database's name.
        database: String,
    },
    /// A database in memory would forget what it was told at the first crash.
    #[error("a database in memory cannot be resumed: name a file, such as sqlite:drydock.db")]
    InMemory,
    /// There is no such file, or no such directory.
    #[error("{database} does not exist")]
    NoSuchDatabase {
        /// The database's name.
        database: String,
        /// What to do.
        hint: &'static str,
    },
    /// No room is left.
    #[error("the disk that holds {database} is full: make room and run again; nothing that was recorded is lost")]
    DiskFull {
        /// The database's name.
        database: String,
    },
    /// The system could not read or write the file, for a reason that SQLite does not tell.
    #[error(
        "{database} cannot be read or written ({why}): is the disk full or failing, a quota or a file size limit reached, a share gone? Set it right and run again; nothing that was recorded is lost"
    )]
    Unwritable {
        /// The database's name.
        database: String,
        /// What SQLite said.
        why: String,
    },
    /// The file's contents make no sense any more.
    #[error("{database} is damaged ({why}); did another program write into it? Keep a copy of it, and {}", RESTORE)]
    Damaged {
        /// The database's name.
        database: String,
        /// What SQLite said.
        why: String,
    },
    /// Another process held the database for longer than the store waits.
    #[error(
        "{database} is locked by another process: end whatever has it open, a database browser perhaps, and try again"
    )]
    Locked {
        /// The database's name.
        database: String,
    },
    /// A database, or a way to use one, that this version does not know.
    #[error("{0}")]
    Unsupported(String),
    /// The database is of an older version, or half made, and this command may not bring it up to date.
    #[error("{database} lacks tables of this version: an older drydock wrote it, or its making was cut short")]
    OlderVersion {
        /// The database's name.
        database: String,
    },
    /// Another runner works on this database.
    #[error("{database} is in use by {}{}", holder((runner, host), *pid, *since), if *stopped { ", and is stopped" } else { "" })]
    Held {
        /// The database's name.
        database: String,
        /// The runner's id; empty like `host` as long as `since` is unknown.
        runner: String,
        /// The host that it runs on.
        host: String,
        /// Its process on that host, where the runner or the system tells.
        pid: Option<u32>,
        /// When it took the lock; unknown for the blink in which it has not yet written so.
        since: Option<Millis>,
        /// It has been stopped, as ^Z does, and will not end before it is continued.
        stopped: bool,
    },
    /// Another runner works on the same file, and its lock file is not the one that stands beside it now.
    #[error(
        "{database} is in use by another run{}, which knows the file by another name or has lost its lock file",
        process(*pid)
    )]
    HeldByFile {
        /// The database's name.
        database: String,
        /// Its process on this host, where the system tells.
        pid: Option<u32>,
    },
    /// The database is a copy, and its original is still where it was.
    #[error(
        "{database} is a copy of {original}, which is still there: a run here would not know what was sent by a run there. Nothing was started. Go on with --database-url sqlite:{original}; or, if this copy is to take its place, stop every run on that one and move it away, and the next run here looks at every cluster before it sends"
    )]
    CopyOfAnother {
        /// The database's name.
        database: String,
        /// The file that it is a copy of.
        original: String,
    },
    /// The database's file has more than one name.
    #[error(
        "{file} has {names} names (hard links): by another name it has another log and another lock, and a cluster could be upgraded twice. Remove the other names (`find DIR -samefile {file}` lists them), or keep a copy in their place"
    )]
    SeveralNames {
        /// The file.
        file: String,
        /// How many it has.
        names: u64,
    },
    /// The database's file is a mount point of its own.
    #[error(
        "{file} is mounted by itself: its log and its lock stay outside of the mount, so that they are lost with this container and nobody else sees them, and a cluster could be upgraded twice. Mount the directory that the file is in instead"
    )]
    MountedAlone {
        /// The file.
        file: String,
    },
    /// The log, its index or the lock is not a plain file beside the database.
    #[error(
        "{file} is a link, a mount or no plain file, and {database} needs it: remove it if it is empty, or put the file itself there. With a log that lies elsewhere what was recorded is lost, and a cluster could be upgraded twice"
    )]
    LogElsewhere {
        /// The database's name.
        database: String,
        /// The file beside it.
        file: String,
    },
    /// The campaign was first run against something else.
    #[error("campaign {campaign} in {database} was first run against {against}, not against {wanted}")]
    AgainstOther {
        /// The database's name.
        database: String,
        /// The campaign's name.
        campaign: String,
        /// What it was first run against.
        against: String,
        /// What it was to be run against now.
        wanted: String,
    },
    /// The campaign does another operation.
    #[error("campaign {campaign} in {database} does {operation}, not {wanted}")]
    OtherOperation {
        /// The database's name.
        database: String,
        /// The campaign's name.
        campaign: String,
        /// The operation that it was made with.
        operation: String,
        /// The operation that it was to do now.
        wanted: String,
    },
    /// The operating system says no.
    #[error(
        "{database} may not be opened by this user ({why}): check the owner and the mode of the file and its directory"
    )]
    Permission {
        /// The database's name.
        database: String,
        /// What the system said.
        why: String,
    },
    /// A file of the database is not the one that was opened any more.
    #[error(
        "{file} {change} while drydock worked with it: it stopped at once, since nobody would remember what it sent"
    )]
    Displaced {
        /// The file.
        file: String,
        /// What became of it.
        change: FileChange,
    },
    /// A column holds what Drydock never writes.
    #[error(
        "{what} in {database} has a {column} that makes no sense ({found}): was it written by another program? Keep a copy as evidence, and let `drydock audit verify` say what else was touched. Then put the old value back, or {}",
        RESTORE
    )]
    Nonsense {
        /// The database's name.
        database: String,
        /// Whose column.
        what: String,
        /// Its name.
        column: String,
        /// What is in it.
        found: String,
    },
    /// The audit of a campaign has found something.
    #[error(
        "campaign {campaign} in {database} does not fit its history\n{violations}\nNothing is done on the word of such a history. Keep a copy as evidence, and find out who wrote to it. Then put the old value back, or {}",
        RESTORE
    )]
    Unfit {
        /// The database's name.
        database: String,
        /// The campaign's name.
        campaign: String,
        /// What does not fit.
        violations: Violations,
    },
    /// A row has no seal: it was added by hand, or is of a version that knew no seals.
    #[error(
        "{what} in {database} bears no digest: it was added by hand, or by a drydock that kept none yet, which then should end what it began. Nothing is done on the word of such a row; `drydock audit verify` says what else was touched"
    )]
    Unsealed {
        /// The database's name.
        database: String,
        /// Whose row: a job's, `PROJECT/CLUSTER`, or a campaign's.
        what: String,
    },
    /// Something else than Drydock has written to a row, or removed it.
    #[error(
        "{what} in {database} is not as drydock wrote it: another program, or somebody by hand, has written to the database. Nothing is done on the word of such a row. Keep a copy as evidence, and let `drydock audit verify` say what else was touched. Then put the old value back, or {}",
        RESTORE
    )]
    Edited {
        /// The database's name.
        database: String,
        /// Whose row: a job's, `PROJECT/CLUSTER`, or a campaign's.
        what: String,
    },
    /// The lock file is not the one that was locked any more, so that somebody else may hold the lock, too.
    #[error(
        "{file} {change} while this run held it, and another run may have started since (`drydock status` says whether): this one stopped at once, and nothing is lost. Leave that file alone; if no other run is at work, run again"
    )]
    LockLost {
        /// The lock file.
        file: String,
        /// What became of it.
        change: FileChange,
    },
    /// A run has saved what it knew beside a file that had taken its database's name.
    #[error(
        "{path} was replaced under a former run, which saved all that it had recorded as {copy}: to go on from that, move it to {path} (and delete {path}-wal and {path}-shm, if they are there); to go on from what {path} holds now, delete {copy}"
    )]
    Unclaimed {
        /// The database file.
        path: String,
        /// The copy.
        copy: String,
    },
    /// Anything else: a damaged file, or a fault of ours.
    #[error("{database} failed: {source}: if it stays so, keep a copy of the file and report it")]
    Other {
        /// The database's name.
        database: String,
        /// What failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// What to do next, where the message itself does not say it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NewerVersion { .. } => "use that version, or another database",
            Self::NotADatabase { .. } => "name another file with --database-url",
            Self::ReadOnly { .. } => {
                "make the file, those beside it (-wal, -shm) and their directory writable, or use another database"
            }
            Self::NoSuchDatabase { hint, .. } => hint,
            Self::Held { pid, since, stopped, .. } => return Some(remedy(*pid, *since, *stopped)),
            Self::HeldByFile { .. } => "wait for it, or stop it",
            Self::AgainstOther { .. } => "use another campaign name or another database",
            Self::OtherOperation { .. } => "give the new operation a campaign name of its own",
            Self::OlderVersion { .. } => "the next `drydock run` completes it, once no older one works on it",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

fn process(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

fn holder((runner, host): (&str, &str), pid: Option<u32>, since: Option<Millis>) -> String {
    let process = process(pid);
    match since {
        Some(since) => format!("runner {runner} on {host}{process}, since {since}"),
        None => format!("another drydock{process}, which has just started or is bringing its tables up to date"),
    }
}

fn remedy(pid: Option<u32>, since: Option<Millis>, stopped: bool) -> String {
    match pid.filter(|_| stopped) {
        _ if since.is_none() => "try again in a moment".to_owned(),
        Some(pid) => {
            format!(
                "continue it with `kill -CONT {pid}`, or end it with `kill -9 {pid}` and run again, which is as safe"
            )
        }
        None => "wait for it, or stop it".to_owned(),
    }
}
