//! A quota of requests that holds in any window of a minute, by governor.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as GovernorClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota as GovernorQuota, RateLimiter};

use crate::clock::Clock;

const MINUTE: Duration = Duration::from_secs(60);

/// Drydock's clock as governor wants it: governor's own does not stop under tokio's paused clock.
#[derive(Debug, Clone)]
struct Ticks(Clock);

impl GovernorClock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.0.uptime())
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Nanos>>;

pub(super) struct Quota {
    limiter: Limiter,
    per_minute: u32,
    free: bool,
    clock: Clock,
}

impl Quota {
    /// A quota that holds in any minute.
    pub(super) fn new(per_minute: u32, clock: Clock) -> Self {
        Self {
            limiter: RateLimiter::direct_with_clock(split(per_minute), Ticks(clock)),
            per_minute,
            free: false,
            clock,
        }
    }

    /// Takes `requests` permits, or says how long to wait for them.
    pub(super) fn take(&mut self, requests: u32) -> Result<(), Duration> {
        let Some(wanted) = NonZeroU32::new(requests) else { return Ok(()) };
        match self.limiter.check_n(wanted) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(not_until)) => {
                let wait = not_until.earliest_possible().duration_since(Ticks(self.clock).now());
                Err(wait.into())
            }
            // More than go at once: one at a time, beginning with this one.
            Err(_) => self.take(1),
        }
    }

    /// Atlas's own bucket is known, which bounds what goes at once: from now on the quota is an average alone. What
    /// was made so far has been made.
    pub(super) fn free(&mut self, spent: u64) {
        if std::mem::replace(&mut self.free, true) {
            return;
        }
        let burst = usable(self.per_minute);
        let quota = GovernorQuota::per_minute(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        self.limiter = RateLimiter::direct_with_clock(quota, Ticks(self.clock));
        let _spent = self.take(u32::try_from(spent).unwrap_or(burst).min(burst));
    }
}

/// How many may go at once. What goes at once and what is refilled in a minute make the quota together.
fn burst(per_minute: u32) -> u32 {
    let usable = usable(per_minute);
    (usable / 4).max(2).min(usable)
}

/// One request is kept in hand, for a clock that runs a little differently on the other side.
fn usable(per_minute: u32) -> u32 {
    if per_minute > 2 { per_minute - 1 } else { per_minute.max(1) }
}

fn split(per_minute: u32) -> GovernorQuota {
    let burst = burst(per_minute);
    let refilled = usable(per_minute) - burst;
    let period = if refilled == 0 { MINUTE + Duration::from_millis(100) } else { MINUTE / refilled };
    let quota = GovernorQuota::with_period(period).unwrap_or(GovernorQuota::per_minute(NonZeroU32::MIN));
    quota.allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN))
}
