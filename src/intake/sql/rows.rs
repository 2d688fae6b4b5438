//! The rows that a query answers, of either database.

use futures_util::{Stream, TryStreamExt};
use tokio::sync::mpsc::Sender;

use crate::intake::error::IntakeError;
use crate::intake::fleet_row::FleetRow;
use crate::intake::limits::TOO_MANY;
use crate::intake::read_options::ReadOptions;
use crate::intake::records::LONGEST;
use crate::intake::row_collector::RowCollector;
use crate::intake::row_errors::RowError;
use crate::intake::source::SQL;
use crate::redaction::Redactor;

/// Collects the rows of an answer and sends the valid ones in chunks; returns how many there were, or all errors.
pub(super) async fn collect<R: SqlRow>(
    mut answer: impl Stream<Item = Result<R, sqlx::Error>> + Unpin,
    url: &str,
    options: &ReadOptions<'_>,
    sink: &Sender<Vec<FleetRow>>,
) -> Result<u64, IntakeError> {
    let failed = |error: sqlx::Error| failure(url, &error);
    let Some(mut record) = answer.try_next().await.map_err(failed)? else {
        let what = "no row: the query found nothing to upgrade".to_owned();
        let file = SQL.to_owned();
        return Err(IntakeError::Rows(RowError { file, row: None, cluster: None, column: None, what }.into()));
    };
    let headers = record.names();
    let mut rows = RowCollector::new(options, SQL, None, &headers)?.naming_clusters();
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
        } else if let Some(chunk) = rows.add(row, &texts) {
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

/// A row of a database, as names and texts of its columns.
pub(super) trait SqlRow {
    fn names(&self) -> Vec<String>;
    fn texts(&self) -> Result<Vec<String>, sqlx::Error>;
}

/// The error of a URL that cannot be parsed.
pub(super) fn bad_url() -> IntakeError {
    IntakeError::Sql("the database's URL cannot be understood".to_owned())
}

/// The error without the URL and its password, whatever the driver's message contains.
pub(super) fn failure(url: &str, error: &sqlx::Error) -> IntakeError {
    if matches!(error, sqlx::Error::Configuration(_)) {
        return bad_url();
    }
    // The driver appends a line with the database's source file to the database's message.
    let message = error.as_database_error().map_or_else(|| error.to_string(), |said| said.message().to_owned());
    let message = message.replace(url, "the database");
    IntakeError::Sql(Redactor::of_url(url).redact(&message).into_owned())
}
