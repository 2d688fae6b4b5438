//! The production rule book, and rule books that are wrong in one place each: the model must refute every one.

use std::time::Duration;

use drydock::clock::Millis;
use drydock::domain::event::{Answer, Event, Sighting};
use drydock::domain::job::{Job, State, Streak};
use drydock::domain::machine::{Decision, decide};
use drydock::domain::policy::Policy;

use crate::bounds::{Bounds, NOW, Patience};
use crate::row::CLUSTER;

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// The rule book that is shipped.
    Production,
    /// One idle look after a request counts as two.
    TrustsOneIdleLook,
    /// A 500 counts as proof that nothing was applied.
    RetriesA500AtOnce,
    /// Looks count at once after a request.
    SkipsTheSettleTime,
    /// A request counts as gone when its call has ended.
    ForgetsWhatLingers,
    /// An accepted upgrade that looks untouched is sent again.
    SendsAfterAnAcceptance,
    /// An operator's retry goes to `pending`, whatever is open.
    RetriesWithARequestOpen,
    /// What is said of an older send counts for the newest.
    BelievesAnOlderSend,
    /// A row that returns is pending, whatever another campaign has asked for meanwhile, and no claim asks either.
    ReturnsWithoutAsking,
    /// What another campaign has asked for is looked into when the job comes in or back, and never again.
    AsksOnlyAtLoad,
    /// The rule book is right; the engine writes the intent after the call.
    WritesTheIntentAfterTheCall,
}

impl Rules {
    /// All that are wrong, by the names that the example knows them by.
    #[allow(dead_code, reason = "the tests name each")]
    pub(crate) const BROKEN: [(&'static str, Self); 10] = [
        ("one-look", Self::TrustsOneIdleLook),
        ("retry-500", Self::RetriesA500AtOnce),
        ("no-settle", Self::SkipsTheSettleTime),
        ("no-linger", Self::ForgetsWhatLingers),
        ("send-after-acceptance", Self::SendsAfterAnAcceptance),
        ("retry-to-pending", Self::RetriesWithARequestOpen),
        ("old-event", Self::BelievesAnOlderSend),
        ("return-to-pending", Self::ReturnsWithoutAsking),
        ("ask-at-load", Self::AsksOnlyAtLoad),
        ("intent-after-call", Self::WritesTheIntentAfterTheCall),
    ];

    /// Bounds within which they are refuted.
    pub(crate) fn bounds(self) -> Bounds {
        let (sends, crashes) = match self {
            Self::BelievesAnOlderSend => (3, 1),
            Self::WritesTheIntentAfterTheCall => (2, 1),
            Self::ReturnsWithoutAsking | Self::AsksOnlyAtLoad => (1, 1),
            _ => (2, 0),
        };
        // A job ends with an open request where a campaign gives up.
        let patience = if self == Self::RetriesWithARequestOpen { Patience::None } else { Patience::Endless };
        let other = matches!(self, Self::ReturnsWithoutAsking | Self::AsksOnlyAtLoad);
        Bounds { sends, crashes: Some(crashes), patience, other, lost_locks: true }
    }

    /// Whether a claim asks what other campaigns have asked for.
    pub(crate) fn ask_at_claims(self) -> bool {
        !matches!(self, Self::ReturnsWithoutAsking | Self::AsksOnlyAtLoad)
    }

    /// Whether it is asked of a row that returns.
    pub(crate) fn ask_on_return(self) -> bool {
        self != Self::ReturnsWithoutAsking
    }

    /// What these rules say to an event that becomes known [`NOW`].
    pub(crate) fn decide(self, job: &Job, event: &Event, policy: &Policy) -> Decision {
        let production = |job: &Job, event: &Event| decide(job, event, NOW, policy, 0);
        match (self, event) {
            (Self::TrustsOneIdleLook, Event::Looked { started, .. }) if job.state == State::Verifying => {
                // As if another had been there a settle time before.
                let since = Millis(started.0 - policy.settle.as_millis() as i64);
                let streak = Some(Streak { since, id: CLUSTER.to_owned(), looks: 1 });
                production(&job.clone().with(|job| job.observed.streak = streak), event)
            }
            (Self::RetriesA500AtOnce, Event::Answered { send, ended, answer: Answer::Unknown(fault), braked }) => {
                let answer = Answer::NotNow(fault.clone());
                production(job, &Event::Answered { send: *send, ended: *ended, answer, braked: *braked })
            }
            (Self::SkipsTheSettleTime, _) => {
                decide(job, event, NOW, &Policy { settle: Duration::ZERO, ..policy.clone() }, 0)
            }
            (Self::ForgetsWhatLingers, _) => {
                decide(job, event, NOW, &Policy { request_timeout: Duration::ZERO, ..policy.clone() }, 0)
            }
            (Self::SendsAfterAnAcceptance, Event::Looked { sighting: Sighting::Source(seen), .. })
                if job.state == State::Upgrading && seen.is_idle() =>
            {
                let mut decision = production(job, event);
                decision.job.state = State::Ready;
                decision
            }
            (Self::RetriesWithARequestOpen, Event::Retry { .. }) => production(
                &job.clone().with(|job| {
                    job.request.open = false;
                    job.request.accepted = false;
                }),
                event,
            ),
            (Self::BelievesAnOlderSend, Event::Answered { ended, answer, braked, .. }) => production(
                job,
                &Event::Answered { send: job.request.send, ended: *ended, answer: answer.clone(), braked: *braked },
            ),
            _ => production(job, event),
        }
    }
}
