//! The circuit breaker of the whole host, and that of upgrade requests.

use std::time::Duration;

use crate::clock::Millis;
use crate::pacing::backoff::Backoff;

/// Closed while a backoff lasts; then half open: one asker may probe, and the others wait for what comes of it.
#[derive(Default)]
pub(super) struct CircuitBreaker {
    pub(super) backoff: Backoff,
    pub(super) probing: bool,
}

impl CircuitBreaker {
    /// Until when it is closed to this asker, if so.
    pub(super) fn closed_until(&self, now: Millis) -> Option<Millis> {
        let waits = self.backoff.is_on() && self.probing;
        self.backoff.closed_until(now).or_else(|| waits.then(|| now.after(Duration::from_secs(1))))
    }

    pub(super) fn enter(&mut self) {
        self.probing = self.backoff.is_on();
    }

    pub(super) fn heard(&mut self, now: Millis, failed: bool, passed: bool, asked: Option<Duration>) {
        if failed {
            self.backoff.fail(now, asked);
        } else if passed {
            self.backoff.reset();
        }
    }
}
