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
    /// Sets that share the bucket of another one, and which.
    shared: HashMap<Set, Set>,
    per_minute: u32,
}

/// The requests to one set of endpoints.
#[derive(Default)]
struct Lane {
    made: u64,
    level: Option<Level>,
    /// The bucket as it was stated, where it is no guess from its capacity.
    stated: Option<Bucket>,
    /// What the headers said last.
    told: Option<Told>,
}

/// What the headers of an answer said, and how many requests had been made by then.
#[derive(Clone, Copy)]
struct Told {
    capacity: u64,
    remaining: u64,
    /// To this set, and in all.
    made: (u64, u64),
}

impl Scope {
    pub(super) fn new(per_minute: u32, clock: Clock) -> Self {
        Self {
            quota: Quota::new(per_minute, clock),
            brake: Brake::default(),
            lanes: HashMap::new(),
            shared: HashMap::new(),
            per_minute,
        }
    }

    pub(super) fn brake(&mut self) -> &mut Brake {
        &mut self.brake
    }

    /// Takes permits for all of these requests, or says when to ask again.
    pub(super) fn take(&mut self, needs: &[(Set, u32)], now: Millis) -> Result<(), Millis> {
        if let Some(until) = self.brake.closed_until(now) {
            return Err(until);
        }
        let needs = self.by_bucket(needs);
        for (set, requests) in &needs {
            let level = self.lanes.get_mut(set).and_then(|lane| lane.level.as_mut());
            if let Some(wait) = level.and_then(|level| level.wait(*requests, now)) {
                return Err(now.after(wait));
            }
        }
        let all = needs.iter().map(|(_, requests)| requests).sum();
        self.quota.take(all).map_err(|wait| now.after(wait.max(Duration::from_millis(1))))?;
        for (set, requests) in needs {
            let lane = self.lanes.entry(set).or_default();
            lane.made += u64::from(requests);
            if let Some(level) = &mut lane.level {
                level.take(requests);
            }
        }
        Ok(())
    }

    /// The requests by the bucket that they draw from.
    fn by_bucket(&self, needs: &[(Set, u32)]) -> Vec<(Set, u32)> {
        let mut all: Vec<(Set, u32)> = Vec::with_capacity(needs.len());
        for (set, requests) in needs {
            let set = self.bucket_of(set);
            match all.iter_mut().find(|(known, _)| *known == set) {
                Some((_, sum)) => *sum += requests,
                None => all.push((set, *requests)),
            }
        }
        all
    }

    fn bucket_of(&self, set: Set) -> Set {
        self.shared.get(set).copied().unwrap_or(set)
    }

    /// The bucket that these sets share is known as a whole.
    pub(super) fn state(&mut self, sets: &[Set], bucket: Bucket, now: Millis) {
        let Some(first) = sets.first().map(|set| self.bucket_of(set)) else { return };
        for set in sets {
            self.share(first, set);
        }
        let lane = self.lanes.entry(first).or_default();
        match &mut lane.level {
            Some(level) => level.shape(bucket),
            None => lane.level = Some(Level::new(bucket, lane.made, now)),
        }
        lane.stated = Some(bucket);
        let made = self.made();
        self.quota.free(made);
    }

    fn made(&self) -> u64 {
        self.lanes.values().map(|lane| lane.made).sum()
    }

    /// From now on both draw from one bucket, and always have.
    fn share(&mut self, one: Set, other: Set) {
        let (one, other) = (self.bucket_of(one), self.bucket_of(other));
        if one == other {
            return;
        }
        let gone = self.lanes.remove(other).unwrap_or_default();
        let lane = self.lanes.entry(one).or_default();
        let made = lane.made;
        lane.made += gone.made;
        lane.stated = lane.stated.or(gone.stated);
        lane.told = None;
        match (&mut lane.level, gone.level) {
            (Some(level), Some(gone)) => level.merge(gone),
            (Some(level), None) => level.take(u32::try_from(gone.made).unwrap_or(u32::MAX)),
            (None, Some(mut gone)) => {
                gone.take(u32::try_from(made).unwrap_or(u32::MAX));
                lane.level = Some(gone);
            }
            (None, None) => {}
        }
        for bucket in self.shared.values_mut().filter(|bucket| **bucket == other) {
            *bucket = one;
        }
        self.shared.insert(other, one);
    }

    /// Learns from an answer; `passed` if the host let it through.
    pub(super) fn tell(&mut self, report: Report, passed: bool, now: Millis) {
        if let Some(bucket) = report.bucket {
            self.state(&[report.set], bucket, now);
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
        if let Some(remaining) = remaining {
            self.notice_sharing(set, capacity, remaining);
        }
        let set = self.bucket_of(set);
        let lane = self.lanes.entry(set).or_default();
        let (made, bucket) = (lane.made, lane.stated.map_or(guess, |stated| Bucket { capacity, ..stated }));
        let level = lane.level.get_or_insert_with(|| Level::new(bucket, made, now));
        level.shape(bucket);
        if let Some(remaining) = remaining {
            level.told(remaining, now);
        }
    }

    /// A bucket that has fallen by more than was drawn from it, while requests went to sets with a bucket of the same
    /// size, is theirs too. (If it was somebody else who drew from it, this only makes us slower.)
    fn notice_sharing(&mut self, set: Set, capacity: u64, remaining: u64) {
        let set = self.bucket_of(set);
        let all = self.made();
        let lane = self.lanes.entry(set).or_default();
        let made = (lane.made, all);
        let before = lane.told.replace(Told { capacity, remaining, made });
        let before = before.unwrap_or(Told { capacity, remaining: capacity, made: (0, 0) });
        let (own, whole) = (made.0 - before.made.0, made.1.saturating_sub(before.made.1));
        let missing = before.remaining.saturating_sub(own).saturating_sub(remaining);
        if lane.stated.is_some() || missing == 0 || missing > whole.saturating_sub(own) {
            return;
        }
        let alike = |(other, lane): (&Set, &Lane)| {
            let same = lane.stated.is_none() && lane.told.is_some_and(|told| told.capacity == capacity);
            (same && *other != set).then_some(*other)
        };
        let others: Vec<Set> = self.lanes.iter().filter_map(alike).collect();
        for other in others {
            self.share(set, other);
        }
    }
}
