//! One project: the campaign's quota, Atlas's buckets, and the brake of its 429s.

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::{Clock, Millis};
use crate::domain::bucket::Bucket;
use crate::pacing::brake::Brake;
use crate::pacing::level::Level;
use crate::pacing::quota::Quota;
use crate::pacing::{Report, Set};

pub(super) struct Scope {
    quota: Quota,
    brake: Brake,
    lanes: HashMap<Set, Lane>,
    per_minute: u32,
}

/// The requests to one set of endpoints.
#[derive(Default)]
struct Lane {
    made: u64,
    level: Option<Level>,
    /// The bucket as it was stated, where it is no guess from its capacity.
    stated: Option<Bucket>,
}

impl Scope {
    pub(super) fn new(per_minute: u32, clock: Clock) -> Self {
        Self { quota: Quota::new(per_minute, clock), brake: Brake::default(), lanes: HashMap::new(), per_minute }
    }

    pub(super) fn brake(&mut self) -> &mut Brake {
        &mut self.brake
    }

    /// Takes permits for all of these requests, or says when to ask again.
    pub(super) fn take(&mut self, needs: &[(Set, u32)], now: Millis) -> Result<(), Millis> {
        if let Some(until) = self.brake.closed_until(now) {
            return Err(until);
        }
        for (set, requests) in needs {
            let level = self.lanes.get_mut(set).and_then(|lane| lane.level.as_mut());
            if let Some(wait) = level.and_then(|level| level.wait(*requests, now)) {
                return Err(now.after(wait));
            }
        }
        let all = needs.iter().map(|(_, requests)| requests).sum();
        self.quota.take(all).map_err(|wait| now.after(wait.max(Duration::from_millis(1))))?;
        for (set, requests) in needs {
            let lane = self.lanes.entry(set).or_default();
            lane.made += u64::from(*requests);
            if let Some(level) = &mut lane.level {
                level.take(*requests);
            }
        }
        Ok(())
    }

    /// The bucket of a set is known as a whole.
    pub(super) fn state(&mut self, set: Set, bucket: Bucket, now: Millis) {
        let lane = self.lanes.entry(set).or_default();
        match &mut lane.level {
            Some(level) => level.shape(bucket),
            None => lane.level = Some(Level::new(bucket, lane.made, now)),
        }
        lane.stated = Some(bucket);
        let made = self.lanes.values().map(|lane| lane.made).sum();
        self.quota.free(made);
    }

    /// Learns from an answer; `passed` if the host let it through.
    pub(super) fn tell(&mut self, report: Report, passed: bool, now: Millis) {
        if let Some(bucket) = report.bucket {
            self.state(report.set, bucket, now);
        }
        // Atlas may leave any of the headers out, and a limit of 0 is none.
        if let Some(limit) = report.limit.filter(|limit| *limit > 0) {
            self.told(report.set, u64::from(limit), report.remaining.map(u64::from), now);
        }
        if report.throttled {
            self.brake.pull(now, report.retry_after);
        } else if passed {
            self.brake.release();
        }
    }

    /// What the headers say of a bucket: what it holds, also where MongoDB has made an exception of this project. How
    /// fast it fills they do not say: as was stated, or else as fast as the campaign may go.
    fn told(&mut self, set: Set, capacity: u64, remaining: Option<u64>, now: Millis) {
        let guess = Bucket { capacity, refill: u64::from(self.per_minute), per: Duration::from_mins(1) };
        let lane = self.lanes.entry(set).or_default();
        let (made, bucket) = (lane.made, lane.stated.map_or(guess, |stated| Bucket { capacity, ..stated }));
        let level = lane.level.get_or_insert_with(|| Level::new(bucket, made, now));
        level.shape(bucket);
        if let Some(remaining) = remaining {
            level.told(remaining, now);
        }
    }
}
