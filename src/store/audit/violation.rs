//! What does not fit.

use std::fmt;

/// How many violations are named one by one.
const NAMED: usize = 10;

/// What is found, or what does not fit.
pub(super) type Found<T> = std::result::Result<T, Violation>;

/// What is wrong with what bears no digest, in a campaign that bears none either, and in one that does.
pub(super) const OLD: &str = "it was written by a drydock that kept no digests yet";
pub(super) const UNSEALED: &str = "it bears no digest, as if it was added by hand";

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
