//! Token buckets, one per project and set of endpoints.

use std::collections::HashMap;
use std::time::Duration;

use http::{HeaderName, StatusCode};
use serde_json::json;

use crate::clock::Millis;
use crate::domain::bucket::Bucket;
use crate::simulator::protocol::request::ApiRequest;
use crate::simulator::protocol::resource::RateLimitSet;
use crate::simulator::protocol::response::{ApiError, ApiResponse, retry_later, set_header};

/// Which endpoints of a project share a token bucket, and whether `GET rateLimits` lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BucketSharing {
    /// Those of an endpoint set, as the list of rate limits says.
    #[default]
    BySet,
    /// All of them, as the list says.
    ByProject,
    /// Those of an endpoint set, and nothing is listed.
    BySetUnlisted,
    /// All of them, and nothing is listed.
    ByProjectUnlisted,
}

/// All buckets.
#[derive(Debug)]
pub(crate) struct TokenBuckets {
    clusters: Bucket,
    pub(crate) sharing: BucketSharing,
    levels: HashMap<(RateLimitSet, String), BucketLevel>,
}

/// How full one bucket is.
#[derive(Debug)]
struct BucketLevel {
    tokens: u64,
    filled_at: Millis,
}

/// The result of taking a token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenResult {
    pub(crate) bucket: Bucket,
    remaining: u64,
    /// Whole seconds until the next token, if there was none.
    pub(crate) retry_after: Option<u64>,
}

impl TokenBuckets {
    /// Full buckets; `clusters` replaces the documented one.
    pub(crate) fn new(clusters: Option<Bucket>, sharing: BucketSharing) -> Self {
        Self { clusters: clusters.unwrap_or(documented(RateLimitSet::Clusters)), sharing, levels: HashMap::new() }
    }

    /// The bucket of a set.
    pub(crate) fn bucket(&self, set: RateLimitSet) -> Bucket {
        if set == RateLimitSet::Clusters { self.clusters } else { documented(set) }
    }

    /// Takes a token out of a project's bucket, if there is one.
    pub(crate) fn take(&mut self, set: RateLimitSet, project: &str, now: Millis) -> TokenResult {
        use RateLimitSet::{Clusters, Flex, Organisations, Projects, RateLimits, Serverless};
        let is_of_project = matches!(set, Clusters | Serverless | Flex);
        let is_shared = matches!(self.sharing, BucketSharing::ByProject | BucketSharing::ByProjectUnlisted);
        let set = if is_of_project && is_shared { Clusters } else { set };
        let bucket = self.bucket(set);
        let owner = if matches!(set, Projects | Organisations | RateLimits) { "" } else { project };
        let full = BucketLevel { tokens: bucket.capacity, filled_at: now };
        let level = self.levels.entry((set, owner.to_owned())).or_insert(full);
        let (per, refill) = ((bucket.per.as_millis() as u64).max(1), bucket.refill.max(1));
        let refilled = (now.since(level.filled_at).as_millis() as u64).saturating_mul(refill) / per;
        level.tokens = level.tokens.saturating_add(refilled).min(bucket.capacity);
        // The rest of the elapsed time counts for the next token.
        level.filled_at = level.filled_at.after(Duration::from_millis(refilled.saturating_mul(per).div_ceil(refill)));
        if level.tokens == 0 {
            let next = level.filled_at.after(bucket.per.div_f64(refill as f64));
            let seconds = (next.since(now).as_millis() as u64).div_ceil(1_000).max(1);
            return TokenResult { bucket, remaining: 0, retry_after: Some(seconds) };
        }
        level.tokens -= 1;
        TokenResult { bucket, remaining: level.tokens, retry_after: None }
    }
}

impl TokenResult {
    /// Sets the headers that tell how full the bucket is.
    pub(crate) fn set_headers(self, response: &mut ApiResponse) {
        set_header(response, HeaderName::from_static("ratelimit-limit"), &self.bucket.capacity.to_string());
        set_header(response, HeaderName::from_static("ratelimit-remaining"), &self.remaining.to_string());
    }
}

/// 429: the next request may come in so many seconds.
pub(crate) fn too_many_requests(request: &ApiRequest, bucket: Bucket, seconds: u64) -> ApiResponse {
    let path = request.path().trim_start_matches('/');
    let error = ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "RATE_LIMITED_TOKEN_BUCKET",
        format!("Too many requests for {path}; the next may come in {seconds} s."),
    );
    let Bucket { capacity, refill, per } = bucket;
    let parameters = [json!(path), json!(seconds), json!(capacity), json!(refill), json!(per.as_secs())];
    retry_later(error.with(parameters), seconds)
}

/// Atlas's documented buckets, as of April 2026.
fn documented(set: RateLimitSet) -> Bucket {
    let (capacity, refill) = match set {
        RateLimitSet::Clusters | RateLimitSet::Serverless => (10_000, 5_000),
        RateLimitSet::Flex | RateLimitSet::Projects => (1_200, 500),
        RateLimitSet::Organisations | RateLimitSet::RateLimits => (300, 100),
        RateLimitSet::Tokens => (50, 50),
    };
    Bucket { capacity, refill, per: Duration::from_mins(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_bucket_says_when_the_next_token_comes() {
        let bucket = Bucket { capacity: 2, refill: 3, per: Duration::from_secs(30) };
        let mut buckets = TokenBuckets::new(Some(bucket), BucketSharing::BySet);
        let mut take = |at: i64| buckets.take(RateLimitSet::Clusters, "p", Millis(at));
        assert_eq!(take(0).remaining, 1);
        assert_eq!(take(1).retry_after, None);
        assert_eq!(take(2_500).retry_after, Some(8));
        assert_eq!(take(10_000).retry_after, None);
        assert_eq!(take(10_001).retry_after, Some(10));
        assert_eq!(take(1_000_000).remaining, 1);
    }
}
