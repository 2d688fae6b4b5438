//! What a live job waits for: one answer for lists, reports and the status.

use std::fmt;

use crate::clock::Millis;
use crate::domain::hold::{Held, Scope};
use crate::domain::job::{Job, State};
use crate::domain::wave::Wave;

/// The first thing that a live job waits for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WaitingFor {
    /// The end of a hold on its project, on an organisation that the project may belong to, or on the campaign.
    Hold {
        /// What is held.
        scope: Scope,
        /// Why.
        code: String,
    },
    /// The end of an earlier wave.
    Wave(Wave),
    /// A moment until which Atlas asked to wait.
    Atlas(Millis),
    /// The next look at the cluster, which is due then.
    Look(Millis),
    /// That its request is sent, which is due then.
    Sending(Millis),
    /// The answer to its request, which was sent.
    Answer,
}

/// What may be begun in a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The holds in force, the oldest first.
    pub holds: Vec<Held>,
    /// The wave that is under way: no job of a later one is begun.
    pub wave: Wave,
    /// The present, if the caller has a clock: then a wait that Atlas asked for counts only until it is over.
    pub now: Option<Millis>,
}

impl Admission {
    /// The same, with the present.
    #[must_use]
    pub fn at(self, now: Millis) -> Self {
        Self { now: Some(now), ..self }
    }
}

impl WaitingFor {
    /// What `job` waits for; `None` if it has ended.
    pub fn of(job: &Job, Admission { holds, wave, now }: &Admission) -> Option<Self> {
        if job.state.is_ended() {
            return None;
        }
        let Some(due) = job.schedule.due_at else { return Some(Self::Answer) };
        let begun = job.state.is_in_flight();
        // A hold keeps jobs from being begun. Those in flight are followed to their end.
        let hold = holds.iter().find(|held| !begun && covers(&held.scope, job));
        let asked = job.schedule.asked_until.filter(|until| *until >= due && now.is_none_or(|now| *until > now));
        Some(match (hold, asked) {
            (Some(Held { scope, fault, .. }), _) => Self::Hold { scope: scope.clone(), code: fault.code.clone() },
            _ if !begun && Wave::of(&job.wanted) > *wave => Self::Wave(*wave),
            (None, Some(until)) => Self::Atlas(until),
            (None, None) if job.state == State::Ready => Self::Sending(due),
            (None, None) => Self::Look(due),
        })
    }
}

/// Whether a hold may concern the job. Only Atlas knows which projects an organisation has, so a hold on one may concern
/// every job.
fn covers(scope: &Scope, job: &Job) -> bool {
    match scope {
        Scope::Project(id) => *id == job.project_id,
        Scope::Organisation(_) | Scope::Campaign => true,
    }
}

impl fmt::Display for WaitingFor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hold { scope: scope @ Scope::Organisation(_), code } => {
                write!(out, "release of {scope}, if the project belongs to it: {code}")
            }
            Self::Hold { scope, code } => write!(out, "release of {scope}: {code}"),
            Self::Wave(wave) => write!(out, "end of {wave}"),
            Self::Atlas(until) => out.write_str(&asked_words(*until)),
            Self::Look(due) => write!(out, "next look, due {due}"),
            Self::Sending(due) => write!(out, "sending, due {due}"),
            Self::Answer => out.write_str("the answer to its request"),
        }
    }
}

/// Until when Atlas asked to wait, if the job waits for that.
pub fn asked_until(job: &Job, now: Millis) -> Option<Millis> {
    let waits = job.schedule.due_at.is_some_and(|due| due > now);
    job.schedule.asked_until.filter(|asked| waits && *asked > now)
}

/// The message that Atlas asked to wait until then.
pub fn asked_words(until: Millis) -> String {
    format!("Atlas asked to wait until {until}")
}

/// Upgrades whose newest look showed neither the target nor the source at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unexpected {
    /// Atlas knows no cluster of the name.
    pub missing: i64,
    /// The cluster is idle and what it was before; soon after an acceptance that may be a stale answer.
    pub unchanged: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::Fault;
    use crate::domain::hold::Release;
    use crate::domain::job::Wanted;

    const DUE: Millis = Millis(1_800_000_000_000);

    fn job(state: State, wave: Option<u32>) -> Job {
        let wanted = Wanted { wave, ..Wanted::default() };
        let mut job = Job::new(2, "5f0000000000000000000001", "c", wanted, DUE);
        job.state = state;
        job
    }

    fn held(scope: Scope) -> Held {
        let fault = Fault::new("ACCOUNT_SUSPENDED", "pay");
        Held { scope, release: Release::Operator, fault, since: Millis(0) }
    }

    fn words(job: &Job, holds: &[Held], wave: Wave) -> String {
        WaitingFor::of(job, &Admission { holds: holds.to_vec(), wave, now: None })
            .map(|waiting| waiting.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_job_says_the_first_thing_that_it_waits_for() {
        let (pending, first) = (job(State::Pending, Some(2)), Wave::numbered(1));
        let project = held(Scope::Project(pending.project_id.clone()));
        let other = held(Scope::Project("5f0000000000000000000002".into()));
        let release = "release of project 5f0000000000000000000001: ACCOUNT_SUSPENDED";
        assert_eq!(words(&pending, &[other.clone(), project.clone()], first), release);
        assert_eq!(words(&pending, &[other], first), "end of wave 1");
        assert_eq!(words(&pending, &[], Wave::numbered(2)), "next look, due 2027-01-15T08:00:00.000Z");
        let asked = pending.with(|job| job.schedule.asked_until = Some(DUE));
        let until = "Atlas asked to wait until 2027-01-15T08:00:00.000Z";
        assert_eq!(words(&asked, &[], Wave::REST), until);
        let over = Admission { holds: Vec::new(), wave: Wave::REST, now: None }.at(DUE);
        assert_eq!(WaitingFor::of(&asked, &over), Some(WaitingFor::Look(DUE)));
        let campaign = held(Scope::Campaign);
        assert_eq!(words(&asked, &[campaign], Wave::REST), "release of the campaign: ACCOUNT_SUSPENDED");
        let organisation = held(Scope::Organisation("6a".into()));
        assert!(words(&asked, &[organisation], Wave::REST).contains("organisation 6a, if the project belongs to it"));
        assert_eq!(words(&job(State::Ready, None), &[], Wave::REST), "sending, due 2027-01-15T08:00:00.000Z");
        assert_eq!(words(&job(State::Succeeded, None), &[project], first), "");
    }

    #[test]
    fn what_is_in_flight_waits_for_no_hold_and_no_wave() {
        let holds = [held(Scope::Campaign)];
        for state in [State::Verifying, State::Upgrading] {
            assert_eq!(
                words(&job(state, Some(9)), &holds, Wave::numbered(1)),
                "next look, due 2027-01-15T08:00:00.000Z"
            );
        }
        let sent = job(State::Submitting, None).with(|job| job.schedule.due_at = None);
        assert_eq!(words(&sent, &holds, Wave::REST), "the answer to its request");
    }
}
