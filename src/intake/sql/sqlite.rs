//! A query for the fleet of a SQLite database.

use std::str::FromStr;

use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Row, raw_sql};
use tokio::sync::mpsc::Sender;

use crate::intake::error::IntakeError;
use crate::intake::fleet_row::FleetRow;
use crate::intake::read_options::ReadOptions;
use crate::intake::sql::rows::{SqlRow, bad_url, collect, failure};
use crate::intake::sql::statement::refuse_unless_one_read;

/// One statement that reads, over a connection that cannot write to its file, and not to any other: only PRAGMA,
/// ATTACH and VACUUM could open one.
pub(super) async fn read(
    url: &str,
    query: &str,
    options: &ReadOptions<'_>,
    sink: &Sender<Vec<FleetRow>>,
) -> Result<u64, IntakeError> {
    let failed = |error: sqlx::Error| failure(url, &error);
    refuse_unless_one_read(query).map_err(IntakeError::Sql)?;
    let connect = SqliteConnectOptions::from_str(url).map_err(|_| bad_url())?;
    let connect = connect.read_only(true).create_if_missing(false).disable_statement_logging();
    let mut connection = connect.connect().await.map_err(failed)?;
    raw_sql("PRAGMA query_only = ON").execute(&mut connection).await.map_err(failed)?;
    let count = collect(raw_sql(AssertSqlSafe(query)).fetch(&mut connection), url, options, sink).await?;
    connection.close().await.map_err(failed)?;
    Ok(count)
}

impl SqlRow for SqliteRow {
    fn names(&self) -> Vec<String> {
        self.columns().iter().map(|column| column.name().to_owned()).collect()
    }

    /// The database makes text of any value by itself, if the type is not checked.
    fn texts(&self) -> Result<Vec<String>, sqlx::Error> {
        let text = |place| self.try_get_unchecked::<Option<String>, _>(place);
        (0..self.len()).map(|place| text(place).map(Option::unwrap_or_default)).collect()
    }
}
