//! What was decided of a job, on its way into the table.

use crate::clock::Millis;
use crate::domain::history::Entry;
use crate::domain::job::Job;

/// One job as it shall be, and what its history shall say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The job as it shall be; its `revision` is the one that it was read at. Its key, its row, its cluster and what
    /// is wanted of it are the loader's, and are not written.
    pub job: Job,
    /// The history's next entry, if there is something to tell.
    pub entry: Option<Entry>,
    /// When it happened.
    pub at: Millis,
    /// Whether the runner keeps its claim of the job. A job that has ended is claimed by nobody.
    pub keep: bool,
    /// The call to Atlas that it comes from, written beside the entry.
    pub call: Option<Call>,
    /// What happened before it and was not written then; the history gets both, the row is written once.
    pub before: Option<Before>,
}

impl Change {
    /// A change that no call has taught, and that gives the job's claim back.
    pub fn new(job: Job, entry: Option<Entry>, at: Millis) -> Self {
        Self { job, entry, at, keep: false, call: None, before: None }
    }
}

/// What happened to a claimed job before a change is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// The job as it was then.
    pub job: Job,
    /// What its history shall say about it.
    pub entry: Entry,
    /// When it happened.
    pub at: Millis,
}

/// A call to Atlas, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `GET`, `POST`.
    pub method: &'static str,
    /// The path below the host.
    pub path: String,
    /// The HTTP status; `None` if no answer came, or none could yet.
    pub status: Option<u16>,
    /// Atlas's `errorCode`, if the answer had one.
    pub error_code: Option<String>,
    /// How long it took, in milliseconds; `None` before it is made.
    pub duration_ms: Option<i64>,
}

/// What the compare-and-swap said of each change, in their order: whether it was written.
#[must_use = "what was not written is to be read again, and decided anew"]
#[derive(Debug, Default)]
pub struct WriteResults(Vec<bool>);

impl WriteResults {
    pub(in crate::store) fn new(written: Vec<bool>) -> Self {
        Self(written)
    }

    /// Whether every change was written.
    pub fn are_all_written(&self) -> bool {
        self.0.iter().all(|written| *written)
    }

    /// Divides what belongs to the changes, one for each, into what was written and what was not.
    pub fn split<T>(self, items: impl IntoIterator<Item = T>) -> (Vec<T>, Vec<T>) {
        let (written, missed): (Vec<_>, Vec<_>) = items.into_iter().zip(self.0).partition(|(_, written)| *written);
        let items = |pairs: Vec<(T, bool)>| pairs.into_iter().map(|(item, _)| item).collect();
        (items(written), items(missed))
    }
}

impl<const N: usize> PartialEq<[bool; N]> for WriteResults {
    fn eq(&self, written: &[bool; N]) -> bool {
        self.0 == written
    }
}
