//! Why a use case did not do what it was asked.

use std::fmt;

use crate::config::ConfigError;
use crate::files::IsInput;
use crate::intake::IntakeError;
use crate::report::ReportError;
use crate::store::{LoadError, StoreError};

/// What a caller has to tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Bad input, no credentials, refused or declined: nothing was started.
    Refused,
    /// Refused, since there is no database yet. One may come.
    NoDatabase,
    /// It was stopped in the middle of its work, or met a fault of Drydock's own.
    Internal,
    /// Nobody reads the output any more. This is no failure.
    OutputClosed,
}

/// What went wrong, and what to do.
#[derive(Debug)]
pub struct AppError {
    kind: ErrorKind,
    message: String,
    hints: Vec<String>,
}

impl AppError {
    /// Nothing was started.
    pub fn refused(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Refused, message)
    }

    /// There is no database yet, so that nothing was started.
    pub fn no_database(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::NoDatabase, message)
    }

    /// It stopped in the middle.
    pub fn internal(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Nobody reads the output any more.
    pub fn output_closed() -> Self {
        Self::new(ErrorKind::OutputClosed, "")
    }

    fn new(kind: ErrorKind, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string(), hints: Vec::new() }
    }

    /// The same, with one more thing to do or to know.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    /// The same, with something in brackets that may explain it.
    #[must_use]
    pub fn noting(self, what: &str) -> Self {
        Self { message: format!("{} ({what})", self.message), ..self }
    }

    /// What to branch on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What went wrong; empty where it was told already.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do next, one thing each.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let hint = error.hint();
        let error = match error {
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
            StoreError::NoSuchDatabase { .. } => Self::no_database(error),
            _ => Self::refused(error),
        };
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl From<LoadError> for AppError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => error.into(),
            other => Self::refused(other),
        }
    }
}

impl From<ConfigError> for AppError {
    fn from(error: ConfigError) -> Self {
        let what = if error.is_of_file() { "the campaign file" } else { "the environment" };
        Self::refused(list(what, error.count() as u64, &error))
    }
}

impl From<IntakeError> for AppError {
    fn from(error: IntakeError) -> Self {
        match &error {
            IntakeError::Rows(rows) => Self::refused(list("the fleet", rows.count(), &error)),
            _ => Self::refused(error),
        }
    }
}

/// Mistakes, each on a line that begins with its file, so that editors and scripts find the place.
fn list(what: &str, count: u64, mistakes: &dyn fmt::Display) -> String {
    let mistake = if count == 1 { "one mistake".to_owned() } else { format!("{count} mistakes") };
    format!("{what} has {mistake}; nothing was started\n{mistakes}")
}

impl From<ReportError> for AppError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Closed => Self::output_closed(),
            ReportError::Store(error) => error.into(),
            other @ ReportError::Write { .. } => Self::internal(other),
        }
    }
}

impl From<IsInput> for AppError {
    fn from(error: IsInput) -> Self {
        Self::refused(error)
    }
}

impl From<std::io::Error> for AppError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::output_closed();
        }
        Self::internal(error)
    }
}
