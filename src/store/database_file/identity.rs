//! Which file a database is: written into it at every start of a run, so that the next one notices a copy that is run
//! beside its original, and a backup that was put back.
//!
//! Such a database lacks what was sent since the copy was made. So it is told before anything is sent: a copy whose
//! original is still there is refused, and of any other every live job is verified first.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::clock::Millis;
use crate::store::backend::file_change::Inode;
use crate::store::backend::from_row::from_row;
use crate::store::database::Store;
use crate::store::database_file::lock::RunnerLock;
use crate::store::database_file::lock_file::Mark;
use crate::store::error::{Result, StoreError};

/// Where a database comes from, seen from its last run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It is the file that the last run worked on, or no run has worked on it yet.
    Same,
    /// It may lack what was sent since: a backup that was put back, a database from elsewhere, or one that was moved
    /// without the file that tells (`.lock`).
    Restored {
        /// What tells, in words that go on after "it is".
        why: String,
    },
}

/// What the database says of itself.
#[derive(Debug, Clone)]
pub(in crate::store) struct FileIdentity {
    id: String,
    device: String,
    inode: String,
    born: Option<i64>,
    path: String,
    host: String,
    generation: i64,
    written_at: i64,
    restored_at: Option<i64>,
    copied_from: Option<String>,
    sent_at: Option<i64>,
}

from_row!(FileIdentity {
    id,
    device,
    inode,
    born,
    path,
    host,
    generation,
    written_at,
    restored_at,
    copied_from,
    sent_at
});

/// The file as it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    device: String,
    inode: String,
    born: Option<i64>,
    path: String,
}

const READ: &str = "SELECT id, device, inode, born, path, host, generation, written_at, restored_at, copied_from, sent_at \
    FROM identity";
// A database that is another file than before is another database from now on, with an id of its own.
const WRITE: &str = "INSERT INTO identity (one, id, device, inode, born, path, host, generation, written_at, restored_at) \
    VALUES (1, lower(hex(randomblob(16))), $1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (one) DO UPDATE SET \
    id = CASE WHEN $9 THEN excluded.id ELSE id END, device = excluded.device, inode = excluded.inode, \
    born = excluded.born, path = excluded.path, host = excluded.host, generation = excluded.generation, \
    written_at = excluded.written_at, restored_at = coalesce(excluded.restored_at, restored_at), copied_from = NULL \
    RETURNING id";
const SENDS: &str = "UPDATE identity SET sent_at = $1 WHERE coalesce(sent_at, 0) < $1";
const CHECKPOINT: &str = "PRAGMA wal_checkpoint(PASSIVE)";
const FOLLOW: &str = "UPDATE identity SET device = $1, inode = $2, born = $3, generation = generation + 1";

// The copy of a database that no run has worked on is a copy of nothing that anything was sent from.
const BECOME_COPY: &str = "INSERT INTO identity (one, id, device, inode, path, host, generation, written_at, copied_from) \
    VALUES (1, lower(hex(randomblob(16))), '', '', $1, $2, 0, $3, '') ON CONFLICT (one) DO UPDATE SET \
    id = excluded.id, device = '', inode = '', born = NULL, path = excluded.path, host = excluded.host, \
    generation = 0, written_at = excluded.written_at, copied_from = identity.id";

impl Store {
    /// Where this database comes from; [`StoreError::CopyOfAnother`] if it is a copy of one that is still there.
    pub async fn origin(&self) -> Result<Origin> {
        let mark = self.mark();
        let Some(recorded) = self.read_identity().await? else {
            let unknown = || Origin::Restored { why: "not the one that the file beside it is of (.lock)".to_owned() };
            return Ok(mark.map_or(Origin::Same, |_| unknown()));
        };
        let found = self.found()?;
        let origin = recorded.origin(&found, mark.as_ref());
        if matches!(origin, Origin::Restored { .. })
            && recorded.path != found.path
            && recorded.is_still_at(Path::new(&recorded.path)).await
        {
            return Err(StoreError::CopyOfAnother { database: self.name(), original: recorded.path });
        }
        Ok(origin)
    }

    /// When a run found last that this database had been put back, or came from elsewhere; what ended before is as
    /// uncertain as what had not ended.
    pub async fn restored_at(&self) -> Result<Option<Millis>> {
        Ok(self.read_identity().await?.and_then(|identity| identity.restored_at).map(Millis))
    }

    /// The database's id, once a run has worked on it.
    pub async fn id(&self) -> Result<Option<String>> {
        Ok(self.read_identity().await?.map(|identity| identity.id))
    }

    /// The id of the database at `path`, if a run has worked on it; nothing if there is none or it cannot be read.
    pub async fn id_at(path: &Path) -> Option<String> {
        if !path.is_file() {
            return None;
        }
        read_id(path).await.ok().flatten()
    }

    /// Writes which file this is by now, into the database and into the file of the `lock`, for a run on `host`: when
    /// all that `origin` asks for is done, since the next run does not know of it any more.
    pub async fn identify(&self, lock: &RunnerLock, origin: &Origin, host: &str, now: Millis) -> Result<()> {
        let found = self.found()?;
        let restored = matches!(origin, Origin::Restored { .. });
        let known = self.read_identity().await?.map_or(0, |identity| identity.generation);
        let mark = lock.mark();
        let generation = known.max(mark.as_ref().map_or(0, |mark| mark.generation)) + 1;
        // What was sent by another state of the database has been seen to.
        let sent_at = mark.filter(|_| !restored).and_then(|mark| mark.sent_at);
        let mut tx = self.begin().await?;
        let frozen = self.freeze_clock();
        let written = sqlx::query_scalar(WRITE)
            .bind(&found.device)
            .bind(&found.inode)
            .bind(found.born)
            .bind(&found.path)
            .bind(host)
            .bind(generation)
            .bind(now.0)
            .bind(restored.then_some(now.0))
            .bind(restored)
            .fetch_one(&mut *tx)
            .await;
        let database: String = self.explained(written)?;
        drop(frozen);
        self.commit(tx).await?;
        // So that the file alone, copied or moved without its log, says which one it is and has every job. Where
        // somebody reads an older state meanwhile, that is left for a later checkpoint.
        let folded: sqlx::Result<()> = on_pool!(self, writer, writer =>
            async { sqlx::query(CHECKPOINT).execute(&mut *writer.turn().await?).await.map(drop) }.await);
        self.explained(folded)?;
        // Only now: a lock file that is ahead of the database would be taken for one of a later state.
        lock.set_mark(Mark::new(database, generation, sent_at)).map_err(|error| StoreError::from_io(self.name(), error))
    }

    async fn read_identity(&self) -> Result<Option<FileIdentity>> {
        let row: sqlx::Result<Option<FileIdentity>> =
            on_pool!(self, readers, pool => sqlx::query_as(READ).fetch_optional(pool).await);
        self.explained(row)
    }

    fn found(&self) -> Result<Found> {
        Found::at(&self.path).map_err(|error| StoreError::from_io(self.name(), error))
    }
}

impl Found {
    fn at(path: &Path) -> std::io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let Inode { device, number } = Inode::of(&metadata);
        let born = metadata.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        Ok(Self {
            device: device.to_string(),
            inode: number.to_string(),
            born: born.and_then(|since| i64::try_from(since.as_nanos()).ok()),
            path: path.to_string_lossy().into_owned(),
        })
    }
}

impl FileIdentity {
    /// Where the database comes from that is `found` with this in it, and beside which the lock file says `mark`.
    fn origin(&self, found: &Found, mark: Option<&Mark>) -> Origin {
        let Self { path, host, id, generation, .. } = self;
        let written = Millis(self.written_at);
        if self.copied_from.is_some() {
            let why = format!("a copy that `drydock backup` made at {written} of {path} on {host}");
            return Origin::Restored { why };
        }
        if !self.is_file(found) {
            let why = format!("another file than the one that the run of {written} worked on, {path} on {host}");
            return Origin::Restored { why };
        }
        // Every intent is in the database before its request leaves, and before the lock file says so.
        let sent_at = self.sent_at.map(Millis);
        let is_older = |mark: &Mark| {
            mark.put_back || mark.database != *id || mark.generation > *generation || mark.sent_at > sent_at
        };
        if mark.is_some_and(is_older) {
            let why = "perhaps an older state than the last run left, as the file beside it says (.lock)".to_owned();
            return Origin::Restored { why };
        }
        if *path != found.path && mark.is_none() {
            let why = format!("the file that was {path}, and whether its log ({path}-wal) came along cannot be told");
            return Origin::Restored { why };
        }
        Origin::Same
    }

    /// Whether it was written into this file. The number of a device may change when the machine starts anew.
    fn is_file(&self, found: &Found) -> bool {
        let born_alike = self.born.zip(found.born).is_none_or(|(then, now)| then == now);
        self.inode == found.inode && born_alike && (self.device == found.device || self.path == found.path)
    }

    /// Whether the database that this was written into, or copied from, is at `path`. One that cannot be read is if it
    /// is the same file.
    async fn is_still_at(&self, path: &Path) -> bool {
        let Ok(found) = Found::at(path) else { return false };
        match read_id(path).await {
            Ok(id) => id.as_ref() == Some(self.copied_from.as_ref().unwrap_or(&self.id)),
            Err(_) => self.copied_from.is_none() && self.is_file(&found),
        }
    }
}

/// Writes, with the intents, when they were written; [`Store::note_sends`] notes the same beside the database.
pub(in crate::store) async fn intend(connection: &mut SqliteConnection, at: Millis) -> sqlx::Result<()> {
    sqlx::query(SENDS).bind(at.0).execute(connection).await.map(drop)
}

/// The id of the database at `path`, which may be any file.
async fn read_id(path: &Path) -> sqlx::Result<Option<String>> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).read_only(true).disable_statement_logging();
    let mut connection = options.connect().await?;
    let id = sqlx::query_scalar("SELECT id FROM identity").fetch_optional(&mut connection).await;
    connection.close().await?;
    id
}

/// Writes into a copy that is to take this database's place under its name that it is the same one, later.
pub(in crate::store) async fn follow(copy: &Path) -> sqlx::Result<()> {
    let found = Found::at(copy)?;
    let mut connection = open_copy(copy).await?;
    let query = sqlx::query(FOLLOW).bind(&found.device).bind(&found.inode).bind(found.born);
    query.execute(&mut connection).await?;
    connection.close().await
}

/// Writes into a copy that it is one, of this database: wherever it is put, a run notices it.
pub(in crate::store) async fn become_copy(copy: &Path, original: &Path, host: &str, now: Millis) -> sqlx::Result<()> {
    let mut connection = open_copy(copy).await?;
    let query = sqlx::query(BECOME_COPY).bind(original.to_string_lossy().into_owned()).bind(host).bind(now.0);
    query.execute(&mut connection).await?;
    connection.close().await
}

/// A connection to a copy of the database, of which nobody else knows yet.
async fn open_copy(copy: &Path) -> sqlx::Result<SqliteConnection> {
    sqlx::sqlite::SqliteConnectOptions::new().filename(copy).disable_statement_logging().connect().await
}
