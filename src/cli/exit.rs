//! The exit codes of the contract.

use std::process::Termination;

use crate::app::ErrorKind;

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

impl From<ErrorKind> for ExitCode {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Refused | ErrorKind::NoDatabase => Self::BAD_INPUT,
            ErrorKind::Internal => Self::INTERNAL,
            ErrorKind::OutputClosed => Self::SUCCESS,
        }
    }
}
