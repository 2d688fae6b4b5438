//! What a sleep of the machine means for requests whose effect is unknown.
//!
//! The system gives up on what was not acknowledged within `request_timeout`, by a timer that stands still while the
//! machine sleeps. Our clock runs on. So a request that was given to the system before a sleep may leave for one
//! `request_timeout` after it, however long ago its call has ended.

use std::time::Duration;

use crate::clock::{Clock, Millis};
use crate::domain::job::{Job, State};
use crate::domain::policy::Policy;

/// No shorter sleep counts: less than this is how finely the system's clocks agree, and `settle` has room for it.
const SHORTEST: Duration = Duration::from_secs(1);

/// When the machine has slept.
#[derive(Debug, Default)]
pub(super) struct Sleep {
    /// For how long in all, at the last look.
    asleep: Duration,
    /// When it was first seen that the last sleep is over.
    woke_at: Option<Millis>,
}

impl Sleep {
    /// Looks whether the machine has slept since the last look.
    pub(super) fn look(&mut self, clock: &Clock) {
        let asleep = clock.asleep();
        if asleep > self.asleep + SHORTEST {
            tracing::info!("the machine has slept: what was on its way before is verified anew");
            (self.asleep, self.woke_at) = (asleep, Some(clock.now()));
        }
    }

    /// Whether the job's last request may still leave, although the time that was reckoned for that has passed.
    pub(super) fn puts_off(&self, job: &Job, policy: &Policy) -> bool {
        let earliest = self.woke_at.map(|woke_at| policy.last_possible_send(woke_at));
        job.state == State::Verifying
            && earliest.is_some_and(|at| job.request.left_at.is_none_or(|left_at| left_at < at))
    }
}
