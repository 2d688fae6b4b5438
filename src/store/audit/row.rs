//! One job: its history link by link, and its row against what the history made of it.

use crate::clock::Millis;
use crate::domain::job::{Job, State, Wanted};
use crate::plural;
use crate::store::audit::replay_check::ReplayCheck;
use crate::store::audit::violation::{Found, Violation};
use crate::store::campaigns::Campaign;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::history::chain::{self, ChainedEvent};
use crate::store::history::digest::Digest;
use crate::store::queries::jobs::EventRow;
use crate::store::queries::jobs::{RecordedEvent, Row};
use crate::store::queue::columns::JobRow;
use crate::store::queue::row_meta::RowMeta;

/// Whoever checks the jobs of a campaign.
pub(super) struct Auditor<'a> {
    pub(super) store: &'a Store,
    pub(super) campaign: &'a Campaign,
    /// What is wrong with a row or an event that bears no digest.
    pub(super) unsealed: &'static str,
}

impl Auditor<'_> {
    /// Checks a job; returns it with its history, and the digest of its newest event.
    pub(super) fn check(&self, row: JobRow, history: Vec<EventRow>) -> Found<(Row, Digest)> {
        let name = row.name();
        let unreadable = |error| unreadable(&name, None, &error);
        let (job, meta) = self.store.unverified(row).map_err(unreadable)?;
        let (history, head) = self.walk(&job, history)?;
        let none = (meta.seal == Digest::NONE).then(|| self.unsealed.to_owned());
        if let Some(what) = none.or_else(|| wrong_row(&job, &meta, history.last(), head)) {
            return Err(Violation { job: Some(name), seq: None, what });
        }
        let extra = self.store.extra_of(&job, &meta).map_err(unreadable)?;
        Ok((Row { job, extra, history }, head))
    }

    /// Walks the chain of a job's history; returns it, and the digest that the chain comes to.
    fn walk(&self, job: &Job, history: Vec<EventRow>) -> Found<(Vec<RecordedEvent>, Digest)> {
        let mut head = chain::beginning(&self.campaign.name, &job.project_id, &job.cluster_name);
        let mut walked = Vec::with_capacity(history.len());
        let mut replay = ReplayCheck::new();
        for (event, seq) in history.into_iter().zip(1..) {
            let unreadable = |error| unreadable(&job.name(), Some(seq), &error);
            let event = self.store.recorded_of(event).map_err(unreadable)?;
            let none = (event.digest == Digest::NONE).then_some(self.unsealed);
            let wrong = none.or_else(|| wrong_event(&event, seq, head)).or_else(|| replay.wrong(&event));
            if let Some(wrong) = wrong {
                return Err(Violation { job: Some(job.name()), seq: Some(event.seq), what: wrong.to_owned() });
            }
            head = event.digest;
            walked.push(event);
        }
        Ok((walked, head))
    }
}

/// A column of a job's, or of one of its events, holds what nobody writes.
fn unreadable(job: &str, seq: Option<i64>, error: &StoreError) -> Violation {
    let what = match error {
        StoreError::Nonsense { column, found, .. } => format!("its {column} makes no sense: {found}"),
        other => other.to_string(),
    };
    Violation { job: Some(job.to_owned()), seq, what }
}

/// What is wrong with an event, if anything is.
fn wrong_event(event: &RecordedEvent, seq: i64, head: Digest) -> Option<&'static str> {
    if event.seq != seq {
        return Some("the one before it is missing");
    }
    if event.previous != head {
        return Some("it does not follow upon the one before it");
    }
    (link(event).digest() != event.digest).then_some("it, or its runner, is not what was recorded")
}

/// What is wrong with a row, if anything is.
fn wrong_row(job: &Job, meta: &RowMeta, newest: Option<&RecordedEvent>, head: Digest) -> Option<String> {
    let what = chain::job(job, meta.loaded());
    let (written, there) = (meta.events, newest.map_or(0, |event| event.seq));
    let follows = match newest {
        Some(event) => event.job == what && event.state == job.state,
        None => chain::job(&untouched(job), meta.loaded()) == what,
    };
    let wrong = if written != there {
        let (written, there) =
            (plural::counted(written, "event was", "events were"), plural::counted(there, "is", "are"));
        return Some(format!("of its history {written} written, and {there} there"));
    } else if meta.head != head {
        "its row names another event as its newest"
    } else if !follows {
        "its row is not what its events made of it"
    } else if !meta.fits(job, what) {
        "its row was changed since drydock wrote it"
    } else if !is_in_sound_hands(job, meta) {
        "its row is in hands that drydock did not give it into"
    } else {
        return None;
    };
    Some(wrong.to_owned())
}

fn link(event: &RecordedEvent) -> ChainedEvent<'_> {
    ChainedEvent {
        seq: event.seq,
        at: event.at,
        kind: &event.kind,
        state: event.state.name(),
        send: event.send,
        code: event.code.as_deref(),
        detail: event.detail.as_deref(),
        runner: &event.runner,
        method: event.method.as_deref(),
        path: event.path.as_deref(),
        status: event.status,
        duration_ms: event.duration_ms,
        job: event.job,
        previous: event.previous,
    }
}

/// The job as the loader made it, before anything happened to it.
fn untouched(job: &Job) -> Job {
    Job::new(job.row, &job.project_id, &job.cluster_name, Wanted::default(), Millis(0))
}

/// What a claim marks: it is its runner's; an ended job is nobody's and never due, and a live one waits for something.
fn is_in_sound_hands(job: &Job, meta: &RowMeta) -> bool {
    let claim = meta.claimed_by.is_none() || meta.claimed_by == meta.runner;
    let due = job.schedule.due_at.is_some();
    let waits =
        if job.state.is_ended() { meta.claimed_by.is_none() && !due } else { due || job.state == State::Submitting };
    claim && waits
}
