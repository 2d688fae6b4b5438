//! Standard error: what is said, the log, and the bar that stays below both.

use std::io::{self, Write, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget};

/// Whoever writes to standard error writes by this, so that a bar is out of the way meanwhile. If nobody reads it, so be
/// it: work that cannot be undone does not end for that.
#[derive(Clone)]
pub(super) struct Voice(ProgressBar);

impl Voice {
    pub(super) fn new() -> Self {
        Self(ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden()))
    }

    /// Says a line.
    pub(super) fn say(&self, line: &str) {
        let _never = self.clone().write_all(format!("{line}\n").as_bytes());
    }

    /// The bar, which nobody sees before [`Voice::show_bar`].
    pub(super) fn bar(&self) -> &ProgressBar {
        &self.0
    }

    /// Shows the bar, where there is a terminal, until [`Voice::leave_bar`].
    pub(super) fn show_bar(&self) {
        self.0.set_draw_target(ProgressDrawTarget::stderr());
    }

    /// Leaves the bar where it is. What is said from now on comes below.
    pub(super) fn leave_bar(&self) {
        self.0.abandon();
        self.0.set_draw_target(ProgressDrawTarget::hidden());
    }
}

impl Write for Voice {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    /// In one piece, or the bar would come between a line and its end.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let _closed = self.0.suspend(|| stderr().write_all(bytes));
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _closed = stderr().flush();
        Ok(())
    }
}
