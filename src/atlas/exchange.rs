//! One call and what came of it.

use std::time::Duration;

use crate::clock::Millis;
use crate::domain::bucket::Bucket;
use crate::domain::event::Seen;

/// One call to Atlas, for the history and for pacing.
#[derive(Debug, Clone)]
pub struct Exchange<T> {
    /// What came of it.
    pub value: T,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path with its query; it holds nothing secret.
    pub path: String,
    /// The status of the last answer; none if none came.
    pub status: Option<u16>,
    /// The `errorCode` of an answer that is an error.
    pub error_code: Option<String>,
    /// When the call began, before anything was sent.
    pub started: Millis,
    /// When it ended: after this nothing of the request is given to the system any more.
    pub ended: Millis,
    /// What the answer said about rates.
    pub limits: Limits,
    /// What the `Sunset` and `Deprecation` headers said, as a warning for people.
    pub retired: Option<String>,
}

impl<T> Exchange<T> {
    /// The same call with its value put through `f`.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Exchange<U> {
        let Self { value, method, path, status, error_code, started, ended, limits, retired } = self;
        Exchange { value: f(value), method, path, status, error_code, started, ended, limits, retired }
    }
}

/// What an answer says about the rate of requests (Atlas documentation, "API rate limits").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// `Retry-After`, as long as it says.
    pub retry_after: Option<Duration>,
    /// `RateLimit-Remaining`: requests left in the bucket. It does not only fall.
    pub remaining: Option<u32>,
    /// `RateLimit-Limit`: what the bucket holds.
    pub limit: Option<u32>,
    /// The whole bucket, as a 429 states it.
    pub bucket: Option<Bucket>,
    /// Whether no request to this host should follow for a while: a 405, a 503, or no connection.
    pub host_unavailable: bool,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The clusters that could be read. One that is missing is no news.
    pub clusters: Vec<Seen>,
    /// Whether this was the last page: a short one. (`totalCount` is an estimate, says the API's document.)
    pub last: bool,
}
