//! How fast Atlas lets us go: a quota per project and the brakes that its answers pull.
//!
//! It counts requests, not jobs, looks included. It is owned by the dispatcher alone, never waits and never
//! sleeps: it says *go*, or until when to wait. It knows nothing of jobs.

mod brake;
mod quota;

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::{Clock, Millis};

use brake::Brake;
use quota::Quota;

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
    /// 503, or no connection: nobody gets through.
    pub brakes_host: bool,
    /// 405: nobody may write while Atlas is being upgraded.
    pub writes_closed: bool,
    /// Whether it was an upgrade request.
    pub sent: bool,
    /// Whether an answer came at all.
    pub answered: bool,
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

struct Scope {
    quota: Quota,
    brake: Brake,
}

/// The pace of one campaign.
pub struct Pacing {
    clock: Clock,
    per_minute: u32,
    scopes: HashMap<String, Scope>,
    /// The whole host, probed by looks.
    host: Gate,
    /// Upgrade requests, probed by one of them: a 405 applies nothing and is no attempt.
    writes: Gate,
}

impl Pacing {
    /// A pace of at most `per_minute` requests in any minute, in each project.
    pub fn new(per_minute: u32, clock: Clock) -> Self {
        Self { clock, per_minute, scopes: HashMap::new(), host: Gate::default(), writes: Gate::default() }
    }

    /// Takes `requests` permits in `project`, all or none.
    pub fn ask(&mut self, project: &str, requests: u32, purpose: Purpose) -> Verdict {
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
        let (per_minute, clock) = (self.per_minute, self.clock);
        let scope = self
            .scopes
            .entry(project.to_owned())
            .or_insert_with(|| Scope { quota: Quota::new(per_minute, None, clock), brake: Brake::default() });
        if let Some(until) = scope.brake.closed_until(now) {
            return Verdict::Later(until);
        }
        if let Err(wait) = scope.quota.take(requests) {
            return Verdict::Later(now.after(wait.max(Duration::from_millis(1))));
        }
        self.host.enter();
        if purpose == Purpose::Send {
            self.writes.enter();
        }
        Verdict::Go
    }

    /// A step that had its permits is over; if it was to probe, the next one may.
    pub fn over(&mut self, purpose: Purpose) {
        self.host.probing = false;
        if purpose == Purpose::Send {
            self.writes.probing = false;
        }
    }

    /// Learns from an answer, or from the news that none came.
    pub fn tell(&mut self, project: &str, report: Report) {
        let now = self.clock.now();
        let passed = report.answered && !report.brakes_host;
        self.host.heard(now, report.brakes_host, passed, report.retry_after);
        if report.sent {
            // A probe that came to nothing is followed by no other at once.
            let pulled = report.writes_closed || report.brakes_host && self.writes.brake.is_on();
            self.writes.heard(now, pulled, passed && !report.throttled, report.retry_after);
        }
        let Some(scope) = self.scopes.get_mut(project) else { return };
        if let Some(limit) = report.limit.filter(|limit| *limit > 0) {
            scope.quota.cap(limit);
        }
        if report.throttled {
            scope.brake.pull(now, report.retry_after);
        } else if passed {
            scope.brake.release();
            let stated = report.limit.is_some_and(|limit| limit > 0);
            if stated && report.remaining == Some(0) {
                scope.brake.hold_until(now.after(report.retry_after.unwrap_or(Duration::from_secs(1))));
            }
        }
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
