//! A parsed campaign file that remembers the line of every key and gathers what is wrong.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::error::{ConfigError, Problem};
use crate::config::span;
use crate::intake::suggest;

/// The line, from 1, in which a byte stands.
pub(super) fn line_of(text: &[u8], at: usize) -> usize {
    text.iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// The file, and what is wrong with it so far.
pub(super) struct Document<'t> {
    file: &'t str,
    text: &'t str,
    problems: RefCell<Vec<Problem>>,
    /// How many problems there are beyond those.
    more: Cell<usize>,
}

/// How many problems are kept; the place of each is searched for in the whole text.
const MOST_PROBLEMS: usize = 200;

impl<'t> Document<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, problems: RefCell::default(), more: Cell::new(0) }
    }

    /// The keys that stand before the first `[section]`.
    pub(super) fn root<'d>(&'d self, table: &'d DeTable<'t>) -> Section<'d, 't> {
        Section { document: self, path: String::new(), line: None, table: Some(table) }
    }

    fn is_full(&self) -> bool {
        self.problems.borrow().len() >= MOST_PROBLEMS
    }

    /// What was made of the file, if nothing was wrong with it.
    pub(super) fn finish<T>(self, made: Option<T>) -> Result<T, ConfigError> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line);
        match made {
            Some(made) if problems.is_empty() => Ok(made),
            _ => Err(ConfigError::new(problems, self.more.get())),
        }
    }
}

/// A table of the file; an empty one if the file leaves it out.
pub(super) struct Section<'d, 't> {
    document: &'d Document<'t>,
    path: String,
    line: Option<usize>,
    table: Option<&'d DeTable<'t>>,
}

impl<'d, 't> Section<'d, 't> {
    /// Every key with its value.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'d str, &'d Spanned<DeValue<'t>>)> + use<'d, 't> {
        self.table.into_iter().flatten().map(|(key, value)| (key.get_ref().as_ref(), value))
    }

    /// Whether the key stands in the file.
    pub(super) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    fn value(&self, key: &str) -> Option<&'d DeValue<'t>> {
        self.table?.get(key).map(Spanned::get_ref)
    }

    /// Blames every key that is not one of these.
    pub(super) fn only(&self, known: &[&str]) {
        for (key, _) in self.entries().filter(|(key, _)| !known.contains(key)) {
            let hint = if self.document.is_full() { String::new() } else { suggest::hint(key, known.iter().copied()) };
            self.blame(key, format!("there is no such key{hint}"));
        }
    }

    /// Notes that something is wrong with a key, or with the want of it.
    pub(super) fn blame(&self, key: &str, what: impl Into<String>) {
        if self.document.is_full() {
            return self.document.more.set(self.document.more.get() + 1);
        }
        let problem = Problem {
            file: Some(self.document.file.to_owned()),
            line: self.line_of_key(key).or(self.line),
            key: self.key(key),
            what: what.into(),
        };
        self.document.problems.borrow_mut().push(problem);
    }

    /// The line in which a key stands, if it does.
    pub(super) fn line_of_key(&self, key: &str) -> Option<usize> {
        let (name, _) = self.table?.get_key_value(key)?;
        Some(line_of(self.document.text.as_bytes(), name.span().start))
    }

    /// Notes that a variable of the environment is wrong.
    pub(super) fn blame_environment(&self, variable: &str, what: impl Into<String>) {
        let problem = Problem { file: None, line: None, key: variable.to_owned(), what: what.into() };
        self.document.problems.borrow_mut().push(problem);
    }

    /// A key and where it stands, for a message: `fleet.sql.url of q4.toml:3`.
    pub(super) fn place_of(&self, key: &str) -> String {
        let line = self.line_of_key(key).or(self.line).map_or_else(String::new, |line| format!(":{line}"));
        format!("{} of {}{line}", self.key(key), self.document.file)
    }

    fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The section below a key.
    pub(super) fn section(&self, key: &str) -> Self {
        let table = match self.value(key) {
            None => None,
            Some(DeValue::Table(table)) => Some(table),
            Some(other) => self.blame_type(key, "a section", other),
        };
        let line = self.line_of_key(key);
        Self { document: self.document, path: self.key(key), line, table }
    }

    /// The text of a key.
    pub(super) fn text(&self, key: &str) -> Option<&'d str> {
        match self.value(key)? {
            DeValue::String(text) => Some(text),
            other => self.blame_type(key, "a text in quotation marks", other),
        }
    }

    /// The text of a key that may also be written as a number or a truth value.
    pub(super) fn plain(&self, key: &str) -> Option<String> {
        match self.value(key)? {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Boolean(value) => Some(value.to_string()),
            DeValue::Integer(value) => Some(value.to_string()),
            other => self.blame_type(key, "a text, a whole number, true or false", other),
        }
    }

    /// The span of time of a key, or else `usual`.
    pub(super) fn span(&self, key: &str, usual: Duration) -> Duration {
        let text = match self.value(key) {
            None => return usual,
            Some(DeValue::String(text)) => text,
            Some(other) => {
                return self.blame_type(key, "a text such as \"30s\"", other).unwrap_or(usual);
            }
        };
        span::duration(text).unwrap_or_else(|what| {
            self.blame(key, what);
            usual
        })
    }

    /// The count of a key, 1 or more, or else `usual`.
    pub(super) fn count(&self, key: &str, usual: u32) -> u32 {
        let number = match self.value(key) {
            None => return usual,
            Some(DeValue::Integer(number)) => number,
            Some(other) => return self.blame_type(key, "a whole number", other).unwrap_or(usual),
        };
        match i128::from_str_radix(number.as_str(), number.radix()).map(u32::try_from) {
            Ok(Ok(count)) if count >= 1 => count,
            _ => {
                self.blame(key, format!("must be from 1 to {} ({number})", u32::MAX));
                usual
            }
        }
    }

    /// Whether a key is true; false where it is missing.
    pub(super) fn flag(&self, key: &str) -> bool {
        match self.value(key) {
            None => false,
            Some(DeValue::Boolean(value)) => *value,
            Some(other) => self.blame_type(key, "true or false", other).unwrap_or(false),
        }
    }

    /// The number of a key, with or without a point.
    pub(super) fn number(&self, key: &str) -> Option<f64> {
        match self.value(key)? {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) => number.as_str().parse().ok(),
            other => self.blame_type(key, "a number", other),
        }
    }

    /// The factor of a key, from 1 to 100, or else `usual`.
    pub(super) fn factor(&self, key: &str, usual: f64) -> f64 {
        let factor = if self.has(key) { self.number(key) } else { Some(usual) };
        factor.filter(|factor| (1.0..=100.0).contains(factor)).unwrap_or_else(|| {
            self.blame(key, "must be a factor, from 1 to 100");
            usual
        })
    }

    /// Says what a value is and not what it holds, which may be a secret.
    fn blame_type<T>(&self, key: &str, wanted: &str, found: &DeValue<'_>) -> Option<T> {
        let article = if found.type_str().starts_with(['a', 'i']) { "an" } else { "a" };
        self.blame(key, format!("must be {wanted}, not {article} {}", found.type_str()));
        None
    }
}
