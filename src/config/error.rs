//! What is wrong with a campaign file or the environment, in words that say where to look.

use std::fmt;
use std::io;
use std::path::Path;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The campaign file, or nothing where the environment is wrong.
    pub file: Option<String>,
    /// The line in the file.
    pub line: Option<usize>,
    /// The key, as `look.settle`, or the variable; empty if it is about the whole file.
    pub key: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            out.write_str(file)?;
            if let Some(line) = self.line {
                write!(out, ":{line}")?;
            }
            out.write_str(": ")?;
        }
        if !self.key.is_empty() {
            write!(out, "{}: ", self.key)?;
        }
        out.write_str(&self.what)
    }
}

/// Everything that is wrong, in the order of the file. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct ConfigError(pub Vec<Problem>);

impl ConfigError {
    pub(super) fn one(file: &str, line: Option<usize>, key: &str, what: &str) -> Self {
        let (key, what) = (key.to_owned(), what.to_owned());
        Self(vec![Problem { file: Some(file.to_owned()), line, key, what }])
    }

    pub(super) fn environment(key: &str, what: &str) -> Self {
        Self(vec![Problem { file: None, line: None, key: key.to_owned(), what: what.to_owned() }])
    }

    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Self {
        let what = match error.kind() {
            io::ErrorKind::NotFound => "there is no such campaign file".to_owned(),
            io::ErrorKind::IsADirectory => "this is a directory, not a campaign file".to_owned(),
            _ => format!("the campaign file cannot be read: {error}"),
        };
        Self::one(&path.display().to_string(), None, "", &what)
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
