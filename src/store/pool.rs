//! The connections, and the one seam between the SQL and the kind of database.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};

use crate::store::descriptor::Descriptor;
use crate::store::meaning::is_busy;
use crate::store::writer::{Tx, Writer};
use crate::store::{Result, Store};

/// How many connections read beside the one that writes.
const READERS: u32 = 4;

/// How long SQLite waits for another process to let go of the database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The same in virtual time, where this is enough for another one of the same test, and the clock is moved on by hand.
const BUSY_MOMENT: Duration = Duration::from_millis(5);

/// How long a caller waits for a connection that reads.
const ACQUIRE_TIMEOUT: Duration = Duration::from_mins(2);

/// The writer keeps 8 MiB of pages (negative: in KiB), so that those that are written again and again are not read
/// each time.
const CACHE: &str = "-8192";

/// The write-ahead log goes into the database when it has 4,000 pages, 16 MiB: by then most pages are in it many times,
/// and are written once.
const CHECKPOINT: &str = "4000";

/// How many rows a connection reads ahead of who takes them: each time that they run out, two threads wait for each
/// other.
const ROWS: usize = 512;

/// Whose time a store lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    /// The world's.
    Real,
    /// That of a test under tokio's paused clock.
    Virtual,
}

/// Where a database is, and what keeps it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The file, without links.
    pub(super) path: &'a Path,
    /// The database as people name it.
    pub(super) database: &'a str,
    /// What each connection keeps open.
    pub(super) descriptor: &'a Arc<Descriptor>,
    pub(super) time: Time,
}

/// A transaction that reads: all of it from one moment.
pub(super) type Snapshot = sqlx::Transaction<'static, sqlx::Sqlite>;

/// The connections by kind of database.
#[derive(Debug, Clone)]
pub(super) enum Pool {
    /// One file, one writer.
    Sqlite {
        /// The only connection that writes.
        writer: Writer,
        /// Connections that cannot write.
        readers: SqlitePool,
    },
}

/// Runs the same tokens on whichever kind of database the store has: `on_pool!(store, readers, pool => ...)`.
macro_rules! on_pool {
    ($store:expr, $role:ident, $pool:ident => $body:expr) => {{
        let still = $store.still();
        let result = match &$store.pool {
            $crate::store::pool::Pool::Sqlite { $role: $pool, .. } => $body,
        };
        still.let_go(result).await
    }};
}

impl Pool {
    /// Opens the connections to the SQLite database at `place`, which is there and migrated.
    pub(super) async fn sqlite(place: Place<'_>) -> sqlx::Result<Self> {
        let base = sqlite_options(place).journal_mode(SqliteJournalMode::Wal);
        let writes = base.clone().synchronous(SqliteSynchronous::Full);
        let mut writer = writes.pragma("cache_size", CACHE).pragma("wal_autocheckpoint", CHECKPOINT).connect().await?;
        check_durable(&mut writer).await?;
        let readers = sqlite_pool(READERS).connect_with(base.pragma("query_only", "1")).await?;
        Ok(Self::Sqlite { writer: Writer::new(writer), readers })
    }

    /// Closes all connections, the writer last, which then folds the write-ahead log into the database.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }
}

impl Store {
    /// To be held while the database works.
    pub(super) fn still(&self) -> Still {
        Still::hold(self.time)
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin(&self) -> Result<Tx> {
        self.watch.check()?;
        let tx = on_pool!(self, writer, writer => writer.begin().await);
        let tx = self.explained(tx)?;
        // Whoever took over while this waited for its turn waits now, and finds what is written here; whoever did
        // before that has taken the lock, and nothing is written here.
        self.watch.check()?;
        Ok(tx)
    }

    /// Whether the files are still those that were opened, the lock's among them;
    /// [`StoreError::Displaced`](crate::store::StoreError::Displaced) or
    /// [`StoreError::LockLost`](crate::store::StoreError::LockLost) if not.
    pub fn is_in_place(&self) -> Result<()> {
        self.watch.check()
    }

    /// Commits what was written; it is on the disk when this returns, and where the next run will find it.
    pub(super) async fn commit(&self, tx: Tx) -> Result<()> {
        self.explained(tx.commit().await)?;
        self.watch.check()
    }
}

/// What every connection to an SQLite file has in common. Its statements are never logged.
pub(super) fn sqlite_options(place: Place<'_>) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(place.path)
        .create_if_missing(false)
        .foreign_keys(true)
        .row_buffer_size(ROWS)
        .busy_timeout(if place.time == Time::Real { BUSY_TIMEOUT } else { BUSY_MOMENT })
        .disable_statement_logging();
    place.descriptor.kept_by(options)
}

/// All connections are made at once and live as long as the process: nothing is reconnected behind our back.
fn sqlite_pool(size: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(size)
        .max_connections(size)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// Reads back what makes a commit survive a power cut: a write-ahead log that is synchronised at every commit.
pub(super) async fn check_durable(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await?;
    if mode == "wal" && synchronous == 2 {
        return Ok(());
    }
    let what = format!("journal mode {mode}, synchronous {synchronous} instead of wal and 2");
    Err(sqlx::Error::Configuration(what.into()))
}

/// In virtual time, holds tokio's paused clock still while SQLite's thread works: the runtime is idle then, and a
/// paused clock runs on whenever it is. Otherwise nothing.
#[derive(Debug)]
pub(super) struct Still(Option<std::sync::mpsc::Sender<()>>);

impl Still {
    /// Parks a blocking task until the value is dropped; a paused clock does not move while there is one.
    pub(super) fn hold(time: Time) -> Self {
        Self((time == Time::Virtual).then(|| {
            let (end, parked) = std::sync::mpsc::channel::<()>();
            tokio::task::spawn_blocking(move || parked.recv().is_err());
            end
        }))
    }

    /// Lets go of the clock. If somebody else has the database, the time passes that SQLite would have waited for.
    pub(super) async fn let_go<T>(self, result: sqlx::Result<T>) -> sqlx::Result<T> {
        let Self(Some(held)) = self else { return result };
        drop(held);
        if result.as_ref().is_err_and(is_busy) {
            tokio::time::sleep(BUSY_TIMEOUT).await;
        }
        result
    }
}
