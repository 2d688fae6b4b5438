//! CSV text as records, by the same grammar as the `csv` crate (a property test compares them).
//!
//! A reader of our own, because an upgrade cannot be undone and that crate does not tell two things: which row
//! of the spreadsheet a record is (it skips blank lines without a trace), and that a quotation mark was
//! never closed or not doubled, which makes one cell of many rows, and so silently loses clusters.

use std::borrow::Cow;
use std::io::{self, Read};

use crate::intake::MOST_ROWS;
use crate::intake::text::decode;

/// More bytes than any honest row has; a cell of a spreadsheet holds at most 32,767 characters.
pub(super) const LONGEST: usize = 1 << 20;
/// As many cells as a row of a spreadsheet has.
const WIDEST: usize = 16_384;
/// Header, rows and blank lines; how many rows there are is counted by whoever knows which are blank.
const MOST_LINES: i64 = 2 * MOST_ROWS;

/// What is wrong with the text of a record, whatever its columns mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Torn,
    Unclosed,
    TooLong,
    TooWide,
    TooMany,
    Nul,
}

impl Fault {
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
    pub(super) fault: Option<(usize, Fault)>,
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

    fn blame(&mut self, fault: Fault) {
        self.fault.get_or_insert((self.ends.len(), fault));
    }
}

/// Where in a record the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
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
        record.fault = None;
        let (mut at, mut length) = (At::CellStart, 0);
        while let Some(byte) = self.byte()? {
            if std::mem::take(&mut self.after_return) && byte == b'\n' {
                continue;
            }
            if matches!(byte, b'\r' | b'\n') && at != At::Quoted {
                record.row = self.row;
                self.row += 1;
                self.after_return = byte == b'\r';
                if at == At::CellStart && record.is_blank() && self.row <= MOST_LINES {
                    continue;
                }
                record.end_cell();
                self.stop_if(record.row > MOST_LINES, Fault::TooMany, record);
                return Ok(true);
            }
            at = step(at, byte, self.separator, record);
            length += 1;
            self.stop_if(length > LONGEST, Fault::TooLong, record);
            self.stop_if(record.ends.len() >= WIDEST, Fault::TooWide, record);
        }
        Ok(self.last(at, record))
    }

    /// Reads no further if a limit is passed.
    fn stop_if(&mut self, passed: bool, fault: Fault, record: &mut Record) {
        if passed {
            record.blame(fault);
            self.stopped = true;
        }
    }

    /// The record that the end of the text ends, if it is one.
    fn last(&self, at: At, record: &mut Record) -> bool {
        record.row = self.row;
        if at == At::CellStart && record.is_blank() {
            return false;
        }
        if at == At::Quoted {
            record.blame(Fault::Unclosed);
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
fn step(at: At, byte: u8, separator: u8, record: &mut Record) -> At {
    let next = match (at, byte) {
        (At::CellStart, b'"') => return At::Quoted,
        (At::Quoted, b'"') => return At::Quote,
        (At::Quoted, _) | (At::Quote, b'"') => At::Quoted,
        (_, byte) if byte == separator => {
            record.end_cell();
            return At::CellStart;
        }
        (At::Quote | At::AfterQuoted, b' ' | b'\t') => At::AfterQuoted,
        (At::Quote | At::AfterQuoted, _) => {
            record.blame(Fault::Torn);
            At::Plain
        }
        (At::CellStart | At::Plain, _) => At::Plain,
    };
    if byte == 0 {
        record.blame(Fault::Nul);
    }
    record.bytes.push(byte);
    next
}
