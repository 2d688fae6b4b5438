//! How a process ends: the exit codes of the contract, and the one error that carries them to the shell.

use std::fmt;
use std::process::Termination;

use crate::cli::context::Context;
use crate::cli::printer::Level;
use crate::config::ConfigError;
use crate::intake::IntakeError;
use crate::report::ReportError;
use crate::store::{LoadError, StoreError};

/// An exit code. The numbers are part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitCode(u8);

impl ExitCode {
    /// Every job succeeded or was skipped; or the command did what it was asked.
    pub const SUCCESS: Self = Self(0);
    /// An internal error.
    pub const INTERNAL: Self = Self(1);
    /// Bad input, no credentials, refused or declined: nothing was started.
    pub const BAD_INPUT: Self = Self(2);
    /// Ended, and some jobs failed or were cancelled.
    pub const SOME_FAILED: Self = Self(10);
    /// Held: an operator must act.
    pub const HELD: Self = Self(12);
    /// Interrupted and resumable.
    pub const INTERRUPTED: Self = Self(130);
}

impl Termination for ExitCode {
    fn report(self) -> std::process::ExitCode {
        self.0.into()
    }
}

/// Why a command did not do what it was asked: a message for people and the code for the shell.
#[derive(Debug)]
pub(super) struct Failure {
    code: ExitCode,
    message: String,
    /// Whether there is no database yet.
    is_no_database: bool,
}

impl Failure {
    pub(super) fn bad_input(message: impl fmt::Display) -> Self {
        Self { code: ExitCode::BAD_INPUT, message: message.to_string(), is_no_database: false }
    }

    pub(super) fn internal(message: impl fmt::Display) -> Self {
        Self { code: ExitCode::INTERNAL, message: message.to_string(), is_no_database: false }
    }

    /// The same with something that may explain it.
    pub(super) fn noting(self, what: &str) -> Self {
        Self { message: format!("{} ({what})", self.message), ..self }
    }

    /// Nobody reads our output any more, which is no error.
    pub(super) fn closed_pipe() -> Self {
        Self { code: ExitCode::SUCCESS, message: String::new(), is_no_database: false }
    }

    /// The same failure, since there is no database yet.
    pub(super) fn of_no_database(self) -> Self {
        Self { is_no_database: true, ..self }
    }

    /// Whether there is no database yet, which may pass.
    pub(super) fn is_no_database(&self) -> bool {
        self.is_no_database
    }

    /// Whether it is no failure but a reader that went away.
    pub(super) fn is_closed_pipe(&self) -> bool {
        self.code == ExitCode::SUCCESS
    }

    /// Says it on standard error, and keeps the code alone.
    pub(super) fn told(self, context: &Context) -> Self {
        Self { code: self.tell(context), message: String::new(), is_no_database: false }
    }

    /// Says it on standard error.
    pub(super) fn tell(self, context: &Context) -> ExitCode {
        if !self.message.is_empty() {
            context.printer.say(Level::Error, &self.message);
        }
        self.code
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            // These can strike in the middle of the work, when "nothing was started" would be a lie.
            StoreError::DiskFull { .. }
            | StoreError::Locked { .. }
            | StoreError::Unwritable { .. }
            | StoreError::Damaged { .. }
            | StoreError::Edited { .. }
            | StoreError::Unfit { .. }
            | StoreError::Unsealed { .. }
            | StoreError::Nonsense { .. }
            | StoreError::Displaced { .. }
            | StoreError::LockLost { .. }
            | StoreError::Other { .. } => Self::internal(error),
            StoreError::NoSuchDatabase { .. } => Self::bad_input(error).of_no_database(),
            _ => Self::bad_input(error),
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => error.into(),
            other => Self::bad_input(other),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let what = if error.is_of_file() { "the campaign file" } else { "the environment" };
        Self::bad_input(list(what, error.count() as u64, &error))
    }
}

impl From<IntakeError> for Failure {
    fn from(error: IntakeError) -> Self {
        match &error {
            IntakeError::Rows(rows) => Self::bad_input(list("the fleet", rows.count(), &error)),
            _ => Self::bad_input(error),
        }
    }
}

/// Mistakes, each on a line that begins with its file, so that editors and scripts find the place.
fn list(what: &str, count: u64, mistakes: &dyn fmt::Display) -> String {
    let mistake = if count == 1 { "one mistake".to_owned() } else { format!("{count} mistakes") };
    format!("{what} has {mistake}; nothing was started\n{mistakes}")
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Closed => Self::closed_pipe(),
            ReportError::Store(error) => error.into(),
            other @ ReportError::Write { .. } => Self::internal(other),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::closed_pipe();
        }
        Self::internal(error)
    }
}
