//! Who writes: every event names the process that wrote it, its host, its version and the user who started it.

use crate::store::backend::from_row::from_row;
use sqlx::SqliteConnection;

/// A process that writes into the job table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runner {
    /// New at every start.
    pub id: String,
    /// The name of the machine.
    pub host: String,
    /// The version of Drydock.
    pub version: String,
    /// The user who started the process.
    pub started_by: String,
}

from_row!(Runner { id, host, version, started_by });

const ENLIST: &str = "INSERT INTO runners (id, host, version, started_by) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (id) DO NOTHING";

impl Runner {
    /// Writes who this is, once; part of every transaction that writes events.
    pub(in crate::store) async fn enlist(&self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        let Self { id, host, version, started_by } = self;
        sqlx::query(ENLIST).bind(id).bind(host).bind(version).bind(started_by).execute(connection).await.map(drop)
    }
}
