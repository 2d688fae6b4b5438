//! The rows of an SQL query as rows of the fleet, read by one statement over a connection that cannot write.

mod postgres;
mod sqlite;
mod statement;

use futures_util::{Stream, TryStreamExt};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc::Sender;

use crate::intake::TOO_MANY;
use crate::intake::error::{IntakeError, RowError};
use crate::intake::plan::{FleetRow, Plan};
use crate::intake::records::LONGEST;
use crate::intake::rows::Rows;
use crate::redaction::Redactor;

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
        "sqlite" => sqlite::read(secret, query, plan, sink).await,
        "postgres" | "postgresql" => postgres::read(secret, query, plan, sink).await,
        _ => Err(IntakeError::Sql("the URL must begin with sqlite: or postgres://".to_owned())),
    }
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
        return Err(IntakeError::Rows(RowError { file, row: None, cluster: None, column: None, what }.into()));
    };
    let headers = record.names();
    let mut rows = Rows::new(plan, NAME, None, &headers)?.telling_cluster();
    let mut row = 1;
    loop {
        if record.names() != headers {
            return Err(IntakeError::Sql("the query must be one SELECT: its rows have different columns".to_owned()));
        }
        let texts = record.texts().map_err(failed)?;
        let is_last = rows.is_too_many(&texts);
        if is_last {
            rows.refuse(row, None, TOO_MANY);
        } else if texts.iter().map(String::len).sum::<usize>() > LONGEST {
            rows.refuse(row, None, "the row is longer than 1 MiB");
        } else if let Some(chunk) = rows.take(row, &texts) {
            sink.send(chunk).await.map_err(|_| IntakeError::Stopped)?;
        }
        if is_last {
            break;
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
    let message = message.replace(url, "the database");
    IntakeError::Sql(Redactor::of_url(url).redact(&message).into_owned())
}

#[cfg(test)]
mod tests;
