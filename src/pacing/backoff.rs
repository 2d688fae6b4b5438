//! A backoff: after a failure nobody tries for a time, which is longer with every failure in a row.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::clock::Millis;

#[derive(Debug, Default)]
pub(super) struct Backoff {
    until: Option<Millis>,
    /// When it was pulled first since somebody got through.
    since: Option<Millis>,
    failures: usize,
}

impl Backoff {
    /// Closes for what Atlas asked for, or, if that is nothing or no time at all, for a second and then ever longer, up to a minute. Answers of requests
    /// that left before the last pull do not count again.
    pub(super) fn fail(&mut self, now: Millis, asked: Option<Duration>) {
        if self.closed_until(now).is_none() {
            self.failures += 1;
            self.since.get_or_insert(now);
        }
        let delay = ExponentialBuilder::new()
            .with_min_delay(Duration::from_secs(1))
            .with_max_delay(Duration::from_secs(60))
            .with_factor(2.0)
            .without_max_times()
            .with_jitter()
            .with_jitter_seed(now.0.unsigned_abs())
            .build()
            .nth(self.failures.saturating_sub(1))
            .unwrap_or(Duration::from_secs(60));
        self.hold_until(now.after(asked.filter(|asked| !asked.is_zero()).unwrap_or(delay)));
    }

    /// Closes until `moment`, if it is not closed for longer.
    pub(super) fn hold_until(&mut self, moment: Millis) {
        self.until = Some(self.until.map_or(moment, |until| until.max(moment)));
    }

    /// Somebody got through after the time had passed.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
        self.since = None;
    }

    /// It may be tried now, whether or not its time has passed.
    pub(super) fn try_now(&mut self) {
        self.until = None;
    }

    pub(super) fn closed_until(&self, now: Millis) -> Option<Millis> {
        self.until.filter(|until| *until > now)
    }

    /// Since when nobody has got through, if so.
    pub(super) fn since(&self) -> Option<Millis> {
        self.since
    }

    /// Whether it was pulled and nobody has got through since.
    pub(super) fn is_on(&self) -> bool {
        self.failures > 0
    }
}

#[test]
fn a_retry_after_of_zero_backs_off_as_an_answer_without_one() {
    let closed = |asked| {
        let mut backoff = Backoff::default();
        backoff.fail(Millis(0), asked);
        backoff.closed_until(Millis(0))
    };
    assert!(closed(None).is_some());
    assert_eq!(closed(Some(Duration::ZERO)), closed(None));
    assert_eq!(closed(Some(Duration::from_hours(1))), Some(Millis(3_600_000)));
}
