//! The chain: digests that make a history tamper-evident. `docs/audit.md` has the canonical forms for auditors.
//!
//! A job's chain begins with its name. Each event commits to the event before it and to what the job's row
//! had become; the row's seal covers what changes without an event.

use sha2::{Digest as _, Sha256};

use crate::clock::Millis;
use crate::domain::job::{IfNotLanded, Job};
use crate::store::history::digest::{CanonicalForm, Digest};
use crate::store::history::runner::Runner;

/// Where the chain of a job begins: before its first event.
pub(in crate::store) fn beginning(campaign: &str, project: &str, cluster: &str) -> Digest {
    CanonicalForm::new("drydock job 1").text(Some(campaign)).text(Some(project)).text(Some(cluster)).done()
}

/// What the loader wrote into a job's row, as the text that the column holds.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct LoadedColumns<'a> {
    pub(in crate::store) wanted: &'a str,
    pub(in crate::store) extra: &'a str,
}

/// What a job is: all that never changes without an event.
pub(in crate::store) fn job(job: &Job, loaded: LoadedColumns<'_>) -> Digest {
    let plan = job.request.if_not_landed.as_ref();
    let refused = if let Some(IfNotLanded::Failed(fault)) = plan { Some(fault) } else { None };
    CanonicalForm::new("drydock row 1")
        .text(Some(loaded.wanted))
        .text(Some(loaded.extra))
        .text(Some(job.state.name()))
        .number(Some(job.request.send))
        .number(Some(job.request.attempts))
        .flag(job.request.open)
        .flag(job.request.accepted)
        .text(plan.map(plan_name))
        .fault(refused)
        .time(job.request.left_at)
        .time(job.request.sent_at)
        .time(job.request.accepted_at)
        .time(job.request.submitted_at)
        .time(job.finished_at)
        .fault(job.error.as_ref())
        .identity(job.source.as_ref())
        .identity(job.target.as_ref())
        .text(job.request.answered_id.as_deref())
        .done()
}

/// The name of a plan in the database.
pub(in crate::store) fn plan_name(plan: &IfNotLanded) -> &'static str {
    match plan {
        IfNotLanded::Ready => "ready",
        IfNotLanded::Failed(_) => "failed",
        IfNotLanded::Cancelled => "cancelled",
    }
}

/// One event, as it is written.
pub(in crate::store) struct ChainedEvent<'a> {
    pub(in crate::store) seq: i64,
    pub(in crate::store) at: Millis,
    pub(in crate::store) kind: &'a str,
    pub(in crate::store) state: &'a str,
    pub(in crate::store) send: Option<i64>,
    pub(in crate::store) code: Option<&'a str>,
    pub(in crate::store) detail: Option<&'a str>,
    pub(in crate::store) runner: &'a Runner,
    pub(in crate::store) method: Option<&'a str>,
    pub(in crate::store) path: Option<&'a str>,
    pub(in crate::store) status: Option<i64>,
    pub(in crate::store) duration_ms: Option<i64>,
    /// What the job was afterwards.
    pub(in crate::store) job: Digest,
    /// The event before, or where the chain begins.
    pub(in crate::store) previous: Digest,
}

impl ChainedEvent<'_> {
    pub(in crate::store) fn digest(&self) -> Digest {
        CanonicalForm::new("drydock event 1")
            .number(Some(self.seq))
            .time(Some(self.at))
            .text(Some(self.kind))
            .text(Some(self.state))
            .number(self.send)
            .text(self.code)
            .text(self.detail)
            .text(Some(&self.runner.id))
            .text(Some(&self.runner.host))
            .text(Some(&self.runner.version))
            .text(Some(&self.runner.started_by))
            .text(self.method)
            .text(self.path)
            .number(self.status)
            .number(self.duration_ms)
            .digest(self.job)
            .digest(self.previous)
            .done()
    }
}

/// The seal of a row: all of it as it was last written, and its history up to the newest event. What a claim marks
/// on a live row (`runner`, `overdue`, `due_at`, `claimed_by`) is left out; an ended job is claimed by nobody.
pub(in crate::store) fn seal(job: &Job, what: Digest, (events, head): (i64, Digest), runner: Option<&str>) -> Digest {
    let ended = job.state.is_ended();
    let streak = job.observed.streak.as_ref();
    // Rows of a former version have none of the notes that came later, and their seals stay what they were.
    let later =
        job.observed.atlas_name.is_some() || job.observed.unattended_ms != 0 || job.schedule.asked_until.is_some();
    let mut form = CanonicalForm::new(if later { "drydock seal 2" } else { "drydock seal 1" })
        .digest(what)
        .number(Some(events))
        .digest(head)
        .number(Some(job.id))
        .number(Some(job.campaign_id))
        .number(Some(job.row))
        .text(Some(&job.project_id))
        .text(Some(&job.cluster_name))
        .number(Some(job.revision))
        .time(streak.map(|streak| streak.since))
        .text(streak.map(|streak| &*streak.id))
        .number(streak.map(|streak| streak.looks))
        .number(Some(job.observed.missing))
        .flag(job.observed.alone)
        .number(Some(job.schedule.deferrals))
        .time(job.observed.first_look_at)
        .time(job.observed.looked_at)
        .text(job.observed.seen.as_deref());
    if later {
        form = form
            .text(job.observed.atlas_name.as_deref())
            .number(Some(job.observed.unattended_ms))
            .time(job.schedule.asked_until);
    }
    form.number(ended.then_some(job.schedule.overdue)).text(runner.filter(|_| ended)).done()
}

/// What a campaign is, as its row has it.
pub(in crate::store) struct CampaignRecord<'a> {
    pub(in crate::store) name: &'a str,
    pub(in crate::store) operation: &'a str,
    pub(in crate::store) against: Option<&'a str>,
    /// The names of the fleet's own columns, as JSON.
    pub(in crate::store) columns: &'a str,
    pub(in crate::store) created_at: i64,
    /// How many jobs it has.
    pub(in crate::store) jobs: i64,
}

impl CampaignRecord<'_> {
    /// The seal of a campaign's row.
    pub(in crate::store) fn seal(&self) -> Digest {
        CanonicalForm::new("drydock campaign seal 1")
            .text(Some(self.name))
            .text(Some(self.operation))
            .text(self.against)
            .text(Some(self.columns))
            .number(Some(self.created_at))
            .number(Some(self.jobs))
            .done()
    }
}

/// The digest of a campaign: over the heads of all its jobs in the fleet's order.
pub(in crate::store) struct CampaignDigest(Sha256);

impl CampaignDigest {
    pub(in crate::store) fn new(campaign: &str, operation: &str, against: Option<&str>) -> Self {
        let title =
            CanonicalForm::new("drydock campaign 1").text(Some(campaign)).text(Some(operation)).text(against).done();
        let mut whole = Self(Sha256::new());
        whole.add(title);
        whole
    }

    pub(in crate::store) fn add(&mut self, head: Digest) {
        self.0.update(format!("{head}\n"));
    }

    pub(in crate::store) fn done(self) -> Digest {
        Digest::from_hasher(self.0)
    }
}

#[test]
fn a_row_from_before_the_later_notes_keeps_its_seal() {
    let mut job = Job::new(2, "32b6e34b3d91647abb20e7b8", "orders", crate::domain::job::Wanted::default(), Millis(0));
    let seal = |job: &Job| seal(job, Digest::NONE, (0, Digest::NONE), None).to_string();
    let first = seal(&job);
    assert_eq!(first, "e1ae88fd98f24db5f95365f16662f55895789a9686fbd3944d6d6e3b456be286");
    job.observed.unattended_ms = 1;
    assert_ne!(seal(&job), first);
}
