//! CSV text as records, by the same grammar as the `csv` crate (a property test compares them).
//!
//! It is a reader of our own because an upgrade cannot be undone and that crate hides two things: which row of the
//! spreadsheet a record is (it skips blank lines), and that a quotation mark was never closed or not doubled, which
//! joins many rows into one cell, and so silently loses clusters.

use std::borrow::Cow;
use std::io::{self, Read};

use crate::intake::limits::MOST_ROWS;
use crate::intake::text::decode;

/// How many bytes a row may have. A cell of a spreadsheet holds at most 32,767 characters.
pub(super) const LONGEST: usize = 1 << 20;
/// How many cells a row may have: as many as in a spreadsheet.
const WIDEST: usize = 16_384;
/// How many lines a file may have: header, rows and blank lines.
const MOST_LINES: i64 = 2 * MOST_ROWS;

/// An error in the text of a record, whatever its columns mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CsvError {
    Torn,
    Unclosed,
    TooLong,
    TooWide,
    TooMany,
    Nul,
}

impl CsvError {
    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Torn => "text follows a closing quotation mark; one inside a quoted cell must be doubled",
            Self::Unclosed => "the quotation mark that begins this cell is never closed",
            Self::TooLong => "the row is longer than 1 MiB; a quotation mark may be missing. Reading stopped here",
            Self::TooWide => {
                "the row has more than 16384 cells, which is more than a spreadsheet has. Reading stopped here"
            }
            Self::TooMany => "a file has at most 4000000 lines, those that are blank among them. Reading stopped here",
            Self::Nul => "holds a NUL byte, so this is not text; save the sheet as CSV UTF-8",
        }
    }

    /// Whether it is about one cell, and not about the row or the file.
    pub(super) const fn is_of_cell(self) -> bool {
        matches!(self, Self::Torn | Self::Unclosed | Self::Nul)
    }
}

/// One record; reused for the next.
#[derive(Debug, Default)]
pub(super) struct Record {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// The row that a spreadsheet shows.
    pub(super) row: i64,
    /// The first thing wrong, and the index of its cell.
    pub(super) error: Option<(usize, CsvError)>,
}

impl Record {
    /// The cells' texts.
    pub(super) fn cells(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| decode(&self.bytes[start..*end]))
    }

    fn end_cell(&mut self) {
        self.ends.push(self.bytes.len());
    }

    fn is_blank(&self) -> bool {
        self.bytes.is_empty() && self.ends.is_empty()
    }

    fn blame(&mut self, error: CsvError) {
        self.error.get_or_insert((self.ends.len(), error));
    }
}

/// Where in a record the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    CellStart,
    Plain,
    Quoted,
    /// Behind a quotation mark in a quoted cell: its end, or the first half of a doubled one.
    Quote,
    /// Behind a quoted cell's end.
    AfterQuoted,
}

/// The records of a text.
pub(super) struct Records<R> {
    input: R,
    separator: u8,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    row: i64,
    after_return: bool,
    stopped: bool,
}

impl<R: Read> Records<R> {
    pub(super) fn new(input: R, separator: u8) -> Self {
        let buffer = vec![0; 64 * 1024];
        Self { input, separator, buffer, at: 0, filled: 0, row: 1, after_return: false, stopped: false }
    }

    /// Reads the next record that is no blank line; `false` at the end.
    pub(super) fn next(&mut self, record: &mut Record) -> io::Result<bool> {
        record.bytes.clear();
        record.ends.clear();
        record.error = None;
        let (mut at, mut length) = (Position::CellStart, 0);
        while let Some(byte) = self.byte()? {
            if std::mem::take(&mut self.after_return) && byte == b'\n' {
                continue;
            }
            if matches!(byte, b'\r' | b'\n') && at != Position::Quoted {
                record.row = self.row;
                self.row += 1;
                self.after_return = byte == b'\r';
                if at == Position::CellStart && record.is_blank() && self.row <= MOST_LINES {
                    continue;
                }
                record.end_cell();
                self.stop_if(record.row > MOST_LINES, CsvError::TooMany, record);
                return Ok(true);
            }
            at = step(at, byte, self.separator, record);
            length += 1;
            self.stop_if(length > LONGEST, CsvError::TooLong, record);
            self.stop_if(record.ends.len() >= WIDEST, CsvError::TooWide, record);
        }
        Ok(self.last(at, record))
    }

    /// Reads no further if a limit is passed.
    fn stop_if(&mut self, passed: bool, error: CsvError, record: &mut Record) {
        if passed {
            record.blame(error);
            self.stopped = true;
        }
    }

    /// The record that the end of the text ends, if it is one.
    fn last(&self, at: Position, record: &mut Record) -> bool {
        record.row = self.row;
        if at == Position::CellStart && record.is_blank() {
            return false;
        }
        if at == Position::Quoted {
            record.blame(CsvError::Unclosed);
        }
        record.end_cell();
        true
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        if self.stopped {
            return Ok(None);
        }
        while self.at == self.filled {
            match self.input.read(&mut self.buffer) {
                Ok(0) => return Ok(None),
                Ok(length) => (self.at, self.filled) = (0, length),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.at += 1;
        Ok(Some(self.buffer[self.at - 1]))
    }
}

/// Takes in one byte that does not end the record.
fn step(at: Position, byte: u8, separator: u8, record: &mut Record) -> Position {
    let next = match (at, byte) {
        (Position::CellStart, b'"') => return Position::Quoted,
        (Position::Quoted, b'"') => return Position::Quote,
        (Position::Quoted, _) | (Position::Quote, b'"') => Position::Quoted,
        (_, byte) if byte == separator => {
            record.end_cell();
            return Position::CellStart;
        }
        (Position::Quote | Position::AfterQuoted, b' ' | b'\t') => Position::AfterQuoted,
        (Position::Quote | Position::AfterQuoted, _) => {
            record.blame(CsvError::Torn);
            Position::Plain
        }
        (Position::CellStart | Position::Plain, _) => Position::Plain,
    };
    if byte == 0 {
        record.blame(CsvError::Nul);
    }
    record.bytes.push(byte);
    next
}
