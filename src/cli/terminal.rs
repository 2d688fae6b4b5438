//! Standard output for people and for pipes: a reader that goes away is no error.

use std::io::{self, IsTerminal, Stdout, Write, stdout};

use serde::Serialize;

use crate::app::AppError;
use crate::text;

/// How wide the text is where the terminal has room for it.
const WIDTH: usize = 80;
/// What is narrower, no text is wrapped to.
const NARROWEST: usize = 30;
/// How wide the names of facts are, with what stands before them.
const LABEL: usize = 12;

/// Writes lines to standard output, or onto a page.
pub(super) struct Out {
    writer: Writer,
    width: usize,
}

/// Where the lines go.
enum Writer {
    Stdout(io::BufWriter<Stdout>),
    Page(Vec<u8>),
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::Page(page) => page.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::Page(page) => page.flush(),
        }
    }
}

impl Out {
    pub(super) fn new() -> Self {
        // Without a terminal there is no size of one.
        let columns = rustix::termios::tcgetwinsize(stdout()).map_or(0, |size| usize::from(size.ws_col));
        let width = if columns == 0 { WIDTH } else { columns.clamp(NARROWEST, WIDTH) };
        Self { writer: Writer::Stdout(io::BufWriter::new(stdout())), width }
    }

    /// A page that is as wide as the terminal, to be looked at before it is shown.
    pub(super) fn page() -> Self {
        Self { writer: Writer::Page(Vec::new()), ..Self::new() }
    }

    /// What stands on a page.
    pub(super) fn into_text(self) -> String {
        match self.writer {
            Writer::Stdout(_) => String::new(),
            Writer::Page(page) => String::from_utf8_lossy(&page).into_owned(),
        }
    }

    /// How many columns a line may take.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Writes a line for people: what is not visible is written out, so that nothing in it commands the terminal.
    pub(super) fn line(&mut self, line: &str) -> Result<(), AppError> {
        Ok(writeln!(self.writer, "{}", text::visible(line))?)
    }

    /// Writes a value as one line of JSON, with everything that is not visible escaped.
    pub(super) fn json(&mut self, value: &impl Serialize) -> Result<(), AppError> {
        let line = serde_json::to_string(value).map_err(AppError::internal)?;
        Ok(writeln!(self.writer, "{}", text::json(&line))?)
    }

    pub(super) fn done(mut self) -> Result<(), AppError> {
        Ok(self.writer.flush()?)
    }

    /// The writer itself, for what commands the terminal.
    pub(super) fn writer(&mut self) -> &mut impl Write {
        &mut self.writer
    }

    /// A writer for data: they go into a pipe or a file as they are, and to a terminal with everything that is not
    /// visible written out.
    pub(super) fn data(&mut self) -> Box<dyn Write + '_> {
        if stdout().is_terminal() {
            Box::new(Visible { out: &mut self.writer, cut: Vec::new() })
        } else {
            Box::new(&mut self.writer)
        }
    }
}

/// Writes out what is not visible.
struct Visible<W> {
    out: W,
    /// The beginning of a character whose end has not come yet.
    cut: Vec<u8>,
}

impl<W: Write> Write for Visible<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.cut.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.cut) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.cut.len(),
        };
        let text: Vec<u8> = self.cut.drain(..whole).collect();
        self.out.write_all(text::visible_lines(&String::from_utf8_lossy(&text)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// How many columns and rows the terminal has; none if it is no terminal, or does not tell.
pub(super) fn size() -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(stdout()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then(|| (size.ws_col.into(), size.ws_row.into()))
}

/// Whether a terminal of so many columns and rows shows all of a text.
pub(super) fn has_room(text: &str, (columns, rows): (usize, usize)) -> bool {
    text.lines().map(|line| height(line, columns)).sum::<usize>() <= rows
}

/// How many rows a line takes.
fn height(line: &str, columns: usize) -> usize {
    line.chars().count().div_ceil(columns).max(1)
}

/// As many lines of a text as have room on a terminal of so many columns and rows; where that is not all, the last one
/// says how many are left out. A line that is too long takes several rows.
pub(super) fn fitting(text: &str, (columns, rows): (usize, usize)) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    if has_room(text, (columns, rows)) {
        return lines.into_iter().map(str::to_owned).collect();
    }
    // One row is for what is said of the others.
    let mut room = rows.saturating_sub(1);
    let has_room = |line: &&&str| {
        let left = room.checked_sub(height(line, columns));
        room = left.unwrap_or(0);
        left.is_some()
    };
    let shown: Vec<&str> = lines.iter().take_while(has_room).copied().collect();
    let more = format!("({} more lines)", lines.len() - shown.len());
    shown.into_iter().map(str::to_owned).chain([more]).collect()
}

/// A named fact, wrapped to the width of the text.
pub(super) fn fact(out: &mut Out, label: &str, text: &str) -> Result<(), AppError> {
    labelled(out, &wrap(label, usize::MAX).join(" "), text)
}

/// Several under one label.
pub(super) fn facts(out: &mut Out, label: &str, texts: impl IntoIterator<Item = String>) -> Result<(), AppError> {
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    labels.zip(texts).try_for_each(|(label, text)| fact(out, label, &text))
}

/// The same, set in under a headline.
pub(super) fn inset_fact(out: &mut Out, label: &str, text: &str) -> Result<(), AppError> {
    labelled(out, &format!("  {label}"), text)
}

fn labelled(out: &mut Out, label: &str, text: &str) -> Result<(), AppError> {
    let room = out.width() - LABEL;
    let is_long = |line: &String| line.chars().count() > room;
    let lines = wrap(text, room);
    if out.width() < WIDTH && lines.iter().any(is_long) {
        out.line(label)?;
        return wrap(text, out.width() - 2).iter().try_for_each(|line| out.line(&format!("  {line}")));
    }
    let mut lines = lines.into_iter();
    if label.chars().count() < LABEL {
        out.line(format!("{label:LABEL$}{}", lines.next().unwrap_or_default()).trim_end())?;
    } else {
        // A longer one, which only a fleet's column has, would run into what it names.
        out.line(label)?;
    }
    lines.filter(|line| !line.is_empty()).try_for_each(|line| out.line(&format!("{:LABEL$}{line}", "")))
}

/// Breaks a text into lines of at most `width` letters; a word that is longer stays whole, so that it can be copied.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_whitespace() {
        let word = text::visible(word);
        let letters = word.chars().count();
        if length > 0 && length + 1 + letters > width {
            lines.push(String::new());
            length = 0;
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if length > 0 { " " } else { "" });
            line.push_str(&word);
        }
        length += letters + usize::from(length > 0);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_wrapped_as_it_will_be_shown() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("unbreakable x", 4), ["unbreakable", "x"]);
        assert_eq!(wrap("a\u{1b}[2Jb", 80), ["a\\u{1b}[2Jb"]);
        assert_eq!(wrap("", 10), [""]);
    }

    #[test]
    fn a_text_that_is_taller_than_the_terminal_shows_its_first_lines() {
        assert_eq!(fitting("a\nb\nc\n", (20, 3)), ["a", "b", "c"]);
        assert_eq!(fitting("a\nb\nc\nd\n", (20, 3)), ["a", "b", "(2 more lines)"]);
        assert_eq!(fitting("a\ntwo rows\nc\n", (4, 3)), ["a", "(2 more lines)"]);
        assert_eq!(fitting("a\ntwo rows\nc\n", (4, 4)), ["a", "two rows", "c"]);
        assert_eq!(fitting("a\nb\n", (20, 1)), ["(2 more lines)"]);
        assert!(has_room("a\nb\n", (4, 2)) && !has_room("a\ntwo rows\n", (4, 2)));
    }

    #[test]
    fn data_on_a_terminal_are_written_out_wherever_they_are_cut() {
        let text = "a,\u{9b}b\u{202e},é,日\n";
        for size in 1..=text.len() {
            let mut shown = Visible { out: Vec::new(), cut: Vec::new() };
            text.as_bytes().chunks(size).for_each(|part| shown.write_all(part).unwrap());
            assert_eq!(String::from_utf8(shown.out).unwrap(), "a,\\u{9b}b\\u{202e},é,日\n");
        }
    }
}
