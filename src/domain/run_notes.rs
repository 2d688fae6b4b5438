//! What a run waits for that its jobs' rows do not tell: for other processes to read.

use crate::clock::Millis;

/// What a run waits for that its jobs' rows do not tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunNotes {
    /// What nobody gets through to, if so.
    pub outage: Option<Outage>,
    /// What Atlas asked for, if it did.
    pub asked: Option<AskedWait>,
}

/// That nobody gets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// To what, and why: `cannot reach Atlas (NO_CONNECTION)`.
    pub words: String,
    /// Since when.
    pub since: Millis,
}

/// That Atlas asked to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedWait {
    /// Until when it asked to wait.
    pub until: Millis,
    /// When it is asked again.
    pub again: Millis,
}
