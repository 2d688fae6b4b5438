//! A CSV file as rows of the fleet.

use std::borrow::Cow;
use std::io::Read;

use crate::intake::error::IntakeError;
use crate::intake::fleet_row::FleetRow;
use crate::intake::limits::TOO_MANY;
use crate::intake::read_options::ReadOptions;
use crate::intake::records::{Record, Records};
use crate::intake::row_collector::RowCollector;
use crate::intake::row_errors::RowError;
use crate::intake::text::{Opened, open};

/// Streams a CSV file: calls `each` with chunks of up to [`CHUNK`](crate::intake::CHUNK) valid rows as they come;
/// returns how many rows there were, or every error at once. `file` is the name for messages.
pub fn read_csv(
    input: impl Read,
    file: &str,
    options: &ReadOptions<'_>,
    each: &mut dyn FnMut(Vec<FleetRow>) -> Result<(), IntakeError>,
) -> Result<u64, IntakeError> {
    let failed = |error| IntakeError::io(file, error);
    let (separator, body) = match open(input).map_err(failed)? {
        Opened::Csv { separator, body } => (separator, body),
        Opened::NotText(what) => return Err(one_error(file, None, what)),
    };
    let mut records = Records::new(body, separator);
    let mut record = Record::default();
    let Some(headers) = header(&mut records, &mut record, file)? else {
        return Err(one_error(file, None, "no row and no header: the file is empty"));
    };
    let mut rows = RowCollector::new(options, file, Some(record.row), &headers)?;
    while records.next(&mut record).map_err(failed)? {
        if let Some((place, error)) = record.error {
            rows.refuse(record.row, error.is_of_cell().then_some(place), error.what());
            continue;
        }
        let cells: Vec<Cow<'_, str>> = record.cells().collect();
        if rows.is_too_many(&cells) {
            rows.refuse(record.row, None, TOO_MANY);
            break;
        }
        if let Some(chunk) = rows.add(record.row, &cells) {
            each(chunk)?;
        }
    }
    let (chunk, count) = rows.finish()?;
    if !chunk.is_empty() {
        each(chunk)?;
    }
    Ok(count)
}

/// The first record that is more than separators.
fn header(
    records: &mut Records<impl Read>,
    record: &mut Record,
    file: &str,
) -> Result<Option<Vec<String>>, IntakeError> {
    while records.next(record).map_err(|error| IntakeError::io(file, error))? {
        if let Some((_, error)) = record.error {
            return Err(one_error(file, Some(record.row), error.what()));
        }
        let cells: Vec<String> = record.cells().map(Cow::into_owned).collect();
        if cells.iter().any(|cell| !cell.trim().is_empty()) {
            return Ok(Some(cells));
        }
    }
    Ok(None)
}

fn one_error(file: &str, row: Option<i64>, what: &str) -> IntakeError {
    let what = what.to_owned();
    IntakeError::Rows(RowError { file: file.to_owned(), row, cluster: None, column: None, what }.into())
}
