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

/// What pacing says to somebody who wants to make requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The permits are yours.
    Go,
    /// Ask again at this time.
    Later(Millis),
}

/// What an answer said about the pace.
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
    /// 405, 503, or no connection: nobody gets through.
    pub brakes_host: bool,
    /// Whether an answer came at all.
    pub answered: bool,
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
    host: Brake,
    probing: bool,
}

impl Pacing {
    /// A pace of at most `per_minute` requests in any minute, in each project.
    pub fn new(per_minute: u32, clock: Clock) -> Self {
        Self { clock, per_minute, scopes: HashMap::new(), host: Brake::default(), probing: false }
    }

    /// Takes `requests` permits in `project`, all or none. A braked host lets one asker through to probe.
    pub fn ask(&mut self, project: &str, requests: u32) -> Verdict {
        let now = self.clock.now();
        if let Some(until) = self.host.closed_until(now) {
            return Verdict::Later(until);
        }
        if self.host.is_on() && self.probing {
            return Verdict::Later(now.after(Duration::from_secs(1)));
        }
        let (per_minute, clock) = (self.per_minute, self.clock);
        let scope = self
            .scopes
            .entry(project.to_owned())
            .or_insert_with(|| Scope { quota: Quota::new(per_minute, None, clock), brake: Brake::default() });
        if let Some(until) = scope.brake.closed_until(now) {
            return Verdict::Later(until);
        }
        match scope.quota.take(requests) {
            Ok(()) => {
                self.probing = self.host.is_on();
                Verdict::Go
            }
            Err(wait) => Verdict::Later(now.after(wait.max(Duration::from_millis(1)))),
        }
    }

    /// A step that had its permits made no request after all; if it was to probe, the next one may.
    pub fn unused(&mut self) {
        self.probing = false;
    }

    /// Learns from an answer, or from the news that none came.
    pub fn tell(&mut self, project: &str, report: Report) {
        let now = self.clock.now();
        self.probing = false;
        if report.brakes_host {
            self.host.pull(now, report.retry_after);
        } else if report.answered {
            self.host.release();
        }
        let Some(scope) = self.scopes.get_mut(project) else { return };
        if let Some(limit) = report.limit.filter(|limit| *limit > 0) {
            scope.quota.cap(limit);
        }
        if report.throttled {
            scope.brake.pull(now, report.retry_after);
        } else if report.answered && !report.brakes_host {
            scope.brake.release();
            let stated = report.limit.is_some_and(|limit| limit > 0);
            if stated && report.remaining == Some(0) {
                scope.brake.hold_until(now.after(report.retry_after.unwrap_or(Duration::from_secs(1))));
            }
        }
    }

    /// Until when nobody gets through to the host, if so.
    pub fn host_closed_until(&self) -> Option<Millis> {
        self.host.closed_until(self.clock.now())
    }
}

#[cfg(test)]
mod tests;
