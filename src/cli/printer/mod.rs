//! Standard error: what is said, the log, and the bar that stays below both.
//!
//! One thread writes it, and nobody waits for that thread: a pipe may be full, a terminal may be stopped (^S), and work
//! that cannot be undone goes on all the same. (tracing-appender's non-blocking writer is the same idea for a log alone.
//! Here the bar has to be drawn between the lines, by whoever writes them, and what was lost is said in its place.)

mod part;
mod queue;
mod writer;

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::cli::args::LogFormat;
pub(super) use crate::cli::printer::part::{Part, Weight, in_one_line};
use crate::cli::printer::queue::{Item, Queue};
use crate::clock::Clock;
use crate::plural;
use crate::redaction::Redactor;
use crate::text;

/// As much as waits to be read, in bytes; more is left out.
const CAPACITY: usize = 4 << 20;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// It went as it should.
    Info,
    /// What the user should know, though nothing is wrong.
    Note,
    /// What to do after an error.
    Hint,
    /// What may not have been meant.
    Warning,
    /// Why a command did not do what it was asked.
    Error,
}

/// Whoever writes to standard error writes by this. Clones write to the same place.
#[derive(Clone)]
pub(super) struct Printer {
    queue: Arc<Queue>,
    style: Style,
}

/// How lines look.
#[derive(Clone)]
struct Style {
    format: LogFormat,
    color: bool,
    clock: Clock,
    redactor: Redactor,
}

/// What the bar shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BarState {
    pub(super) length: u64,
    pub(super) position: u64,
    /// In the order in which they are read.
    pub(super) parts: Vec<Part>,
}

impl Printer {
    /// Starts the thread that writes. Where the system has no thread left, lines are written by whoever says them.
    pub(super) fn start(format: LogFormat, color: bool, clock: Clock, redactor: Redactor) -> Self {
        let style = Style { format, color, clock, redactor };
        let queue = Arc::new(Queue::new(CAPACITY));
        let (theirs, own) = (Arc::clone(&queue), style.clone());
        let missing = move |count| own.line(Level::Warning, &missing(count));
        let started = thread::Builder::new()
            .name("stderr".to_owned())
            .spawn(move || writer::write(&theirs, &mut io::stderr(), missing));
        if started.is_err() {
            queue.write_directly();
        }
        Self { queue, style }
    }

    /// Says a line, or a few.
    pub(super) fn say(&self, level: Level, line: &str) {
        self.queue.push(Item::Text(self.style.line(level, line)));
    }

    /// Shows the bar, where there is a terminal, or what is new in it, until [`Printer::leave_bar`].
    pub(super) fn show_bar(&self, state: BarState) {
        self.queue.show_bar(state);
    }

    /// Leaves the bar where it is. What is said from now on comes below.
    pub(super) fn leave_bar(&self) {
        self.queue.push(Item::LeaveBar);
    }

    /// Waits until everything is written, but no longer than this.
    pub(super) fn finish(&self, within: Duration) {
        self.queue.wait_until_written(within);
    }

    /// Whether every line is a JSON object.
    pub(super) fn is_json(&self) -> bool {
        self.style.format == LogFormat::Json
    }
}

/// For the log, which writes each of its lines in one piece.
impl Write for Printer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        let line = self.style.redactor.redact(&line);
        let line = match self.style.format {
            LogFormat::Text => text::visible_colored(&line),
            LogFormat::Json => text::json(&line),
        };
        self.queue.push(Item::Text(line.into_owned()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Style {
    /// A line as it is written, with its line feed. What is said may hold any text.
    fn line(&self, level: Level, words: &str) -> String {
        let words = self.redactor.redact(words);
        match self.format {
            LogFormat::Json => {
                let (at, level) = (self.clock.now().to_string(), level.of_log());
                let object = serde_json::json!({"timestamp": at, "level": level, "message": words});
                format!("{}\n", text::json(&object.to_string()))
            }
            LogFormat::Text => {
                let words = text::visible_lines(&words);
                match level.head() {
                    None => format!("{words}\n"),
                    Some((head, code)) if self.color => format!("\x1b[1;{code}m{head}\x1b[0m {words}\n"),
                    Some((head, _)) => format!("{head} {words}\n"),
                }
            }
        }
    }
}

impl Level {
    /// What stands before a line, and its colour (ECMA-48, `SGR`).
    fn head(self) -> Option<(&'static str, u8)> {
        match self {
            Self::Info => None,
            Self::Note => Some(("note:", 33)),
            Self::Hint => Some(("hint:", 36)),
            Self::Warning => Some(("warning:", 33)),
            Self::Error => Some(("error:", 31)),
        }
    }

    /// The level as the log writes it.
    fn of_log(self) -> &'static str {
        match self {
            Self::Info | Self::Note | Self::Hint => "INFO",
            Self::Warning => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// Says how many lines are missing where this line stands.
fn missing(count: u64) -> String {
    let lines = plural::counted(count, "line is", "lines are");
    format!("{lines} missing here: nobody read standard error")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_cannot_command_a_terminal_and_is_one_object_in_json() {
        let mut style =
            Style { format: LogFormat::Text, color: true, clock: Clock::start(), redactor: Redactor::default() };
        assert_eq!(style.line(Level::Info, "a\u{1b}[2J\u{9b}b"), "a\\u{1b}[2J\\u{9b}b\n");
        assert_eq!(style.line(Level::Error, "one\n\u{1b}[31mtwo"), "\u{1b}[1;31merror:\u{1b}[0m one\n\\u{1b}[31mtwo\n");
        style.format = LogFormat::Json;
        let line = style.line(Level::Warning, "one\n\u{202e}two");
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&object["level"], &object["message"]), (&"WARN".into(), &"one\n\u{202e}two".into()));
        assert!(line.contains("\\u202e") && line.lines().count() == 1, "{line}");
    }

    #[test]
    fn neither_a_line_nor_the_log_shows_a_secret() {
        let redactor = Redactor::default();
        redactor.hide("s3cret-of-mine");
        let style = Style { format: LogFormat::Text, color: false, clock: Clock::start(), redactor };
        let mut printer = Printer { queue: Arc::new(Queue::new(CAPACITY)), style };
        printer.say(Level::Info, "says s3cret-of-mine");
        printer.write_all(b"logs s3cret-of-mine\n").unwrap();
        let text = |text: &str| Item::Text(text.to_owned());
        assert_eq!((printer.queue.next(), printer.queue.next()), (text("says ***\n"), text("logs ***\n")));
    }
}
