//! Token buckets, one per project and set of endpoints.

use std::collections::HashMap;
use std::time::Duration;

use http::HeaderName;

use super::answer::{Answer, stamp};
use super::settings::{Bucket, Buckets};
use crate::clock::Millis;

/// The sets of endpoints that share a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Set {
    /// Clusters, and their upgrade.
    Clusters,
    /// Serverless instances. Atlas documents no bucket for them; theirs is one as large as that of the clusters.
    Serverless,
    /// Flex clusters.
    Flex,
    /// Projects: one bucket for whoever asks.
    Projects,
    /// Organisations: one bucket for whoever asks.
    Organisations,
    /// The inspection of these: one bucket for whoever asks.
    RateLimits,
    /// The exchange of credentials for a token.
    Tokens,
}

/// All buckets.
#[derive(Debug)]
pub(super) struct Limits {
    clusters: Bucket,
    pub(super) buckets: Buckets,
    levels: HashMap<(Set, String), Level>,
}

/// How full one bucket is.
#[derive(Debug)]
struct Level {
    tokens: u64,
    filled: Millis,
}

/// What taking a token came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meter {
    pub(super) bucket: Bucket,
    pub(super) remaining: u64,
    /// Whole seconds until the next token, if there was none.
    pub(super) wait: Option<u64>,
}

impl Limits {
    /// Full buckets; `clusters` takes the place of the documented one.
    pub(super) fn new(clusters: Option<Bucket>, buckets: Buckets) -> Self {
        Self { clusters: clusters.unwrap_or(documented(Set::Clusters)), buckets, levels: HashMap::new() }
    }

    /// The bucket of a set.
    pub(super) fn bucket(&self, set: Set) -> Bucket {
        if set == Set::Clusters { self.clusters } else { documented(set) }
    }

    /// Takes a token out of a project's bucket, if there is one.
    pub(super) fn take(&mut self, set: Set, project: &str, now: Millis) -> Meter {
        let of_project = matches!(set, Set::Clusters | Set::Serverless | Set::Flex);
        let one_for_all = matches!(self.buckets, Buckets::ByProject | Buckets::ByProjectUnlisted);
        let set = if of_project && one_for_all { Set::Clusters } else { set };
        let bucket = self.bucket(set);
        let whose = if matches!(set, Set::Projects | Set::Organisations | Set::RateLimits) { "" } else { project };
        let level =
            self.levels.entry((set, whose.to_owned())).or_insert(Level { tokens: bucket.capacity, filled: now });
        let (per, refill) = ((bucket.per.as_millis() as u64).max(1), bucket.refill.max(1));
        let back = (now.since(level.filled).as_millis() as u64).saturating_mul(refill) / per;
        level.tokens = level.tokens.saturating_add(back).min(bucket.capacity);
        // What is left over of the time counts for the next token.
        level.filled = level.filled.after(Duration::from_millis(back.saturating_mul(per).div_ceil(refill)));
        if level.tokens == 0 {
            let next = level.filled.after(bucket.per.div_f64(refill as f64));
            return Meter {
                bucket,
                remaining: 0,
                wait: Some((next.since(now).as_millis() as u64).div_ceil(1_000).max(1)),
            };
        }
        level.tokens -= 1;
        Meter { bucket, remaining: level.tokens, wait: None }
    }
}

impl Meter {
    /// Writes what is left on an answer.
    pub(super) fn stamp(self, answer: &mut Answer) {
        stamp(answer, HeaderName::from_static("ratelimit-limit"), &self.bucket.capacity.to_string());
        stamp(answer, HeaderName::from_static("ratelimit-remaining"), &self.remaining.to_string());
    }
}

/// What Atlas documents, as of April 2026.
fn documented(set: Set) -> Bucket {
    let (capacity, refill) = match set {
        Set::Clusters | Set::Serverless => (10_000, 5_000),
        Set::Flex | Set::Projects => (1_200, 500),
        Set::Organisations | Set::RateLimits => (300, 100),
        Set::Tokens => (50, 50),
    };
    Bucket { capacity, refill, per: Duration::from_mins(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_bucket_says_when_the_next_token_comes() {
        let bucket = Bucket { capacity: 2, refill: 3, per: Duration::from_secs(30) };
        let mut limits = Limits::new(Some(bucket), Buckets::BySet);
        let mut take = |at: i64| limits.take(Set::Clusters, "p", Millis(at));
        assert_eq!(take(0).remaining, 1);
        assert_eq!(take(1).wait, None);
        assert_eq!(take(2_500).wait, Some(8));
        assert_eq!(take(10_000).wait, None);
        assert_eq!(take(10_001).wait, Some(10));
        assert_eq!(take(1_000_000).remaining, 1);
    }
}
