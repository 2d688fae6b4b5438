//! The connections, and the one seam between the SQL and the kind of database.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};

use crate::store::backend::clock_freeze::{BUSY_TIMEOUT, Time};
use crate::store::backend::descriptor::Descriptor;
use crate::store::backend::writer::Writer;

/// How many connections read beside the one that writes.
const READERS: u32 = 4;

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

/// Where a database is, and what keeps it.
#[derive(Clone, Copy)]
pub(in crate::store) struct Location<'a> {
    /// The file, without links.
    pub(in crate::store) path: &'a Path,
    /// The database as people name it.
    pub(in crate::store) database: &'a str,
    /// What each connection keeps open.
    pub(in crate::store) descriptor: &'a Arc<Descriptor>,
    pub(in crate::store) time: Time,
}

/// A transaction that reads: all of it from one moment.
pub(in crate::store) type ReadTransaction = sqlx::Transaction<'static, sqlx::Sqlite>;

/// The connections by kind of database.
#[derive(Debug, Clone)]
pub(in crate::store) enum Pool {
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
        let frozen = $store.freeze_clock();
        let result = match &$store.pool {
            $crate::store::backend::pool::Pool::Sqlite { $role: $pool, .. } => $body,
        };
        frozen.release(result).await
    }};
}

impl Pool {
    /// Opens the connections to the SQLite database at `location`, which is there and migrated.
    pub(in crate::store) async fn sqlite(location: Location<'_>) -> sqlx::Result<Self> {
        let base = sqlite_options(location).journal_mode(SqliteJournalMode::Wal);
        let writes = base.clone().synchronous(SqliteSynchronous::Full);
        let mut writer = writes.pragma("cache_size", CACHE).pragma("wal_autocheckpoint", CHECKPOINT).connect().await?;
        check_durable(&mut writer).await?;
        let readers = sqlite_pool(READERS).connect_with(base.pragma("query_only", "1")).await?;
        Ok(Self::Sqlite { writer: Writer::new(writer), readers })
    }

    /// Closes all connections, the writer last, which then folds the write-ahead log into the database.
    pub(in crate::store) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }
}

/// What every connection to an SQLite file has in common. Its statements are never logged.
pub(in crate::store) fn sqlite_options(location: Location<'_>) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(location.path)
        .create_if_missing(false)
        .foreign_keys(true)
        .row_buffer_size(ROWS)
        .busy_timeout(if location.time == Time::Real { BUSY_TIMEOUT } else { BUSY_MOMENT })
        .disable_statement_logging();
    location.descriptor.kept_by(options)
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
pub(in crate::store) async fn check_durable(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await?;
    if mode == "wal" && synchronous == 2 {
        return Ok(());
    }
    let what = format!("journal mode {mode}, synchronous {synchronous} instead of wal and 2");
    Err(sqlx::Error::Configuration(what.into()))
}
