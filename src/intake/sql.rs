//! The rows of an SQL query as rows of the fleet, read over a connection that cannot write.

use std::str::FromStr;

use futures_util::{Stream, TryStreamExt};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Row, TypeInfo, ValueRef, raw_sql};
use tokio::sync::mpsc::Sender;

use crate::intake::error::{IntakeError, RowError};
use crate::intake::plan::{FleetRow, Plan};
use crate::intake::rows::Rows;

/// What stands for the file in messages.
pub(super) const NAME: &str = "sql";

/// Runs the query and sends its valid rows in chunks; answers how many there were, or every error at once.
pub(super) async fn read(
    url: &SecretString,
    query: &str,
    plan: &Plan<'_>,
    sink: &Sender<Vec<FleetRow>>,
) -> Result<u64, IntakeError> {
    let secret = url.expose_secret();
    let scheme = secret.split(':').next().unwrap_or_default();
    match scheme {
        "sqlite" => read_sqlite(secret, query, plan, sink).await,
        "postgres" | "postgresql" => read_postgres(secret, query, plan, sink).await,
        _ => Err(IntakeError::Sql("the URL must begin with sqlite: or postgres://".to_owned())),
    }
}

async fn read_sqlite(
    url: &str,
    query: &str,
    plan: &Plan<'_>,
    sink: &Sender<Vec<FleetRow>>,
) -> Result<u64, IntakeError> {
    let failed = |error: sqlx::Error| failure(url, &error);
    let options = SqliteConnectOptions::from_str(url).map_err(|_| bad_url())?;
    let options = options.read_only(true).create_if_missing(false).disable_statement_logging();
    let mut connection = options.connect().await.map_err(failed)?;
    raw_sql("PRAGMA query_only = ON").execute(&mut connection).await.map_err(failed)?;
    let count = gather(raw_sql(AssertSqlSafe(query)).fetch(&mut connection), url, plan, sink).await?;
    connection.close().await.map_err(failed)?;
    Ok(count)
}

/// By the simple protocol, in which the server writes every value, of whatever type, as text.
async fn read_postgres(
    url: &str,
    query: &str,
    plan: &Plan<'_>,
    sink: &Sender<Vec<FleetRow>>,
) -> Result<u64, IntakeError> {
    let failed = |error: sqlx::Error| failure(url, &error);
    let options = PgConnectOptions::from_str(url).map_err(|_| bad_url())?;
    let options = options.application_name("drydock").disable_statement_logging();
    let mut connection = options.connect().await.map_err(failed)?;
    // The session too, in case that the query ends the transaction.
    let read_only = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; BEGIN READ ONLY";
    raw_sql(read_only).execute(&mut connection).await.map_err(failed)?;
    let count = gather(raw_sql(AssertSqlSafe(query)).fetch(&mut connection), url, plan, sink).await?;
    connection.close().await.map_err(failed)?;
    Ok(count)
}

async fn gather<R: Cells>(
    mut answer: impl Stream<Item = Result<R, sqlx::Error>> + Unpin,
    url: &str,
    plan: &Plan<'_>,
    sink: &Sender<Vec<FleetRow>>,
) -> Result<u64, IntakeError> {
    let failed = |error: sqlx::Error| failure(url, &error);
    let Some(mut record) = answer.try_next().await.map_err(failed)? else {
        let what = "no row: the query found nothing to upgrade".to_owned();
        let file = NAME.to_owned();
        return Err(IntakeError::Rows(vec![RowError { file, row: None, cluster: None, column: None, what }]));
    };
    let headers = record.names();
    let mut rows = Rows::new(plan, NAME, None, &headers)?.telling_cluster();
    let mut row = 1;
    loop {
        if record.names() != headers {
            return Err(IntakeError::Sql("the query must be one SELECT: its rows have different columns".to_owned()));
        }
        if let Some(chunk) = rows.take(row, &record.texts().map_err(failed)?) {
            sink.send(chunk).await.map_err(|_| IntakeError::Stopped)?;
        }
        let Some(next) = answer.try_next().await.map_err(failed)? else { break };
        (record, row) = (next, row + 1);
    }
    let (chunk, count) = rows.finish()?;
    if !chunk.is_empty() {
        sink.send(chunk).await.map_err(|_| IntakeError::Stopped)?;
    }
    Ok(count)
}

/// A database's row as names and texts.
trait Cells {
    fn names(&self) -> Vec<String>;
    fn texts(&self) -> Result<Vec<String>, sqlx::Error>;
}

impl Cells for SqliteRow {
    fn names(&self) -> Vec<String> {
        self.columns().iter().map(|column| column.name().to_owned()).collect()
    }

    /// The database makes text of any value by itself, if the type is not checked.
    fn texts(&self) -> Result<Vec<String>, sqlx::Error> {
        let text = |place| self.try_get_unchecked::<Option<String>, _>(place);
        (0..self.len()).map(|place| text(place).map(Option::unwrap_or_default)).collect()
    }
}

impl Cells for PgRow {
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

fn bad_url() -> IntakeError {
    IntakeError::Sql("the database's URL cannot be understood".to_owned())
}

/// The error without the URL and its password, whatever the driver put into its message.
fn failure(url: &str, error: &sqlx::Error) -> IntakeError {
    if matches!(error, sqlx::Error::Configuration(_)) {
        return bad_url();
    }
    // The driver adds a line to a database's message, which is one of the database's own source.
    let message = error.as_database_error().map_or_else(|| error.to_string(), |said| said.message().to_owned());
    IntakeError::Sql(scrubbed(url, &message))
}

fn scrubbed(url: &str, message: &str) -> String {
    let message = message.replace(url, "the database");
    let user_info = url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map(|(user, _)| user);
    match user_info.and_then(|user| user.split_once(':')) {
        Some((_, password)) if !password.is_empty() => message.replace(password, "***"),
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::operation::Operation;
    use crate::intake::Defaults;

    async fn database(statements: &str) -> (tempfile::TempDir, String) {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("cmdb.db").display());
        let options = SqliteConnectOptions::from_str(&url).unwrap().create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        (directory, url)
    }

    async fn read_all(url: &str, query: &str) -> Result<Vec<FleetRow>, IntakeError> {
        let (defaults, columns) = (Defaults::default(), BTreeMap::new());
        let plan = Plan { operation: Operation::all()[0], defaults: &defaults, columns: &columns };
        let (sink, mut rows) = tokio::sync::mpsc::channel(4);
        let url = SecretString::from(url);
        let reading = async {
            let count = read(&url, query, &plan, &sink).await;
            drop(sink);
            count
        };
        let gathering = async {
            let mut all = Vec::new();
            while let Some(chunk) = rows.recv().await {
                all.extend(chunk);
            }
            all
        };
        let (count, all) = tokio::join!(reading, gathering);
        assert_eq!(count?, all.len() as u64);
        Ok(all)
    }

    const TABLE: &str = "create table c (groupId text, name text, cloud text, region text, wave integer, \
                         termination_protection boolean, price real, note text)";

    #[tokio::test]
    async fn values_of_any_type_are_read_as_text() {
        let insert = "insert into c values ('5f1e2d3c4b5a69788796a5b4', 'c1', 'aws', 'US_EAST_1', 2, true, 1.5, null)";
        let (_directory, url) = database(&format!("{TABLE}; {insert}")).await;
        let rows = read_all(&url, "select * from c").await.unwrap();
        assert_eq!(rows[0].cluster_name, "c1");
        assert_eq!((rows[0].wanted.wave, rows[0].wanted.termination_protection), (Some(2), Some(true)));
        let extra = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(rows[0].extra, [extra("price", "1.5"), extra("note", "")]);
    }

    #[tokio::test]
    async fn an_error_names_the_cluster_of_the_row() {
        let insert = "insert into c (groupId, name, cloud, region) values ('5f', 'c1', 'aws', 'US_EAST_1')";
        let (_directory, url) = database(&format!("{TABLE}; {insert}")).await;
        let error = read_all(&url, "select * from c").await.unwrap_err();
        assert_eq!(error.to_string(), "sql:1 (5f/c1):project_id: must be 24 lower-case hex digits (5f)");
        let error = read_all(&url, "select * from c where false").await.unwrap_err();
        assert_eq!(error.to_string(), "sql: no row: the query found nothing to upgrade");
    }

    #[tokio::test]
    async fn a_query_cannot_write() {
        let (_directory, url) = database(TABLE).await;
        let query = "pragma query_only = off; insert into c (name) values ('c1')";
        let error = read_all(&url, query).await.unwrap_err();
        assert!(error.to_string().contains("readonly"), "{error}");
    }

    #[tokio::test]
    async fn no_error_tells_the_url_or_its_password() {
        for url in ["mysql://me:s3cret@h/db", "postgres://me:s3cret@[::1/db", "postgres://me:s3cret@127.0.0.1:1/db"] {
            let error = read_all(url, "select 1").await.unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
        }
        let odd = sqlx::Error::Protocol("bad s3cret at postgres://me:s3cret@h/db".to_owned());
        assert!(!failure("postgres://me:s3cret@h/db", &odd).to_string().contains("s3cret"));
    }
}
