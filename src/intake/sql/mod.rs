//! The rows of an SQL query as rows of the fleet, read by one statement over a connection that cannot write.

mod postgres;
mod rows;
mod sqlite;
mod statement;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc::Sender;

use crate::intake::error::IntakeError;
use crate::intake::fleet_row::FleetRow;
use crate::intake::read_options::ReadOptions;

/// Runs the query and sends its valid rows in chunks; returns how many there were, or all errors at once.
pub(super) async fn read(
    url: &SecretString,
    query: &str,
    options: &ReadOptions<'_>,
    sink: &Sender<Vec<FleetRow>>,
) -> Result<u64, IntakeError> {
    let secret = url.expose_secret();
    let scheme = secret.split(':').next().unwrap_or_default();
    match scheme {
        "sqlite" => sqlite::read(secret, query, options, sink).await,
        "postgres" | "postgresql" => postgres::read(secret, query, options, sink).await,
        _ => Err(IntakeError::Sql("the URL must begin with sqlite: or postgres://".to_owned())),
    }
}

#[cfg(test)]
mod tests;
