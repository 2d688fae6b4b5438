//! A query for the fleet of a PostgreSQL database.

use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Row, TypeInfo, ValueRef, query, raw_sql};
use tokio::sync::mpsc::Sender;

use crate::intake::error::IntakeError;
use crate::intake::fleet_row::FleetRow;
use crate::intake::read_options::ReadOptions;
use crate::intake::sql::rows::{SqlRow, bad_url, collect, failure};

/// The session, and this transaction of it, may only read.
const READ_ONLY: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; BEGIN READ ONLY";

/// One query, as a cursor in a read-only transaction. The cursor is declared by the extended protocol, in which the
/// server refuses a second statement, and a cursor is only of a query, never of COPY, COMMIT or a `WITH` that
/// writes. Its rows are fetched by the simple protocol, in which the server writes every value, of whatever
/// type, as text.
pub(super) async fn read(
    url: &str,
    select: &str,
    options: &ReadOptions<'_>,
    sink: &Sender<Vec<FleetRow>>,
) -> Result<u64, IntakeError> {
    let failed = |error: sqlx::Error| failure(url, &error);
    let connect = PgConnectOptions::from_str(url).map_err(|_| bad_url())?;
    let connect = connect.application_name("drydock").disable_statement_logging();
    let mut connection = connect.connect().await.map_err(failed)?;
    raw_sql(READ_ONLY).execute(&mut connection).await.map_err(failed)?;
    let declare = format!("DECLARE drydock_fleet NO SCROLL CURSOR FOR {select}");
    query(AssertSqlSafe(declare))
        .persistent(false)
        .execute(&mut connection)
        .await
        .map_err(|error| not_a_query(url, &error))?;
    let rows = raw_sql("FETCH ALL FROM drydock_fleet").fetch(&mut connection);
    let count = collect(rows, url, options, sink).await?;
    connection.close().await.map_err(failed)?;
    Ok(count)
}

/// What is wrong with the query, and what it must be where the server says that a cursor cannot be of it.
fn not_a_query(url: &str, error: &sqlx::Error) -> IntakeError {
    // syntax_error, which is a second statement too, and feature_not_supported, which is a `WITH` that writes.
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    let is_other = matches!(code.as_deref(), Some("42601" | "0A000"));
    match failure(url, error) {
        IntakeError::Sql(said) if is_other => {
            IntakeError::Sql(format!("{said}; the query must be one SELECT, WITH or VALUES that only reads"))
        }
        other => other,
    }
}

impl SqlRow for PgRow {
    fn names(&self) -> Vec<String> {
        self.columns().iter().map(|column| column.name().to_owned()).collect()
    }

    fn texts(&self) -> Result<Vec<String>, sqlx::Error> {
        let text = |place| {
            let value = self.try_get_raw(place)?;
            if value.is_null() {
                return Ok(String::new());
            }
            let is_boolean = value.type_info().name() == "BOOL";
            let text = value.as_str().map_err(sqlx::Error::Decode)?;
            Ok(match text {
                "t" if is_boolean => "true".to_owned(),
                "f" if is_boolean => "false".to_owned(),
                text => text.to_owned(),
            })
        };
        (0..self.len()).map(text).collect()
    }
}
