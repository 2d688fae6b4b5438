//! Standard output for people and for pipes: a reader that goes away is no error.

use std::io::{self, Stdout, Write, stdout};

use crate::cli::exit::Failure;

/// How wide the text is.
pub(super) const WIDTH: usize = 80;
/// How wide the names of facts are, with what stands before them.
const LABEL: usize = 12;

/// Writes lines to standard output.
pub(super) struct Out(io::BufWriter<Stdout>);

impl Out {
    pub(super) fn new() -> Self {
        Self(io::BufWriter::new(stdout()))
    }

    pub(super) fn line(&mut self, line: &str) -> Result<(), Failure> {
        Ok(writeln!(self.0, "{line}")?)
    }

    pub(super) fn done(mut self) -> Result<(), Failure> {
        Ok(self.0.flush()?)
    }

    /// The writer itself, for what writes on its own.
    pub(super) fn writer(&mut self) -> &mut impl Write {
        &mut self.0
    }
}

/// A span for people: `4.2 s`, `3 min 05 s`, `2 h 10 min`.
pub(super) fn span(span: std::time::Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", span.as_secs_f64()),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A named fact, wrapped to 80 columns.
pub(super) fn fact(out: &mut Out, label: &str, text: &str) -> Result<(), Failure> {
    let label = wrap(label, WIDTH).join(" ");
    labelled(out, &label, text)
}

/// Several under one label.
pub(super) fn facts(out: &mut Out, label: &str, texts: impl IntoIterator<Item = String>) -> Result<(), Failure> {
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    labels.zip(texts).try_for_each(|(label, text)| fact(out, label, &text))
}

/// The same, set in under a headline.
pub(super) fn inset_fact(out: &mut Out, label: &str, text: &str) -> Result<(), Failure> {
    labelled(out, &format!("  {label}"), text)
}

fn labelled(out: &mut Out, label: &str, text: &str) -> Result<(), Failure> {
    let mut lines = wrap(text, WIDTH - LABEL).into_iter();
    out.line(format!("{label:LABEL$}{}", lines.next().unwrap_or_default()).trim_end())?;
    lines.try_for_each(|line| out.line(&format!("{:LABEL$}{line}", "")))
}

/// Breaks a text into lines of at most `width` letters; a word that is longer stays whole, so that it can be copied.
/// What Atlas or a fleet put into it cannot command a terminal.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_whitespace() {
        let word: String = word.chars().flat_map(printable).collect();
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

fn printable(letter: char) -> impl Iterator<Item = char> {
    let escaped = letter.is_control().then(|| letter.escape_default());
    let kept = (!letter.is_control()).then_some(letter);
    escaped.into_iter().flatten().chain(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_wrapped_and_cannot_command_a_terminal() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("unbreakable x", 4), ["unbreakable", "x"]);
        assert_eq!(wrap("a\u{1b}[2Jb", 80), ["a\\u{1b}[2Jb"]);
        assert_eq!(wrap("", 10), [""]);
    }
}
