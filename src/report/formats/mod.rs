//! The formats of a report, each in a file of its own. A new one is a file here, its `mod` and its place in [`FORMATS`].

mod csv;
mod jsonl;

use crate::report::format::Format;

/// Comma-separated values with a header line, safe to open in a spreadsheet.
pub static CSV: &dyn Format = &csv::Csv { for_excel: false };

/// The same with a byte-order mark, by which Excel knows that the text is UTF-8.
pub static CSV_FOR_EXCEL: &dyn Format = &csv::Csv { for_excel: true };

/// One JSON object a line, with the job's history.
pub static JSON_LINES: &dyn Format = &jsonl::JsonLines;

/// Every format that has a name of its own.
pub static FORMATS: &[&dyn Format] = &[CSV, JSON_LINES];

/// The formats that a run writes at its end.
pub(super) static RUN_FORMATS: &[&dyn Format] = &[CSV, JSON_LINES];

/// Names of formats that later versions will have, for a better message.
pub const PLANNED: [&str; 3] = ["xlsx", "html", "junit"];
