//! Standard error: what is said, the log, and the bar that stays below both.

use std::io::{self, Write, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget};

/// Whoever writes to standard error writes by this, so that a bar is out of the way meanwhile.
#[derive(Clone)]
pub(super) struct Voice(ProgressBar);

impl Voice {
    pub(super) fn new() -> Self {
        Self(ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden()))
    }

    /// Says a line; if nobody reads it, so be it.
    pub(super) fn say(&self, line: &str) {
        // In one piece, or the bar would come between the line and its end.
        let _closed = self.clone().write_all(format!("{line}\n").as_bytes());
    }

    /// Shows the bar, on a terminal, until [`Voice::leave_bar`].
    pub(super) fn bar(&self) -> &ProgressBar {
        self.0.set_draw_target(ProgressDrawTarget::stderr());
        &self.0
    }

    /// Leaves the bar where it is. What is said from now on comes below.
    pub(super) fn leave_bar(&self) {
        self.0.abandon();
        self.0.set_draw_target(ProgressDrawTarget::hidden());
    }
}

impl Write for Voice {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        stderr().flush()
    }
}
