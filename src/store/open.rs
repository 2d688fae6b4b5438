//! Opening a database: what is checked before the first statement of ours runs.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::clock::Millis;
use crate::store::backend::clock_freeze::{ClockFreeze, Time};
use crate::store::backend::descriptor::Descriptor;
use crate::store::backend::file_guard::FileGuard;
use crate::store::backend::pool::{Location, Pool, check_durable, sqlite_options};
use crate::store::backend::{address, aliases};
use crate::store::database::Store;
use crate::store::database_file::lock;
use crate::store::error::{Result, StoreError};
use crate::store::migrations::MIGRATOR;

/// Older versions can lose commits when a write-ahead log is reset.
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];

/// Whether a database that is not there is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Make it, readable by its owner alone.
    CreateIfMissing,
    /// Answer [`StoreError::NoSuchDatabase`].
    Existing,
}

const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table'";
const APPLIED: &str = "SELECT version FROM _sqlx_migrations";
const NEWEST: &str = "SELECT max(touched_at) FROM campaigns";

impl Store {
    /// Opens the database at `url`, makes it if `mode` says so, and brings its tables up to date.
    ///
    /// Commits are synchronised to the disk, which is read back. A file that is not Drydock's is left untouched.
    pub async fn open(url: &str, mode: Open) -> Result<Self> {
        Self::open_in(Time::Real, url, mode).await
    }

    /// The same for tests under tokio's paused clock, which stands still while the database works, and passes while
    /// the store waits for somebody else who has the database.
    pub async fn open_in_virtual_time(url: &str, mode: Open) -> Result<Self> {
        Self::open_in(Time::Virtual, url, mode).await
    }

    async fn open_in(time: Time, url: &str, mode: Open) -> Result<Self> {
        let _frozen = ClockFreeze::hold(time);
        let path = address::file(url)?;
        let database = address::name(&path);
        find(&path, mode).map_err(|error| StoreError::from_io(database.clone(), error))??;
        let path = path.canonicalize().map_err(|error| StoreError::from_io(database.clone(), error))?;
        aliases::check(&path)?;
        let descriptor = Descriptor::open(&path).map_err(|error| StoreError::from_io(database.clone(), error))?;
        let location = Location { path: &path, database: &database, descriptor: &Arc::new(descriptor), time };
        prepare_in_turn(location, mode).await?;
        let pool = Pool::sqlite(location).await.map_err(|error| StoreError::from_sqlx(database.clone(), error))?;
        let file_guard = FileGuard::new(&path, database.clone())?.into();
        let descriptor = location.descriptor.clone();
        Ok(Self {
            pool,
            path: path.into(),
            descriptor,
            time,
            file_guard,
            claim_cache: Arc::default(),
            held_words: Arc::default(),
        })
    }

    /// The newest time that anything was written with, in any campaign; a clock must not start below it.
    pub async fn newest(&self) -> Result<Option<Millis>> {
        let newest: sqlx::Result<Option<i64>> =
            on_pool!(self, readers, pool => sqlx::query_scalar(NEWEST).fetch_one(pool).await);
        Ok(self.explained(newest)?.map(Millis))
    }
}

/// Sees to it that there is a file at `path`. SQLite gives the files beside it (`-wal`, `-shm`) the same mode.
fn find(path: &Path, mode: Open) -> std::io::Result<Result<()>> {
    if mode == Open::CreateIfMissing {
        return match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(Ok(())),
        };
    }
    if path.try_exists()? {
        return Ok(Ok(()));
    }
    let hint = "name the database of an earlier run with --database-url, or start one with `drydock run`";
    Ok(Err(StoreError::NoSuchDatabase { database: address::name(path), hint }))
}

/// How often a file is prepared again that somebody else prepares at the same time: more often than there are steps,
/// the journal's mode and each migration, in which two can meet.
const AGAIN: usize = 20;

/// How long a migration takes, more or less.
const A_MOMENT: Duration = Duration::from_millis(20);

/// Two that open a new file at once both make its tables; one of them finds the other at work, or the tables there.
async fn prepare_in_turn(location: Location<'_>, mode: Open) -> Result<()> {
    for _ in 0..AGAIN {
        match prepare(location, mode).await {
            Err(StoreError::Locked { .. } | StoreError::Other { .. }) => {}
            // Nobody who runs: somebody who brings the tables up to date, and has some of them still to do.
            Err(StoreError::Held { since: None, .. }) if location.time == Time::Real => {
                tokio::time::sleep(A_MOMENT).await;
            }
            done => return done,
        }
    }
    prepare(location, mode).await
}

/// Checks the file and migrates it, over a connection of its own that changes nothing before all is checked.
async fn prepare(location: Location<'_>, open: Open) -> Result<()> {
    let Location { path, database, descriptor, .. } = location;
    let mode = path.metadata().map_err(|error| StoreError::from_io(database.to_owned(), error))?.permissions().mode();
    if mode & 0o444 != 0 && mode & 0o222 == 0 {
        // SQLite would leave read-only files beside it, which stay in the way when this one can be written again.
        return Err(StoreError::ReadOnly { database: database.to_owned() });
    }
    let of = |error| StoreError::from_sqlx(database.to_owned(), error);
    let mut connection = sqlite_options(location).connect().await.map_err(of)?;
    check_version(&mut connection).await.map_err(of)??;
    let is_older = check_ours(&mut connection, database).await.map_err(of)??;
    let _turn = match (is_older, open) {
        (false, _) => None,
        // Whoever only reads, or an operator's retry, must not change the tables under a run of the older version.
        (true, Open::Existing) => return Err(StoreError::OlderVersion { database: database.to_owned() }),
        (true, Open::CreateIfMissing) => Some(lock::only(path, database, descriptor)?),
    };
    sqlx::query("PRAGMA journal_mode = WAL").fetch_all(&mut connection).await.map_err(of)?;
    sqlx::query("PRAGMA synchronous = FULL").execute(&mut connection).await.map_err(of)?;
    check_durable(&mut connection).await.map_err(|error| match error {
        sqlx::Error::Configuration(what) => StoreError::Unsupported(format!(
            "{database} cannot be written durably ({what}): put it on a local disk, not on a network share"
        )),
        error => of(error),
    })?;
    migrate(&mut connection, database).await?;
    connection.close().await.map_err(of)
}

async fn check_version(connection: &mut SqliteConnection) -> sqlx::Result<Result<()>> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(connection).await?;
    Ok(refuse_old(&version))
}

fn refuse_old(version: &str) -> Result<()> {
    let numbers: Vec<u32> = version.split('.').filter_map(|number| number.parse().ok()).collect();
    if numbers.as_slice() >= OLDEST_SQLITE.as_slice() {
        return Ok(());
    }
    Err(StoreError::Unsupported(format!(
        "this drydock was built with SQLite {version}, which can lose commits: build it with 3.51.3 or later"
    )))
}

#[test]
fn a_sqlite_that_can_lose_commits_is_refused() {
    for version in ["3.51.2", "3.50.99", "3.9", "2.99.99"] {
        let refused = refuse_old(version).map_err(|error| error.to_string());
        assert!(refused.is_err_and(|said| said.contains(version) && said.contains("3.51.3 or later")), "{version}");
    }
    for version in ["3.51.3", "3.51.10", "3.52.0", "4.0.0"] {
        assert!(refuse_old(version).is_ok(), "{version}");
    }
}

/// Checks that the file is empty or Drydock's, and not from its future; says whether it is from its past.
async fn check_ours(connection: &mut SqliteConnection, database: &str) -> sqlx::Result<Result<bool>> {
    let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut *connection).await?;
    let has = |name: &str| tables.iter().any(|table| table == name);
    // A crash between the two steps of the first migration leaves sqlx's table alone.
    if tables.is_empty() || (tables.len() == 1 && has("_sqlx_migrations")) {
        return Ok(Ok(false));
    }
    if !(has("_sqlx_migrations") && has("campaigns") && has("jobs") && has("events")) {
        let why = "is the database of another program";
        return Ok(Err(StoreError::NotADatabase { database: database.to_owned(), why }));
    }
    // Not the newest one alone: a version may bring a step whose number is below one that the database has.
    let applied: BTreeSet<i64> = sqlx::query_scalar(APPLIED).fetch_all(connection).await?.into_iter().collect();
    let known: BTreeSet<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
    match applied.difference(&known).max() {
        Some(&version) => Ok(Err(StoreError::NewerVersion { database: database.to_owned(), version })),
        None => Ok(Ok(!known.is_subset(&applied))),
    }
}

async fn migrate(connection: &mut SqliteConnection, database: &str) -> Result<()> {
    MIGRATOR.run(connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => StoreError::NewerVersion { database: database.to_owned(), version },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            StoreError::from_sqlx(database.to_owned(), error)
        }
        error => StoreError::other(database.to_owned(), error),
    })
}
