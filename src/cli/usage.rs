//! Help, the version, and what is wrong with a command line.

use std::io::{IsTerminal, Write, stderr, stdout};

use clap::Error;
use clap::error::ErrorKind;

use crate::cli::environment;
use crate::cli::exit::ExitCode;
use crate::text;

/// Prints it where it belongs. A word of the command line, which may be a file's name or a secret in the wrong place,
/// neither commands the terminal nor shows a secret.
pub(super) fn print(error: &Error) -> ExitCode {
    let plain = environment::variable("NO_COLOR").is_some();
    let is_terminal = if error.use_stderr() { stderr().is_terminal() } else { stdout().is_terminal() };
    let rendered = error.render();
    let words = if is_terminal && !plain { rendered.ansi().to_string() } else { rendered.to_string() };
    let words = environment::redactor().redact(&words).into_owned();
    let words = text::visible_colored(&words);
    let _closed =
        if error.use_stderr() { stderr().write_all(words.as_bytes()) } else { stdout().write_all(words.as_bytes()) };
    let told = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if told { ExitCode::SUCCESS } else { ExitCode::BAD_INPUT }
}
