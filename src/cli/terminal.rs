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

/// Writes lines to standard output.
pub(super) struct Out {
    writer: io::BufWriter<Stdout>,
    width: usize,
}

impl Out {
    pub(super) fn new() -> Self {
        // Without a terminal there is no size of one.
        let columns = rustix::termios::tcgetwinsize(stdout()).map_or(0, |size| usize::from(size.ws_col));
        let width = if columns == 0 { WIDTH } else { columns.clamp(NARROWEST, WIDTH) };
        Self { writer: io::BufWriter::new(stdout()), width }
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
    fn data_on_a_terminal_are_written_out_wherever_they_are_cut() {
        let text = "a,\u{9b}b\u{202e},é,日\n";
        for size in 1..=text.len() {
            let mut shown = Visible { out: Vec::new(), cut: Vec::new() };
            text.as_bytes().chunks(size).for_each(|part| shown.write_all(part).unwrap());
            assert_eq!(String::from_utf8(shown.out).unwrap(), "a,\\u{9b}b\\u{202e},é,日\n");
        }
    }
}
