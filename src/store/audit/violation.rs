//! What does not fit.

use std::fmt;

use crate::store::StoreError;

/// How many misfits are named one by one.
const NAMED: usize = 10;

/// One thing that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which job's, `PROJECT/CLUSTER`, if it is one's.
    pub job: Option<String>,
    /// The number of the event, if it is an event's.
    pub seq: Option<i64>,
    /// What is wrong.
    pub what: String,
}

impl Violation {
    /// A column of a job's, or of one of its events, holds what nobody writes.
    pub(super) fn unreadable(job: &str, seq: Option<i64>, error: &StoreError) -> Self {
        let what = match error {
            StoreError::Nonsense { column, found, .. } => format!("its {column} makes no sense: {found}"),
            other => other.to_string(),
        };
        Self { job: Some(job.to_owned()), seq, what }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(job) = &self.job {
            write!(out, "{job}{}", if self.seq.is_some() { ", " } else { ": " })?;
        }
        if let Some(seq) = self.seq {
            write!(out, "event {seq}: ")?;
        }
        out.write_str(&self.what)
    }
}

/// All that does not fit: at most one thing a job, and those of the campaign itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Violations {
    /// The first of them, in the fleet's order.
    pub named: Vec<Violation>,
    /// How many there are in all.
    pub total: usize,
}

impl Violations {
    pub(super) fn add(&mut self, violation: Violation) {
        self.total += 1;
        if self.named.len() < NAMED {
            self.named.push(violation);
        }
    }
}

impl fmt::Display for Violations {
    /// Each on a line of its own.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, violation) in self.named.iter().enumerate() {
            write!(out, "{}{violation}", if place > 0 { "\n" } else { "" })?;
        }
        match self.total - self.named.len() {
            0 => Ok(()),
            more => write!(out, "\nand {more} more"),
        }
    }
}
