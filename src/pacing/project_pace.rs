//! One project: the campaign's quota, Atlas's buckets, and the backoff after its 429s.

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::{Clock, Millis};
use crate::domain::bucket::Bucket;
use crate::pacing::backoff::Backoff;
use crate::pacing::project_bucket::{Hints, ProjectBucket};
use crate::pacing::quota::Quota;
use crate::pacing::{EndpointSegment, RateFeedback};

pub(super) struct ProjectPace {
    quota: Quota,
    backoff: Backoff,
    buckets: HashMap<EndpointSegment, ProjectBucket>,
    /// Sets that share the bucket of another one, and which.
    shared: HashMap<EndpointSegment, EndpointSegment>,
}

impl ProjectPace {
    pub(super) fn new(per_minute: u32, clock: Clock) -> Self {
        Self {
            quota: Quota::new(per_minute, clock),
            backoff: Backoff::default(),
            buckets: HashMap::new(),
            shared: HashMap::new(),
        }
    }

    pub(super) fn backoff(&mut self) -> &mut Backoff {
        &mut self.backoff
    }

    /// Takes permits for all of these requests, or says when to ask again.
    pub(super) fn take(&mut self, needs: &[(EndpointSegment, u32)], now: Millis) -> Result<(), Millis> {
        if let Some(until) = self.backoff.closed_until(now) {
            return Err(until);
        }
        let needs = self.by_bucket(needs);
        for (set, requests) in &needs {
            if let Some(wait) = self.buckets.get_mut(set).and_then(|bucket| bucket.wait(*requests, now)) {
                return Err(now.after(wait));
            }
        }
        let all = needs.iter().map(|(_, requests)| requests).sum();
        self.quota.take(all).map_err(|wait| now.after(wait.max(Duration::from_millis(1))))?;
        for (set, requests) in needs {
            self.buckets.entry(set).or_default().take(requests, now);
        }
        Ok(())
    }

    /// These requests are no longer under way, and `reports` is what their answers said.
    pub(super) fn over(&mut self, needs: &[(EndpointSegment, u32)], reports: &[(RateFeedback, Hints)], now: Millis) {
        for (set, requests) in self.by_bucket(needs) {
            self.buckets.entry(set).or_default().over(requests);
        }
        for (report, hints) in reports {
            self.hears(report, *hints, now);
        }
        self.buckets.values_mut().for_each(|bucket| bucket.when_idle(now));
    }

    /// The requests by the bucket that they draw from.
    fn by_bucket(&self, needs: &[(EndpointSegment, u32)]) -> Vec<(EndpointSegment, u32)> {
        let mut all: Vec<(EndpointSegment, u32)> = Vec::with_capacity(needs.len());
        for (set, requests) in needs {
            let set = self.bucket_of(set);
            match all.iter_mut().find(|(known, _)| *known == set) {
                Some((_, sum)) => *sum += requests,
                None => all.push((set, *requests)),
            }
        }
        all
    }

    fn bucket_of(&self, set: EndpointSegment) -> EndpointSegment {
        self.shared.get(set).copied().unwrap_or(set)
    }

    /// Atlas has stated the bucket that these sets share.
    pub(super) fn state(&mut self, sets: &[EndpointSegment], bucket: Bucket, now: Millis) {
        let Some(first) = sets.first().map(|set| self.bucket_of(set)) else { return };
        for set in sets {
            self.share(first, set);
        }
        self.buckets.entry(first).or_default().state(bucket, now);
        let made = self.made();
        self.quota.free(made);
    }

    fn made(&self) -> u64 {
        self.buckets.values().map(ProjectBucket::made).sum()
    }

    /// Both turn out to draw from one bucket.
    fn share(&mut self, one: EndpointSegment, other: EndpointSegment) {
        let (one, other) = (self.bucket_of(one), self.bucket_of(other));
        if one == other {
            return;
        }
        let gone = self.buckets.remove(other).unwrap_or_default();
        self.buckets.entry(one).or_default().merge(&gone);
        for bucket in self.shared.values_mut().filter(|bucket| **bucket == other) {
            *bucket = one;
        }
        self.shared.insert(other, one);
    }

    /// Learns from an answer.
    fn hears(&mut self, report: &RateFeedback, hints: Hints, now: Millis) {
        if let Some(bucket) = report.bucket {
            self.state(&[report.set], bucket, now);
        }
        if report.throttled {
            // Before the headers are read: how fast the bucket is taken to fill depends on it.
            self.bucket(report.set).overrun(report.retry_after);
            self.backoff.fail(now, report.retry_after);
        } else if report.passed() {
            self.backoff.reset();
        }
        let remaining = report.remaining.map(u64::from);
        // Atlas may leave any of the headers out, and a limit of 0 is none.
        if let Some(limit) = report.limit.filter(|limit| *limit > 0) {
            let capacity = u64::from(limit);
            if let Some(remaining) = remaining {
                self.notice_sharing(report.set, capacity, remaining);
            }
            self.bucket(report.set).told(capacity, remaining, hints, now);
        }
        if report.answered {
            self.bucket(report.set).answered(remaining);
        }
    }

    fn bucket(&mut self, set: EndpointSegment) -> &mut ProjectBucket {
        let set = self.bucket_of(set);
        self.buckets.entry(set).or_default()
    }

    /// A bucket that has fallen by more than was drawn from it, while requests went to sets with a bucket of the same
    /// size, is theirs too. (If it was somebody else who drew from it, this only makes us slower.)
    fn notice_sharing(&mut self, set: EndpointSegment, capacity: u64, remaining: u64) {
        let set = self.bucket_of(set);
        let all = self.made();
        if !self.bucket(set).is_drawn_by_others(capacity, remaining, all) {
            return;
        }
        let others: Vec<EndpointSegment> = self
            .buckets
            .iter()
            .filter_map(|(other, bucket)| (*other != set && bucket.may_be_same(capacity)).then_some(*other))
            .collect();
        for other in others {
            self.share(set, other);
        }
    }
}
