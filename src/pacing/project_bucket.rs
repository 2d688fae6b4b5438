//! One token bucket of a project, as far as its list of limits and its answers tell of it.

use std::time::Duration;

use crate::clock::Millis;
use crate::domain::bucket::Bucket;
use crate::pacing::bucket_mirror::BucketMirror;
use crate::pacing::refill::RefillMeter;

/// How fast a bucket is taken to fill of which only the size is known, in tokens a minute: slower than any that Atlas
/// documents. What its answers say is left shows soon how fast it is.
const GUESSED_REFILL: u64 = 60;

/// The longest time that a token is taken to need after a 429: Atlas asks to wait for other reasons, too.
const LONGEST_GUESS: Duration = Duration::from_mins(1);

/// The requests to one set of endpoints.
#[derive(Default)]
pub(super) struct ProjectBucket {
    made: u64,
    under_way: u32,
    mirror: Option<BucketMirror>,
    meter: RefillMeter,
    /// The bucket as it was stated, where it is no guess from its capacity.
    stated: Option<Bucket>,
    /// The bucket as the headers show it, and what of it is guessed.
    guess: Option<Bucket>,
    /// How long a 429 asked to wait for the next token.
    token_takes: Option<Duration>,
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

impl ProjectBucket {
    /// How many requests were made.
    pub(super) fn made(&self) -> u64 {
        self.made
    }

    /// How long until `requests` may go; no time if they may go now.
    pub(super) fn wait(&mut self, requests: u32, now: Millis) -> Option<Duration> {
        self.mirror.as_mut()?.wait(requests, now)
    }

    /// Counts requests that leave now.
    pub(super) fn take(&mut self, requests: u32, now: Millis) {
        self.meter.sent(requests, self.under_way == 0, now);
        self.made += u64::from(requests);
        self.under_way += requests;
        if let Some(mirror) = &mut self.mirror {
            mirror.take(requests);
        }
    }

    /// So many requests are over, with or without an answer.
    pub(super) fn over(&mut self, requests: u32) {
        self.under_way = self.under_way.saturating_sub(requests);
    }

    /// An answer came; `remaining` is what it says is left.
    pub(super) fn answered(&mut self, remaining: Option<u64>) {
        self.meter.answered(remaining);
    }

    /// Where no request is under way, believes the answers, also if they show more tokens than the mirror has.
    pub(super) fn when_idle(&mut self, now: Millis) {
        if self.under_way > 0 {
            return;
        }
        let Some(guess) = self.guess else { return };
        let Some(least) = self.meter.when_idle(guess.capacity, now) else { return };
        if let Some(mirror) = self.mirror.as_mut().filter(|_| self.stated.is_none()) {
            mirror.shape(self.meter.bucket(guess), now);
            mirror.raise(least, now);
        }
    }

    /// Atlas has stated the bucket.
    pub(super) fn state(&mut self, bucket: Bucket, now: Millis) {
        match &mut self.mirror {
            Some(mirror) => mirror.shape(bucket, now),
            None => self.mirror = Some(BucketMirror::new(bucket, self.made, now)),
        }
        self.stated = Some(bucket);
    }

    /// What the headers say of a bucket: what it holds, also where MongoDB has made an exception of this project. How
    /// fast it fills they do not say: that is as was stated, or as another project was told of a bucket of this size
    /// (`known`), or is measured; where what is left is not said either, it is as fast as the campaign may go.
    pub(super) fn told(&mut self, capacity: u64, remaining: Option<u64>, hints: Hints, now: Millis) {
        let refill = if remaining.is_some() { GUESSED_REFILL.min(hints.per_minute) } else { hints.per_minute };
        let slowest = self.token_takes.unwrap_or_default();
        let token_takes = (Duration::from_mins(1) / u32::try_from(refill.max(1)).unwrap_or(u32::MAX)).max(slowest);
        let guess = hints.known.unwrap_or(Bucket { capacity, refill: 1, per: token_takes });
        self.guess = Some(guess);
        let bucket = self.stated.map_or_else(|| self.meter.bucket(guess), |stated| Bucket { capacity, ..stated });
        let made = self.made;
        let mirror = self.mirror.get_or_insert_with(|| BucketMirror::new(bucket, made, now));
        mirror.shape(bucket, now);
        if let Some(remaining) = remaining {
            mirror.told(remaining, now);
        }
    }

    /// A 429: it fills more slowly than was measured or guessed, and the next token comes after `wait`.
    pub(super) fn overrun(&mut self, wait: Option<Duration>) {
        self.meter.reset();
        self.token_takes = self.token_takes.max(wait.map(|wait| wait.min(LONGEST_GUESS)));
    }

    /// Whether more is missing than was drawn from it since the last answer, while others of `all` requests were made:
    /// then those may draw from it, too.
    pub(super) fn is_drawn_by_others(&mut self, capacity: u64, remaining: u64, all: u64) -> bool {
        let made = (self.made, all);
        let before = self.told.replace(Told { capacity, remaining, made });
        let before = before.unwrap_or(Told { capacity, remaining: capacity, made: (0, 0) });
        let (own, whole) = (made.0 - before.made.0, made.1.saturating_sub(before.made.1));
        let missing = before.remaining.saturating_sub(own).saturating_sub(remaining);
        self.stated.is_none() && missing > 0 && whole > own
    }

    /// Whether it may be the same bucket as one of this size.
    pub(super) fn may_be_same(&self, capacity: u64) -> bool {
        self.stated.is_none() && self.told.is_some_and(|told| told.capacity == capacity)
    }

    /// `other` turns out to be the same bucket: what was taken from either was taken from this one.
    pub(super) fn merge(&mut self, other: &Self) {
        let made = self.made;
        self.made += other.made;
        self.under_way += other.under_way;
        self.stated = self.stated.or(other.stated);
        self.guess = self.guess.or(other.guess);
        (self.told, self.meter) = (None, RefillMeter::default());
        match (&mut self.mirror, other.mirror) {
            (Some(mirror), Some(other)) => mirror.merge(other),
            (Some(mirror), None) => mirror.take(u32::try_from(other.made).unwrap_or(u32::MAX)),
            (None, Some(mut other)) => {
                other.take(u32::try_from(made).unwrap_or(u32::MAX));
                self.mirror = Some(other);
            }
            (None, None) => {}
        }
    }
}

/// What is known of a bucket from elsewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hints {
    /// The campaign's quota, in requests a minute.
    pub(super) per_minute: u64,
    /// What a 429 stated of a bucket of the same endpoints and size in another project.
    pub(super) known: Option<Bucket>,
}
