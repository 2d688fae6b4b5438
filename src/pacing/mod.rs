//! How fast Atlas lets us go: the campaign's quota per project, mirrors of Atlas's own token buckets as far as they are
//! known, and the brakes that its answers pull.
//!
//! Atlas has a bucket for each set of endpoints and project (or user), each by itself. Which endpoints share one, and
//! what it holds, is learned from the list of rate limits, from the headers of every answer, and from what a 429 says;
//! where nothing is listed, endpoints below different path segments share none, until the headers show that they do, and
//! how fast a bucket fills is measured by what the headers say is left (`refill`).
//!
//! It counts requests, not jobs, looks included. It is owned by the dispatcher alone, never waits and never
//! sleeps: it says *go*, or until when to wait. It knows nothing of jobs.

mod brake;
mod lane;
mod level;
mod quota;
mod refill;
mod scope;

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::{Clock, Millis};
use crate::domain::bucket::Bucket;
use crate::domain::policy::LONGEST_WAIT;
use crate::domain::run_notes::AskedWait;

use brake::Brake;
use lane::Hints;
use scope::Scope;

/// Endpoints that share a bucket at least among themselves, by the path segment below the project: `clusters`, `flexClusters`, ...
pub type Set = &'static str;

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
pub enum Verdict {
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
pub struct Report {
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
    pub set: Set,
    /// 503, or no connection: nobody gets through.
    pub brakes_host: bool,
    /// 405: nobody may write while Atlas is being upgraded.
    pub writes_closed: bool,
    /// Whether it was an upgrade request.
    pub sent: bool,
    /// Whether an answer came at all.
    pub answered: bool,
}

impl Report {
    /// Whether the host let it through.
    fn passed(&self) -> bool {
        self.answered && !self.brakes_host
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

/// A wait that is shorter is over before anybody has read of it.
pub const WORTH_TELLING: Duration = Duration::from_secs(10);

/// A brake that one asker may probe when its time has passed.
#[derive(Default)]
struct Gate {
    brake: Brake,
    probing: bool,
}

impl Gate {
    /// Until when it is closed to this asker, if so.
    fn closed_until(&self, now: Millis) -> Option<Millis> {
        let waits = self.brake.is_on() && self.probing;
        self.brake.closed_until(now).or_else(|| waits.then(|| now.after(Duration::from_secs(1))))
    }

    fn enter(&mut self) {
        self.probing = self.brake.is_on();
    }

    fn heard(&mut self, now: Millis, pulled: bool, passed: bool, asked: Option<Duration>) {
        if pulled {
            self.brake.pull(now, asked);
        } else if passed {
            self.brake.release();
        }
    }
}

/// The pace of one campaign.
pub struct Pacing {
    clock: Clock,
    per_minute: u32,
    scopes: HashMap<String, Scope>,
    /// The buckets that every project has, as the list of rate limits says.
    stated: Vec<(Vec<Set>, Bucket)>,
    /// What a 429 in any project stated of the bucket of a set.
    known: HashMap<Set, Bucket>,
    /// The whole host, probed by looks.
    host: Gate,
    /// Upgrade requests, probed by one of them: a 405 applies nothing and is no attempt.
    writes: Gate,
    /// The longest wait that Atlas asked for and that is not over.
    asked: Option<Asked>,
}

impl Pacing {
    /// A pace of at most `per_minute` requests in any minute, in each project.
    pub fn new(per_minute: u32, clock: Clock) -> Self {
        Self {
            clock,
            per_minute,
            scopes: HashMap::new(),
            stated: Vec::new(),
            known: HashMap::new(),
            host: Gate::default(),
            writes: Gate::default(),
            asked: None,
        }
    }

    /// Atlas states the bucket that each project has for these endpoints together.
    pub fn state(&mut self, sets: Vec<Set>, bucket: Bucket) {
        let now = self.clock.now();
        self.scopes.values_mut().for_each(|scope| scope.state(&sets, bucket, now));
        self.stated.push((sets, bucket));
    }

    /// Takes permits in `project` for requests to these sets of endpoints, all or none.
    pub fn ask(&mut self, project: &str, needs: &[(Set, u32)], purpose: Purpose) -> Verdict {
        let now = self.clock.now();
        if let Some(until) = self.host.closed_until(now) {
            return Verdict::Later(until);
        }
        if purpose == Purpose::Send {
            if self.host.brake.is_on() {
                return Verdict::LookFirst;
            }
            if let Some(until) = self.writes.closed_until(now) {
                return Verdict::Later(until);
            }
        }
        let (per_minute, clock, stated) = (self.per_minute, self.clock, &self.stated);
        let scope = self.scopes.entry(project.to_owned()).or_insert_with(|| {
            let mut scope = Scope::new(per_minute, clock);
            for (sets, bucket) in stated {
                scope.state(sets, *bucket, now);
            }
            scope
        });
        if let Err(until) = scope.take(needs, now) {
            return Verdict::Later(until);
        }
        self.host.enter();
        if purpose == Purpose::Send {
            self.writes.enter();
        }
        Verdict::Go
    }

    /// A step that had these permits is over, and this is what its answers said, or the news that none came. If it was
    /// to probe, the next one may.
    pub fn over(&mut self, project: &str, needs: &[(Set, u32)], purpose: Purpose, reports: &[Report]) {
        self.host.probing = false;
        if purpose == Purpose::Send {
            self.writes.probing = false;
        }
        let now = self.clock.now();
        for report in reports {
            self.hears(project, report, now);
        }
        let hints = |report: &Report| {
            let same_size = |bucket: &&Bucket| report.limit.is_some_and(|limit| u64::from(limit) == bucket.capacity);
            let known = self.known.get(report.set).filter(same_size).copied();
            let retry_after = report.retry_after.map(|wait| wait.min(LONGEST_WAIT));
            (Report { retry_after, ..*report }, Hints { per_minute: u64::from(self.per_minute), known })
        };
        let reports: Vec<_> = reports.iter().map(hints).collect();
        if let Some(scope) = self.scopes.get_mut(project) {
            scope.over(needs, &reports, now);
        }
    }

    fn hears(&mut self, project: &str, report: &Report, now: Millis) {
        self.asks(project, report, now);
        let wait = report.retry_after.map(|wait| wait.min(LONGEST_WAIT));
        self.host.heard(now, report.brakes_host, report.passed(), wait);
        if report.sent {
            // A probe that came to nothing is followed by no other at once.
            let pulled = report.writes_closed || report.brakes_host && self.writes.brake.is_on();
            self.writes.heard(now, pulled, report.passed() && !report.throttled, wait);
        }
        if let Some(bucket) = report.bucket {
            self.known.insert(report.set, bucket);
        }
    }

    fn asks(&mut self, project: &str, report: &Report, now: Millis) {
        let all = report.brakes_host || report.writes_closed;
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
        let gates = [&mut self.host.brake, &mut self.writes.brake];
        gates.into_iter().chain(self.scopes.values_mut().map(Scope::brake)).for_each(Brake::try_now);
    }

    /// Whether nobody gets through to the host, or none with an upgrade request.
    pub fn closed(&self) -> Option<Closed> {
        let now = self.clock.now();
        let closed = |gate: &Gate, writes_only| {
            let since = gate.brake.since()?;
            Some(Closed { since, until: gate.brake.closed_until(now), writes_only })
        };
        closed(&self.host, false).or_else(|| closed(&self.writes, true))
    }
}

#[cfg(test)]
mod tests;
