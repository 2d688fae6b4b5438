//! A copy of a database in use.

use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection};

use crate::clock::Millis;
use crate::store::backend::address;
use crate::store::backend::file_change::beside;
use crate::store::backend::pool::{Location, sqlite_options};
use crate::store::database::Store;
use crate::store::database_file::identity;
use crate::store::error::{Result, StoreError};

const COPY: &str = "VACUUM INTO $1";

impl Store {
    /// Writes a copy of the database, as it is at one moment, into the empty file at `copy`. A run may be at work: this
    /// reads over a connection that cannot write. The copy says what it is a copy of, for whoever is on `host` now.
    pub async fn copy_into(&self, copy: &Path, host: &str, now: Millis) -> Result<()> {
        let of = |error| StoreError::from_sqlx(address::name(copy), error);
        let _frozen = self.freeze_clock();
        let name = self.name();
        let location = Location { path: &self.path, database: &name, descriptor: &self.descriptor, time: self.time };
        let mut connection = self.explained(sqlite_options(location).read_only(true).connect().await)?;
        let copied = sqlx::query(COPY).bind(copy.to_string_lossy().into_owned()).execute(&mut connection).await;
        // What cannot be written is the copy.
        copied.map_err(of)?;
        self.explained(connection.close().await)?;
        identity::become_copy(copy, &self.path, host, now).await.map_err(of)
    }

    /// Where the database's file is, without links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The files of the database at `url`, whether or not they are there, each with what it is.
    pub fn files(url: &str) -> Result<Vec<(PathBuf, &'static str)>> {
        let path = address::file(url)?;
        let path = path.canonicalize().unwrap_or(path);
        let parts = [
            ("", "the database"),
            ("-wal", "the database's log"),
            ("-shm", "the index of the database's log"),
            ("-journal", "the database's journal"),
            (".lock", "the database's lock"),
            (".rescued", "what a run has saved of its database"),
        ];
        Ok(parts.map(|(ending, what)| (beside(&path, ending), what)).into())
    }
}
