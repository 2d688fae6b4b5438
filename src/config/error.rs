//! What is wrong with a campaign file or the environment, in words that say where to look.

use std::fmt;
use std::io;
use std::path::Path;

use crate::text;

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
            out.write_str(&text::visible(file))?;
            if let Some(line) = self.line {
                write!(out, ":{line}")?;
            }
            out.write_str(": ")?;
        }
        if !self.key.is_empty() {
            write!(out, "{}: ", text::visible(&self.key))?;
        }
        out.write_str(&text::visible(&self.what))
    }
}

/// Everything that is wrong, in the order of the file. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(problems, *more))]
pub struct ConfigError {
    problems: Vec<Problem>,
    /// How many problems there are beyond those.
    more: usize,
}

impl ConfigError {
    pub(super) fn new(problems: Vec<Problem>, more: usize) -> Self {
        Self { problems, more }
    }

    /// How many problems there are.
    pub fn count(&self) -> usize {
        self.problems.len() + self.more
    }

    /// Whether the campaign file has a part in it; the environment has, if not.
    pub fn is_of_file(&self) -> bool {
        self.more > 0 || self.problems.iter().any(|problem| problem.file.is_some())
    }

    pub(super) fn one(file: &str, line: Option<usize>, key: &str, what: &str) -> Self {
        let (key, what) = (key.to_owned(), what.to_owned());
        Self::new(vec![Problem { file: Some(file.to_owned()), line, key, what }], 0)
    }

    pub(super) fn environment(key: &str, what: &str) -> Self {
        Self::new(vec![Problem { file: None, line: None, key: key.to_owned(), what: what.to_owned() }], 0)
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

fn lines(problems: &[Problem], more: usize) -> String {
    let more = (more > 0).then(|| format!("and {more} more"));
    problems.iter().map(ToString::to_string).chain(more).collect::<Vec<_>>().join("\n")
}
