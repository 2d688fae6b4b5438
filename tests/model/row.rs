//! A job's row without what no rule reads, small enough to keep millions of: it becomes the production
//! [`Job`] for every decision, and what was decided becomes a row again.
//!
//! Left out, since no decision depends on it: names, connection strings, what a look showed in words, and
//! `revision`. A write at an old revision is refused and decided anew upon the row as it stands, so that every
//! write that succeeds is `decide` of the row as it stands: that is how the model writes. Left out as well is
//! *when* a job is due (only whether it is): the model's runners look and send at any pace, also faster than due.

use std::time::Duration;

use drydock::clock::Millis;
use drydock::domain::code::Fault;
use drydock::domain::job::{IfNotLanded, Job, State, Streak, Wanted};

use crate::bounds::{LINGERS, NOW, Patience, TICK, fresh};

/// How long a request lingers.
const LINGER: Duration = Duration::from_secs(TICK.as_secs() * LINGERS as u64);

/// Ticks ago.
pub(crate) type Ago = u8;

/// It has not happened.
pub(crate) const NEVER: Ago = u8::MAX;

/// The id of the one cluster.
pub(crate) const CLUSTER: &str = "c";

/// With which code a refusal comes.
pub(crate) const REFUSED: &str = "REFUSED";

/// With which code a job ends whose row is gone from the fleet.
pub(crate) const LEFT: &str = "NO_LONGER_IN_FLEET";

/// What stands for each error on a row; the first stands for none.
const CODES: [&str; 9] = [
    "",
    REFUSED,
    "ALREADY_AT_TARGET",
    "DID_NOT_TAKE",
    "ATTEMPTS_EXHAUSTED",
    "OUTCOME_UNKNOWN",
    "GAVE_UP",
    "CANCELLED",
    LEFT,
];

/// What follows if the open request never landed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Wish {
    None,
    Ready,
    Failed,
    Cancelled,
}

/// The job's row on disk.
#[expect(clippy::struct_excessive_bools, reason = "a job has as many")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Row {
    pub(crate) state: State,
    pub(crate) send: u8,
    pub(crate) attempts: u8,
    pub(crate) open: bool,
    pub(crate) accepted: bool,
    pub(crate) wish: Wish,
    /// When the call had ended by the row's `left_at`, which is later by as long as a request lingers.
    pub(crate) ended: Ago,
    pub(crate) streak: Ago,
    pub(crate) looked: Ago,
    pub(crate) first_look: Ago,
    pub(crate) accepted_at: Ago,
    pub(crate) submitted: bool,
    pub(crate) overdue: u8,
    pub(crate) due: bool,
    error: u8,
}

impl Row {
    /// The row of a job that was just loaded.
    pub(crate) fn new() -> Self {
        Self::of(&Job::new(1, "", "", Wanted::default(), NOW))
    }

    /// The row of `job`, as it is [`NOW`].
    pub(crate) fn of(job: &Job) -> Self {
        let code = job.error.as_ref().map_or("", |fault| &*fault.code);
        let error = CODES.iter().position(|known| *known == code);
        Self {
            state: job.state,
            send: job.request.send as u8,
            attempts: job.request.attempts as u8,
            open: job.request.open,
            accepted: job.request.accepted,
            wish: match &job.request.if_not_landed {
                None => Wish::None,
                Some(IfNotLanded::Ready) => Wish::Ready,
                Some(IfNotLanded::Failed(_)) => Wish::Failed,
                Some(IfNotLanded::Cancelled) => Wish::Cancelled,
            },
            ended: ago(job.request.left_at.map(|at| Millis(at.0 - LINGER.as_millis() as i64))),
            streak: ago(job.observed.streak.as_ref().map(|streak| streak.since)),
            looked: ago(job.observed.looked_at),
            first_look: ago(job.observed.first_look_at),
            accepted_at: ago(job.request.accepted_at),
            submitted: job.request.submitted_at.is_some(),
            overdue: job.schedule.overdue as u8,
            due: job.schedule.due_at.is_some(),
            error: error.unwrap_or_else(|| panic!("the model does not know the code {code}")) as u8,
        }
    }

    /// The production job that the row stands for.
    pub(crate) fn job(&self) -> Job {
        let fault = |code: &str| Fault::new(code, "");
        Job::new(1, "", "", Wanted::default(), NOW).with(|job| {
            job.state = self.state;
            job.request.send = i64::from(self.send);
            job.request.attempts = i64::from(self.attempts);
            job.request.open = self.open;
            job.request.accepted = self.accepted;
            job.request.if_not_landed = match self.wish {
                Wish::None => None,
                Wish::Ready => Some(IfNotLanded::Ready),
                Wish::Failed => Some(IfNotLanded::Failed(fault(REFUSED))),
                Wish::Cancelled => Some(IfNotLanded::Cancelled),
            };
            job.request.left_at = at(self.ended).map(|ended| ended.after(LINGER));
            job.observed.streak = at(self.streak).map(|since| Streak { since, id: CLUSTER.to_owned(), looks: 1 });
            job.observed.looked_at = at(self.looked);
            job.observed.first_look_at = at(self.first_look);
            job.request.accepted_at = at(self.accepted_at);
            job.request.sent_at = (self.send > 0).then_some(NOW);
            job.request.submitted_at = self.submitted.then_some(NOW);
            job.schedule.overdue = i64::from(self.overdue);
            job.schedule.due_at = self.due.then_some(NOW);
            job.finished_at = self.state.is_ended().then_some(NOW);
            job.error = (self.error > 0).then(|| fault(self.code()));
        })
    }

    /// Why the job ended; empty if there is no reason.
    pub(crate) fn code(&self) -> &'static str {
        CODES[usize::from(self.error)]
    }

    /// Whether nothing can bring the job back.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Succeeded | State::Skipped)
    }

    /// Another tick has passed.
    pub(crate) fn age(&mut self) {
        for ago in [&mut self.ended, &mut self.streak, &mut self.looked, &mut self.first_look, &mut self.accepted_at] {
            *ago = older(*ago);
        }
    }

    /// Forgets what no rule reads in the row's state, and how long ago something was that is old for every rule.
    pub(crate) fn forget(&mut self, patience: Patience) {
        let keep = |ago: &mut Ago, when: bool, enough: u8| {
            *ago = if when && *ago != NEVER { (*ago).min(enough) } else { NEVER };
        };
        let live = !self.state.is_ended();
        let in_time = |ticks: Option<u8>, else_most| ticks.map_or(else_most, |ticks| ticks + 1);
        keep(&mut self.ended, self.state == State::Verifying, NEVER - 1);
        keep(&mut self.streak, matches!(self.state, State::Verifying | State::Upgrading), NEVER - 1);
        keep(&mut self.looked, matches!(self.state, State::Ready | State::Submitting), fresh() + 1);
        keep(&mut self.first_look, live, in_time(patience.of_a_job(), 0));
        keep(&mut self.accepted_at, live, in_time(patience.of_an_upgrade(), NEVER - 1));
        if !live {
            self.attempts = 0; // a retry starts them again
            self.overdue = 0;
        }
    }
}

/// `ago`, a tick later.
pub(crate) fn older(ago: Ago) -> Ago {
    if ago >= NEVER - 1 { ago } else { ago + 1 }
}

/// The moment that was so many ticks ago.
pub(crate) fn at(ago: Ago) -> Option<Millis> {
    (ago != NEVER).then(|| Millis(NOW.0 - i64::from(ago) * TICK.as_millis() as i64))
}

fn ago(moment: Option<Millis>) -> Ago {
    let ticks = |since: Duration| (since.as_millis() / TICK.as_millis()) as u8;
    moment.map_or(NEVER, |moment| ticks(NOW.since(moment)))
}
