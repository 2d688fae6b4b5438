//! Reports of a campaign: a row for each job, in the fleet's order.
//!
//! The columns are those of [`crate::domain::report_columns`]. A format ([`Format`]) turns pages of jobs into bytes, and
//! has a file of its own in `formats/`. [`write()`], [`write_to`] and [`write_all`] read the pages and write the bytes;
//! they know nothing of any one format.

mod error;
mod format;
mod formats;
mod json;
mod marker;
mod overwrite;
mod run_reports;
#[cfg(test)]
mod tests;
mod write;

pub use error::ReportError;
pub use format::{Format, ReportContext, ReportPage};
pub use formats::{CSV, CSV_FOR_EXCEL, FORMATS, JSON_LINES, PLANNED};
pub use json::{event_json, job_json};
pub use marker::Marker;
pub use overwrite::may_overwrite;
pub use run_reports::{RunReports, paths, prepare, write_all};
pub use write::{write, write_to};
