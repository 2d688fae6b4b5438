//! Comma-separated values: a header line, then a line for each job.

use std::borrow::Cow;
use std::io;

use csv::{IntoInnerError, Writer};

use crate::domain::report_columns::{self, REPORT_COLUMNS, ReportValue};
use crate::report::format::{Format, ReportContext, ReportPage};
use crate::store::Row;

/// The byte-order mark of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Most lines are shorter, in bytes.
const LINE_BYTES: usize = 256;

/// The format.
#[derive(Debug)]
pub(super) struct Csv {
    /// Whether it begins with a byte-order mark.
    pub(super) for_excel: bool,
}

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn signature(&self) -> &'static [u8] {
        b"row,project_id,"
    }

    fn has_histories(&self) -> bool {
        false
    }

    fn header(&self, context: &ReportContext) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        if self.for_excel {
            text.extend_from_slice(BYTE_ORDER_MARK);
        }
        let mut csv = Writer::from_writer(text);
        for name in report_columns::names() {
            write_cell(&mut csv, name)?;
        }
        for name in &context.extra_columns {
            write_cell(&mut csv, name)?;
        }
        end_line(&mut csv)?;
        csv.into_inner().map_err(IntoInnerError::into_error)
    }

    fn page(&self, page: &ReportPage<'_>) -> io::Result<Vec<u8>> {
        let mut csv = Writer::from_writer(Vec::with_capacity(page.rows.len() * LINE_BYTES));
        for (job, row) in page.jobs() {
            for column in REPORT_COLUMNS {
                write_value(&mut csv, column.value(&job))?;
            }
            for column in &page.context.extra_columns {
                write_cell(&mut csv, extra_value(row, column))?;
            }
            end_line(&mut csv)?;
        }
        csv.into_inner().map_err(IntoInnerError::into_error)
    }
}

fn write_value(csv: &mut Writer<Vec<u8>>, value: Option<ReportValue<'_>>) -> csv::Result<()> {
    match value {
        None => write_cell(csv, ""),
        Some(ReportValue::Text(text)) => write_cell(csv, &text),
        Some(value) => write_cell(csv, &value.to_string()),
    }
}

fn write_cell(csv: &mut Writer<Vec<u8>>, text: &str) -> csv::Result<()> {
    csv.write_field(without_formula(text).as_bytes())
}

fn end_line(csv: &mut Writer<Vec<u8>>) -> csv::Result<()> {
    csv.write_record(None::<&[u8]>)
}

fn extra_value<'a>(row: &'a Row, column: &str) -> &'a str {
    row.extra.iter().find(|(name, _)| name == column).map_or("", |(_, value)| value)
}

/// A text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV Injection").
fn without_formula(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_written_as_text() {
        for text in ["=1", "+1", "-1", "@a", "\ta", "\ra"] {
            assert_eq!(without_formula(text), format!("'{text}"));
        }
        assert_eq!(without_formula("a=1"), "a=1");
    }
}
