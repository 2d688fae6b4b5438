//! How full a token bucket of Atlas's is, as far as can be told from here.

use std::time::Duration;

use crate::clock::Millis;
use crate::domain::bucket::Bucket;

/// A mirror of one bucket. It is never fuller than the real one, as long as nobody else draws from that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct BucketMirror {
    capacity: f64,
    per_milli: f64,
    tokens: f64,
    /// Tokens that are kept back.
    in_hand: u64,
    at: Millis,
}

impl BucketMirror {
    /// A bucket that has given `spent` tokens already.
    pub(super) fn new(bucket: Bucket, spent: u64, now: Millis) -> Self {
        let mut mirror = Self { capacity: 1.0, per_milli: 0.001, tokens: 0.0, in_hand: 0, at: now };
        mirror.shape(bucket, now);
        mirror.tokens = mirror.capacity - spent.min(bucket.capacity) as f64;
        mirror
    }

    /// From now on the bucket is like this. One token is kept in hand where there are more than two: a request may be
    /// counted that we do not know of.
    pub(super) fn shape(&mut self, bucket: Bucket, now: Millis) {
        self.fill(now);
        self.in_hand = u64::from(bucket.capacity > 2);
        self.capacity = (bucket.capacity.max(1) - self.in_hand) as f64;
        self.per_milli = bucket.refill.max(1) as f64 / bucket.per.as_millis().max(1) as f64;
        self.tokens = self.tokens.min(self.capacity);
    }

    /// It turns out that what was taken from the other mirror was taken from this bucket.
    pub(super) fn merge(&mut self, other: Self) {
        self.tokens -= (other.capacity - other.tokens).max(0.0);
        self.at = self.at.max(other.at);
    }

    /// Atlas says how many are left. Requests that are still under way are not among those that it has counted, so that
    /// this only ever takes some away.
    pub(super) fn told(&mut self, remaining: u64, now: Millis) {
        self.fill(now);
        self.tokens = self.tokens.min(remaining as f64);
    }

    /// It holds at least so many, with the one in hand.
    pub(super) fn raise(&mut self, least: u64, now: Millis) {
        self.fill(now);
        self.tokens = self.tokens.max(least.saturating_sub(self.in_hand) as f64).min(self.capacity);
    }

    /// How long until `requests` may go; no time if they may go now. More than the bucket holds wait for a full one.
    pub(super) fn wait(&mut self, requests: u32, now: Millis) -> Option<Duration> {
        self.fill(now);
        let missing = f64::from(requests).min(self.capacity) - self.tokens;
        // A token that has all but come back is one: the rest of it is less than a millisecond.
        (missing > 1e-6).then(|| Duration::from_millis((missing / self.per_milli).ceil() as u64))
    }

    /// They go.
    pub(super) fn take(&mut self, requests: u32) {
        self.tokens -= f64::from(requests);
    }

    fn fill(&mut self, now: Millis) {
        let passed = now.since(self.at).as_millis() as f64;
        self.tokens = (self.tokens + passed * self.per_milli).min(self.capacity);
        self.at = now.max(self.at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn a_bucket_of_ten_gives_nine_at_once_and_then_two_a_second() {
        let mut mirror = BucketMirror::new(Bucket { capacity: 10, refill: 120, per: MINUTE }, 0, Millis(0));
        for _ in 0..9 {
            assert_eq!(mirror.wait(1, Millis(0)), None);
            mirror.take(1);
        }
        assert_eq!(mirror.wait(1, Millis(0)), Some(Duration::from_millis(500)));
        assert_eq!(mirror.wait(2, Millis(250)), Some(Duration::from_millis(750)));
        assert_eq!(mirror.wait(1, Millis(500)), None);
    }

    #[test]
    fn what_atlas_says_takes_away_and_never_gives() {
        let mut mirror = BucketMirror::new(Bucket { capacity: 10, refill: 60, per: MINUTE }, 5, Millis(0));
        mirror.told(9, Millis(0));
        assert_eq!(mirror.wait(4, Millis(0)), None);
        mirror.told(1, Millis(0));
        assert_eq!(mirror.wait(2, Millis(0)), Some(Duration::from_secs(1)));
    }

    #[test]
    fn more_than_it_holds_waits_for_a_full_one() {
        let mut mirror = BucketMirror::new(Bucket { capacity: 1, refill: 1, per: MINUTE }, 0, Millis(0));
        assert_eq!(mirror.wait(2, Millis(0)), None);
        mirror.take(2);
        assert_eq!(mirror.wait(2, Millis(0)), Some(2 * MINUTE));
    }
}
