//! How fast Atlas lets us go: the campaign's quota per project, mirrors of Atlas's own token buckets as far as they are
//! known, and the circuit breakers that its answers open.
//!
//! Atlas has a bucket for each set of endpoints and project (or user), each by itself. Which endpoints share one, and
//! what it holds, is learned from the list of rate limits, from the headers of every answer, and from what a 429 says;
//! where nothing is listed, endpoints below different path segments share none, until the headers show that they do, and
//! how fast a bucket fills is measured by what the headers say is left (`refill`).
//!
//! It counts requests, not jobs, looks included. It is owned by the dispatcher alone, never waits and never
//! sleeps: it says *go*, or until when to wait. It knows nothing of jobs.

mod backoff;
mod bucket_mirror;
mod circuit_breaker;
mod feedback;
mod project_bucket;
mod project_pace;
mod quota;
mod refill;

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::{Clock, Millis};
use crate::domain::bucket::Bucket;
use crate::domain::policy::LONGEST_WAIT;
use crate::domain::run_notes::AskedWait;

use backoff::Backoff;
use circuit_breaker::CircuitBreaker;
pub use feedback::{Asked, Closed, EndpointSegment, Permission, Purpose, RateFeedback};
use project_bucket::Hints;
use project_pace::ProjectPace;

/// A wait that is shorter is over before anybody has read of it.
pub const WORTH_TELLING: Duration = Duration::from_secs(10);

/// The pace of one campaign.
pub struct Pacing {
    clock: Clock,
    per_minute: u32,
    projects: HashMap<String, ProjectPace>,
    /// The buckets that every project has, as the list of rate limits says.
    stated: Vec<(Vec<EndpointSegment>, Bucket)>,
    /// What a 429 in any project stated of the bucket of a set.
    known: HashMap<EndpointSegment, Bucket>,
    /// The whole host, probed by looks.
    host: CircuitBreaker,
    /// Upgrade requests, probed by one of them: a 405 applies nothing and is no attempt.
    writes: CircuitBreaker,
    /// The longest wait that Atlas asked for and that is not over.
    asked: Option<Asked>,
}

impl Pacing {
    /// A pace of at most `per_minute` requests in any minute, in each project.
    pub fn new(per_minute: u32, clock: Clock) -> Self {
        Self {
            clock,
            per_minute,
            projects: HashMap::new(),
            stated: Vec::new(),
            known: HashMap::new(),
            host: CircuitBreaker::default(),
            writes: CircuitBreaker::default(),
            asked: None,
        }
    }

    /// Atlas states the bucket that each project has for these endpoints together.
    pub fn state(&mut self, sets: Vec<EndpointSegment>, bucket: Bucket) {
        let now = self.clock.now();
        self.projects.values_mut().for_each(|pace| pace.state(&sets, bucket, now));
        self.stated.push((sets, bucket));
    }

    /// Takes permits in `project` for requests to these sets of endpoints, all or none.
    pub fn ask(&mut self, project: &str, needs: &[(EndpointSegment, u32)], purpose: Purpose) -> Permission {
        let now = self.clock.now();
        if let Some(until) = self.host.closed_until(now) {
            return Permission::Later(until);
        }
        if purpose == Purpose::Send {
            if self.host.backoff.is_on() {
                return Permission::LookFirst;
            }
            if let Some(until) = self.writes.closed_until(now) {
                return Permission::Later(until);
            }
        }
        let (per_minute, clock, stated) = (self.per_minute, self.clock, &self.stated);
        let pace = self.projects.entry(project.to_owned()).or_insert_with(|| {
            let mut pace = ProjectPace::new(per_minute, clock);
            for (sets, bucket) in stated {
                pace.state(sets, *bucket, now);
            }
            pace
        });
        if let Err(until) = pace.take(needs, now) {
            return Permission::Later(until);
        }
        self.host.enter();
        if purpose == Purpose::Send {
            self.writes.enter();
        }
        Permission::Go
    }

    /// A step that had these permits is over, and this is what its answers said, or the news that none came. If it was
    /// to probe, the next one may.
    pub fn over(
        &mut self,
        project: &str,
        needs: &[(EndpointSegment, u32)],
        purpose: Purpose,
        reports: &[RateFeedback],
    ) {
        self.host.probing = false;
        if purpose == Purpose::Send {
            self.writes.probing = false;
        }
        let now = self.clock.now();
        let heard: Vec<_> = reports.iter().map(|report| self.hears(project, report, now)).collect();
        if let Some(pace) = self.projects.get_mut(project) {
            pace.over(needs, &heard, now);
        }
    }

    /// Learns what concerns more than the project; returns what its own pace learns, with what is known from elsewhere.
    fn hears(&mut self, project: &str, report: &RateFeedback, now: Millis) -> (RateFeedback, Hints) {
        self.asks(project, report, now);
        let wait = report.retry_after.map(|wait| wait.min(LONGEST_WAIT));
        self.host.heard(now, report.host_unavailable, report.passed(), wait);
        if report.sent {
            // A probe that came to nothing is followed by no other at once.
            let failed = report.writes_closed || report.host_unavailable && self.writes.backoff.is_on();
            self.writes.heard(now, failed, report.passed() && !report.throttled, wait);
        }
        if let Some(bucket) = report.bucket {
            self.known.insert(report.set, bucket);
        }
        let same_size = |bucket: &&Bucket| report.limit.is_some_and(|limit| u64::from(limit) == bucket.capacity);
        let known = self.known.get(report.set).filter(same_size).copied();
        (RateFeedback { retry_after: wait, ..*report }, Hints { per_minute: u64::from(self.per_minute), known })
    }

    fn asks(&mut self, project: &str, report: &RateFeedback, now: Millis) {
        let all = report.host_unavailable || report.writes_closed;
        let Some(wait) = report.retry_after.filter(|wait| *wait >= WORTH_TELLING && (all || report.throttled)) else {
            return;
        };
        let (until, again) = (now.after(wait), now.after(wait.min(LONGEST_WAIT)));
        if self.asked().is_none_or(|known| known.wait.again < again) {
            self.asked = Some(Asked { wait: AskedWait { until, again }, project: (!all).then(|| project.to_owned()) });
        }
    }

    /// Until when Atlas asked to wait, if that is not over.
    pub fn asked(&self) -> Option<&Asked> {
        let now = self.clock.now();
        self.asked.as_ref().filter(|asked| asked.wait.again > now)
    }

    /// An operator wants no waiting for what Atlas asked for: whatever was closed for a time may be tried now.
    pub fn bring_forward(&mut self) {
        self.asked = None;
        let backoffs = [&mut self.host.backoff, &mut self.writes.backoff];
        backoffs.into_iter().chain(self.projects.values_mut().map(ProjectPace::backoff)).for_each(Backoff::try_now);
    }

    /// Whether nobody gets through to the host, or none with an upgrade request.
    pub fn closed(&self) -> Option<Closed> {
        let now = self.clock.now();
        let closed = |breaker: &CircuitBreaker, writes_only| {
            let since = breaker.backoff.since()?;
            Some(Closed { since, until: breaker.backoff.closed_until(now), writes_only })
        };
        closed(&self.host, false).or_else(|| closed(&self.writes, true))
    }
}

#[cfg(test)]
mod tests;
