//! The rule book: what follows when something happens to a job.
//!
//! ```text
//! pending --look: eligible--> ready --intent--> submitting --accepted--> upgrading --look: done--> succeeded
//!    |  ^                     |  ^                |    |                     ^   |
//!    |  '--look grew old------'  '--not applied---'    | effect unknown      |   '- never took --> failed
//!    |- skipped (at the target)  ^                     v                     |
//!    '- failed                   '--never landed-- verifying --landed--------'
//!                                                      '- never landed, more was decided -> failed, cancelled
//! ```
//!
//! [`decide`] is one pure function: no I/O, no clock, no randomness of its own. It must never learn of databases,
//! sockets or tasks. Two promises hang on it: no request of ours is sent while an earlier one to the same cluster
//! may still land, and no job ends without its reason.
//!
//! A request is *open* from its intent until Atlas accepts, an answer proves that nothing was applied, or a
//! verification finds that it never landed. Nothing else closes it: not time, not an operator, not a restart.

mod answer;
#[cfg(test)]
mod gap_tests;
mod look;
mod operator;
#[cfg(test)]
mod place_tests;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
mod turn;

use crate::clock::Millis;
use crate::domain::event::Event;
use crate::domain::history::Entry;
use crate::domain::hold::Hold;
use crate::domain::job::Job;
use crate::domain::policy::Policy;

use turn::Turn;

/// What the rule book says to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The job as it shall be written: its state and when it is due next.
    pub job: Job,
    /// What to append to its history; nothing if nothing was learned.
    pub entry: Option<Entry>,
    /// What else is to be held, where the answer concerns more than this job.
    pub hold: Option<Hold>,
}

/// What follows for `job` when `event` becomes known at `now`.
///
/// `jitter` is any number; the same arguments give the same decision.
pub fn decide(job: &Job, event: &Event, now: Millis, policy: &Policy, jitter: u64) -> Decision {
    let turn = Turn::new(job, now, policy, jitter);
    match event {
        Event::Answered { send, ended, answer, braked } => answer::answered(turn, *send, *ended, answer, *braked),
        Event::Retry { reason, elsewhere } => operator::retry(turn, reason.as_deref(), *elsewhere),
        Event::Returned { elsewhere } => operator::returned(turn, *elsewhere),
        _ if job.state.is_ended() => turn.unchanged(),
        Event::Looked { started, sighting } => look::looked(turn, *started, sighting),
        Event::BroughtForward { reason } => operator::brought_forward(turn, reason.as_deref()),
        Event::LookFailed { fault, retry_after, braked } => look::failed(turn, fault, *retry_after, *braked),
        Event::Intent => answer::intent(turn),
        Event::TakenOver => operator::taken_over(turn),
        Event::Cancel => operator::cancel(turn),
        Event::LeftFleet => operator::left_fleet(turn),
        Event::Duplicate { of } => operator::duplicate(turn, of),
        Event::Planned { source, plan } => operator::planned(turn, source, plan),
        Event::LeftOut { why, at_target } => operator::left_out(turn, why, *at_target),
        Event::SentElsewhere => operator::sent_elsewhere(turn),
        Event::Restored => operator::restored(turn),
    }
}
