//! What pacing is asked and says, and what it is told of answers.

use std::time::Duration;

use crate::clock::Millis;
use crate::domain::bucket::Bucket;
use crate::domain::run_notes::AskedWait;

/// Endpoints that share a bucket at least among themselves, by the path segment below the project: `clusters`, `flexClusters`, ...
pub type EndpointSegment = &'static str;

/// What somebody wants to make requests for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To read.
    Look,
    /// To upgrade.
    Send,
}

/// What pacing says to somebody who wants to make requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// The permits are yours.
    Go,
    /// Ask again at this time.
    Later(Millis),
    /// The host did not answer when it was asked last: look first. A read that fails costs nobody an attempt.
    LookFirst,
}

/// What an answer said about the pace.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own; they are no state")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateFeedback {
    /// Whether it was a 429.
    pub throttled: bool,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
    /// `RateLimit-Remaining`.
    pub remaining: Option<u32>,
    /// `RateLimit-Limit`: the capacity of the bucket.
    pub limit: Option<u32>,
    /// The whole bucket, as a 429 states it.
    pub bucket: Option<Bucket>,
    /// The set of endpoints whose bucket it was.
    pub set: EndpointSegment,
    /// 503, or no connection: nobody gets through.
    pub host_unavailable: bool,
    /// 405: nobody may write while Atlas is being upgraded.
    pub writes_closed: bool,
    /// Whether it was an upgrade request.
    pub sent: bool,
    /// Whether an answer came at all.
    pub answered: bool,
}

impl RateFeedback {
    /// Whether the host let it through.
    pub(super) fn passed(&self) -> bool {
        self.answered && !self.host_unavailable
    }
}

/// What nobody gets through to, in words for people who wonder why nothing moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Since when.
    pub since: Millis,
    /// When it is tried next; nothing while it is tried.
    pub until: Option<Millis>,
    /// Only upgrade requests: Atlas itself is being upgraded. Otherwise the whole host.
    pub writes_only: bool,
}

impl Closed {
    /// What nobody gets through to.
    pub fn words(&self) -> &'static str {
        if self.writes_only { "Atlas is in maintenance and upgrades nothing" } else { "cannot reach Atlas" }
    }
}

/// What Atlas asked for with `Retry-After`, where that is long enough to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Until when, and when it is asked again at the latest.
    pub wait: AskedWait,
    /// The project that it asked to; all of them, if none.
    pub project: Option<String>,
}
