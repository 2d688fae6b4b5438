//! One job: its history link by link, and its row against what the history made of it.

use crate::clock::Millis;
use crate::domain::job::{Job, State, Wanted};
use crate::store::audit::{Found, Misfit};
use crate::store::chain::{self, Cargo, Digest, Link};
use crate::store::columns::JobRow;
use crate::store::rows::EventRow;
use crate::store::{Campaign, Recorded, Store};

/// Checks a job; returns the digest of its newest event.
pub(super) fn check(store: &Store, campaign: &Campaign, row: JobRow, history: Vec<EventRow>) -> Found<Digest> {
    let name = format!("{}/{}", row.project_id, row.cluster_name);
    let of_row = |what: &str| Misfit { job: Some(name.clone()), seq: None, what: what.to_owned() };
    let parsed = |error| Misfit { job: Some(name.clone()), seq: None, what: format!("{error}") };
    let (wanted, extra, marks) = (row.wanted.clone(), row.extra.clone(), Marks::of(&row));
    let cargo = Cargo { wanted: &wanted, extra: &extra };
    let (count, stored_head) = (row.events, row.head.clone());
    let job = store.job_of(row).map_err(parsed)?;
    let what = chain::job(&job, cargo);

    let mut head = chain::beginning(&campaign.name, &job.project_id, &job.cluster_name);
    let mut newest = None;
    for (event, seq) in history.into_iter().zip(1..) {
        let event = store.recorded_of(event).map_err(parsed)?;
        if let Some(wrong) = wrong(&event, seq, head) {
            return Err(Misfit { job: Some(name), seq: Some(event.seq), what: wrong.to_owned() });
        }
        head = event.digest;
        newest = Some(event);
    }
    let events = newest.as_ref().map_or(0, |event| event.seq);
    if count != events {
        return Err(of_row(&format!("of its history {count} events were written, and {events} are there")));
    }
    if Digest::of_column(&stored_head) != Some(head) {
        return Err(of_row("its row names another event as its newest"));
    }
    let follows = match &newest {
        Some(event) => event.job == what && event.state == job.state,
        None => chain::job(&untouched(&job), cargo) == what,
    };
    if !follows {
        return Err(of_row("its row is not what its events made of it"));
    }
    if Digest::of_column(&marks.seal) != Some(chain::seal(&job, what, head, marks.runner.as_deref())) {
        return Err(of_row("its row was changed since drydock wrote it"));
    }
    if !marks.are_sound(&job) {
        return Err(of_row("its row is in hands that drydock did not give it into"));
    }
    Ok(head)
}

/// What is wrong with an event, if anything is.
fn wrong(event: &Recorded, seq: i64, head: Digest) -> Option<&'static str> {
    if event.digest == Digest::NONE {
        return Some("it was recorded by a drydock that kept no digests yet");
    }
    if event.seq != seq {
        return Some("the one before it is missing");
    }
    if event.previous != head {
        return Some("it does not follow upon the one before it");
    }
    (link(event).digest() != event.digest).then_some("it is not what was recorded")
}

fn link(event: &Recorded) -> Link<'_> {
    Link {
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

/// What a claim marks, and the seal over all else.
struct Marks {
    claimed_by: Option<String>,
    runner: Option<String>,
    seal: Vec<u8>,
}

impl Marks {
    fn of(row: &JobRow) -> Self {
        Self { claimed_by: row.claimed_by.clone(), runner: row.runner.clone(), seal: row.seal.clone() }
    }

    /// A claim is its runner's; an ended job is nobody's and never due, and a live one waits for something.
    fn are_sound(&self, job: &Job) -> bool {
        let claim = self.claimed_by.is_none() || self.claimed_by == self.runner;
        let due = job.due_at.is_some();
        claim
            && if job.state.is_ended() {
                self.claimed_by.is_none() && !due
            } else {
                due || job.state == State::Submitting
            }
    }
}
