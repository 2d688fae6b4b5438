//! One decision in the making: the job as it was, the job as it becomes, and the steps that rules share.

use std::time::Duration;

use crate::clock::Millis;
use crate::domain::code::{Fault, GAVE_UP, OUTCOME_UNKNOWN};
use crate::domain::history::Entry;
use crate::domain::hold::Hold;
use crate::domain::job::{IfNotLanded, Job, State};
use crate::domain::machine::Decision;
use crate::domain::policy::{LONGEST_WAIT, OVERDUE, Policy};

pub(super) struct Turn<'a> {
    pub(super) was: &'a Job,
    pub(super) next: Job,
    pub(super) now: Millis,
    pub(super) policy: &'a Policy,
    jitter: u64,
    hold: Option<Hold>,
    /// Until when Atlas has asked to wait, if the next action is put off for that.
    asked_until: Option<Millis>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(was: &'a Job, now: Millis, policy: &'a Policy, jitter: u64) -> Self {
        Self { was, next: was.clone(), now, policy, jitter, hold: None, asked_until: None }
    }

    /// Nothing changes and nothing is noted.
    pub(super) fn unchanged(self) -> Decision {
        Decision { job: self.decided().0, entry: None, hold: None }
    }

    /// What was decided, with an entry for the history.
    pub(super) fn noting(self, entry: Entry) -> Decision {
        let (job, hold) = self.decided();
        Decision { job, entry: Some(entry), hold }
    }

    /// What was decided; the entry is written only if it tells something that was not known, or if it changed the job.
    pub(super) fn noting_if_new(self, seen: String, entry: Entry) -> Decision {
        let known = self.was.observed.seen.as_ref() == Some(&seen) && !self.next.differs(self.was);
        let (mut job, hold) = self.decided();
        job.observed.seen = Some(seen);
        Decision { job, entry: (!known).then_some(entry), hold }
    }

    /// The job as it becomes. What Atlas asked for counts until the next action is put off, or moved forward, for
    /// something else.
    fn decided(self) -> (Job, Option<Hold>) {
        let Self { was, mut next, hold, asked_until, .. } = self;
        if next.schedule.due_at != was.schedule.due_at || next.state != was.state {
            next.schedule.asked_until = asked_until;
        }
        (next, hold)
    }

    /// Nothing that `hold` reaches may be begun.
    pub(super) fn holding(mut self, hold: Option<Hold>) -> Self {
        self.hold = hold;
        self
    }

    /// Goes to `state`, to be acted on at once.
    pub(super) fn to(mut self, state: State) -> Self {
        self.next.state = state;
        self.next.schedule.due_at = Some(self.now);
        if !matches!(state, State::Verifying | State::Submitting) {
            self.next.request.if_not_landed = None;
        }
        self
    }

    /// Puts the next action off by `delay`.
    pub(super) fn due_in(self, delay: Duration) -> Self {
        let at = self.now.after(delay);
        self.due_at(at)
    }

    /// Puts the next action off until then.
    pub(super) fn due_at(mut self, at: Millis) -> Self {
        self.next.schedule.due_at = Some(at);
        self
    }

    /// Puts the next action off, longer with every time in a row, and at least by what Atlas asked for; but Atlas is
    /// asked again after [`LONGEST_WAIT`].
    pub(super) fn back_off(mut self, retry_after: Option<Duration>) -> Self {
        self.next.schedule.deferrals += 1;
        let delay = self.policy.backoff(self.next.schedule.deferrals, self.jitter);
        let asked = retry_after.unwrap_or_default();
        self.asked_until = (asked > delay).then(|| self.now.after(asked));
        self.due_in(delay.max(asked.min(LONGEST_WAIT)))
    }

    /// Ends the job. One that a request of ours may still land on ends as OUTCOME_UNKNOWN, whatever else is
    /// known about it.
    pub(super) fn fail(self, code: &str, detail: impl Into<String>) -> Self {
        let fault = Fault::new(code, detail);
        if self.next.request.open && code != OUTCOME_UNKNOWN {
            let detail = format!(
                "a request may still take effect: look at the cluster in Atlas before you retry ({}: {})",
                fault.code, fault.detail
            );
            return self.end(State::Failed, Some(Fault::new(OUTCOME_UNKNOWN, detail)));
        }
        self.end(State::Failed, Some(fault))
    }

    pub(super) fn end(mut self, state: State, error: Option<Fault>) -> Self {
        self.next.state = state;
        self.next.error = error;
        self.next.schedule.due_at = None;
        self.next.finished_at = Some(self.now);
        self.next.request.if_not_landed = None;
        self.next.observed.streak = None;
        self.next.schedule.overdue = 0;
        self
    }

    /// Counts an answer or look that came after the job's time, and says whether that was one too many (rule 6).
    pub(super) fn is_overdue(&mut self) -> bool {
        let Some((from, span)) = self.time_limit() else { return false };
        if self.now <= from.after(span).after(self.unattended()) {
            return false;
        }
        self.next.schedule.overdue += 1;
        self.next.schedule.overdue >= OVERDUE
    }

    /// Ends a job whose time has passed.
    pub(super) fn give_up(self, last_seen: &str) -> Self {
        let span = self.time_limit().map_or(Duration::ZERO, |(_, span)| span);
        let hours = span.as_secs_f64() / 3600.0;
        let within = if hours < 1.0 { format!("{} s", span.as_secs()) } else { format!("{hours:.1} h") };
        let unattended = self.unattended();
        let unseen = if unattended.is_zero() {
            String::new()
        } else {
            format!(" (beside {} in which nobody could see it)", in_words(unattended))
        };
        self.fail(GAVE_UP, format!("not done within {within}{unseen}, last seen: {last_seen}; look at it, then retry"))
    }

    /// How much of the time that has passed does not count.
    fn unattended(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.next.observed.unattended_ms).unwrap_or(0))
    }

    /// An upgrade is under way since `at`: from now on its own time counts, and not what was before it.
    pub(super) fn begun(&mut self, at: Millis) {
        if self.next.request.accepted_at.is_none() {
            self.next.request.accepted_at = Some(at);
            self.next.observed.unattended_ms = 0;
        }
    }

    fn time_limit(&self) -> Option<(Millis, Duration)> {
        let job = self.next.observed.first_look_at.map(|at| (at, self.policy.give_up_after));
        let upgrade = self.was.request.accepted_at.map(|at| (at, self.policy.look_give_up_after));
        match self.was.state {
            State::Upgrading => upgrade,
            // What stirs after our request is an upgrade, whatever became of the answer.
            State::Verifying => job.into_iter().chain(upgrade).max_by_key(|(from, span)| from.after(*span)),
            _ => job,
        }
    }

    /// The request's effect is to be looked for. Its call ended at `ended`, or before; it may have left until
    /// `request_timeout` later, and from then on `settle` runs.
    pub(super) fn verify(mut self, ended: Millis, if_not_landed: IfNotLanded) -> Self {
        let left_at = self.policy.last_possible_send(ended);
        self = self.to(State::Verifying);
        self.next.request.if_not_landed = Some(if_not_landed);
        self.next.request.left_at = Some(left_at);
        self.next.observed.streak = None;
        self.next.schedule.due_at = Some(left_at.after(self.policy.settle).max(self.now));
        self
    }
}

/// `13 h 2 min`, and seconds below a minute.
pub(super) fn in_words(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{} s", span.as_secs()),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
