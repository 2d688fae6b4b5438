//! The fleet: a CSV file or the rows of an SQL query, read as a stream, validated, and sent on in chunks.
//!
//! How a row travels: [`csv`] or [`sql`] make cells of it. [`layout`] has read the header and knows which cell belongs
//! to which column. [`row_reader`] reads the cells by the table in [`columns`] into a [`FleetRow`], or finds what is
//! wrong. [`row_collector`] collects: chunks until the first error, then only errors, so that one reading reports all
//! of them. Only one chunk is in memory, beside the hashes that find a cluster listed twice. What is read may have no
//! end, so everything has a limit ([`limits`]): the file, its rows, the cells and bytes of a row, and the errors that
//! are kept ([`row_errors`]).
//!
//! A new column of the fleet is an entry in `columns.rs`.

pub mod bounded;
mod cell_forms;
mod columns;
mod csv;
mod error;
mod excerpt;
mod fingerprint;
mod fleet_row;
mod header_names;
mod layout;
mod limits;
mod read_options;
mod records;
mod row_collector;
mod row_errors;
mod row_reader;
mod source;
mod sql;
pub mod suggest;
mod text;

use std::io;

use tokio::sync::mpsc::Sender;

pub use crate::intake::columns::{COLUMNS, Column};
pub use crate::intake::csv::read_csv;
pub use crate::intake::error::IntakeError;
pub use crate::intake::fingerprint::fingerprint;
pub use crate::intake::fleet_row::FleetRow;
pub use crate::intake::header_names::normalized;
pub use crate::intake::limits::{CHUNK, MOST_ROWS};
pub use crate::intake::read_options::{Defaults, ReadOptions};
pub use crate::intake::row_errors::{RowError, RowErrors};
pub use crate::intake::source::FleetSource;

/// Reads the whole fleet and sends its valid rows in chunks. Returns how many rows there were, or all errors at once.
/// After the first error no more chunks are sent: the receiver must discard those that it has.
pub async fn read(
    source: &FleetSource,
    options: &ReadOptions<'_>,
    sink: Sender<Vec<FleetRow>>,
) -> Result<u64, IntakeError> {
    match source {
        FleetSource::Csv(path) => {
            let (path, name) = (path.clone(), source.name());
            let (operation, defaults, columns) = (options.operation, options.defaults.clone(), options.columns.clone());
            let reading = tokio::task::spawn_blocking(move || {
                let options = ReadOptions { operation, defaults: &defaults, columns: &columns };
                let mut each = |chunk| sink.blocking_send(chunk).map_err(|_| IntakeError::Stopped);
                read_csv(source::open(&path, &name)?, &name, &options, &mut each)
            });
            reading.await.map_err(|error| IntakeError::io(&source.name(), io::Error::other(error)))?
        }
        FleetSource::Sql { url, query } => sql::read(url, query, options, &sink).await,
    }
}

#[cfg(test)]
mod tests;
