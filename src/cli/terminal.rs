//! Standard output for people and for pipes: a reader that goes away is no error.

use std::io::{self, Stdout, Write, stdout};

use crate::cli::exit::Failure;

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
