//! How spreadsheet programs write CSV files: byte-order marks, UTF-16, other separators.

use std::borrow::Cow;
use std::io::{self, Cursor, Read};

use encoding_rs::{Decoder, Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How many bytes of the file are searched for its separator: more than a header has.
const HEAD_BYTES: u64 = 64 * 1024;

/// What a file is.
pub(super) enum Opened<'a> {
    /// Text, still with its header, and the separator of its cells.
    Csv { separator: u8, body: Box<dyn Read + 'a> },
    /// Something else, with what to do about it.
    NotText(&'static str),
}

/// Removes the byte-order mark and a leading `sep=` line, converts UTF-16 to UTF-8, and finds the separator.
pub(super) fn open<'a>(input: impl Read + 'a) -> io::Result<Opened<'a>> {
    let (head, rest) = peek(input)?;
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"\xd0\xcf\x11\xe0") {
        return Ok(Opened::NotText("this is a spreadsheet's own format, not CSV; save the sheet as CSV"));
    }
    match Encoding::for_bom(&head) {
        Some((encoding, _)) if encoding == UTF_16LE || encoding == UTF_16BE => {
            let whole = Cursor::new(head).chain(rest);
            let (head, rest) = peek(Utf16::new(whole, encoding))?;
            Ok(opened(head, 0, rest))
        }
        mark => Ok(opened(head, mark.map_or(0, |(_, length)| length), rest)),
    }
}

fn opened<'a>(head: Vec<u8>, skip: usize, rest: impl Read + 'a) -> Opened<'a> {
    let text = &head[skip..];
    let (separator, line) = match declared_separator(text) {
        Some((separator, line)) => (separator, line),
        None => (found_separator(text), 0),
    };
    let mut body = Cursor::new(head);
    body.set_position((skip + line) as u64);
    Opened::Csv { separator, body: Box::new(body.chain(rest)) }
}

fn peek<R: Read>(mut input: R) -> io::Result<(Vec<u8>, R)> {
    let mut head = Vec::new();
    input.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok((head, input))
}

/// The separator that a first line `sep=;` names, and the length of that line. Excel does not show this line, so it is
/// not a row.
fn declared_separator(text: &[u8]) -> Option<(u8, usize)> {
    let end = text.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(text.len());
    let line = text[..end].strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(&text[..end]);
    let [s, e, p, b'=', separator] = *line else { return None };
    let is_declared = [s, e, p].eq_ignore_ascii_case(b"sep") && separator.is_ascii() && separator != b'"';
    let newline = if text[end..].starts_with(b"\r\n") { 2 } else { 1 };
    is_declared.then(|| (separator, (end + newline).min(text.len())))
}

/// The separator that occurs most often in the header line.
fn found_separator(text: &[u8]) -> u8 {
    const KNOWN: [u8; 3] = [b',', b';', b'\t'];
    let mut counts = [0_usize; 3];
    let (mut quoted, mut begun) = (false, false);
    for byte in text {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted && begun => break,
            b'\r' | b'\n' => {}
            byte if !quoted => {
                begun = true;
                if let Some(which) = KNOWN.iter().position(|known| known == byte) {
                    counts[which] += 1;
                }
            }
            _ => begun = true,
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    let which = counts.iter().position(|count| *count == most).unwrap_or(0);
    KNOWN[which]
}

/// A cell's text: UTF-8, or else Windows-1252.
pub(super) fn decode(cell: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(cell) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(cell).0,
    }
}

/// UTF-16 read as UTF-8, piece by piece.
struct Utf16<R> {
    input: R,
    decoder: Decoder,
    raw: Vec<u8>,
    ready: Cursor<Vec<u8>>,
    ended: bool,
}

impl<R: Read> Utf16<R> {
    fn new(input: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        Self { input, decoder, raw: vec![0; 8192], ready: Cursor::default(), ended: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        let length = self.input.read(&mut self.raw)?;
        self.ended = length == 0;
        let room = self.decoder.max_utf8_buffer_length(length).unwrap_or(length * 3 + 16);
        let mut text = String::with_capacity(room);
        // The buffer has room for all of it, so nothing remains to be decoded.
        let _ = self.decoder.decode_to_string(&self.raw[..length], &mut text, self.ended);
        self.ready = Cursor::new(text.into_bytes());
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.ready.read(out)?;
            if length > 0 || self.ended || out.is_empty() {
                return Ok(length);
            }
            self.refill()?;
        }
    }
}
