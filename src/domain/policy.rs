//! How patient a campaign is: the numbers that the rule book works with, and the delays made of them.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::clock::Millis;
use crate::domain::experience::{BLIND, Experience};
use crate::domain::job::Job;

/// A look older than this is not good enough to send upon.
pub const FRESH: Duration = Duration::from_secs(5 * 60);

/// The third answer or look after a job's time ends it, never time alone.
pub const OVERDUE: i64 = 3;

/// However long Atlas asks to wait, after this it is asked again.
pub const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// `[retry]` and `[look]` of the campaign file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Attempts a cluster may have.
    pub max_attempts: i64,
    /// The first delay of a backoff.
    pub initial_delay: Duration,
    /// The longest delay of a backoff, jitter included.
    pub max_delay: Duration,
    /// A job's time, from its first look.
    pub give_up_after: Duration,
    /// From an acceptance to the first look.
    pub first_look: Duration,
    /// The shortest time between looks.
    pub min_look: Duration,
    /// The longest time between looks while nothing is known of how long upgrades take. Before the shortest that was
    /// seen would be over nothing is looked at, for up to twelve times this.
    pub max_look: Duration,
    /// How long an effect may take to show (rule 3).
    pub settle: Duration,
    /// How long a call may take, and then how long the system may go on delivering what the call wrote to a socket.
    pub request_timeout: Duration,
    /// An upgrade's time, from its acceptance.
    pub look_give_up_after: Duration,
    /// Whether a row may move its cluster to another region or cloud.
    pub allow_region_change: bool,
    /// Whether Atlas is on this machine, where ten settle times need not be ten minutes.
    pub loopback: bool,
    /// What the upgrades of this campaign took so far.
    pub experience: Experience,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_attempts: 8,
            initial_delay: Duration::from_secs(2),
            max_delay: Duration::from_secs(300),
            give_up_after: Duration::from_secs(24 * 3600),
            first_look: Duration::from_secs(30),
            min_look: Duration::from_secs(10),
            max_look: Duration::from_secs(120),
            settle: Duration::from_secs(60),
            request_timeout: Duration::from_secs(30),
            look_give_up_after: Duration::from_secs(12 * 3600),
            allow_region_change: false,
            loopback: false,
            experience: Experience::default(),
        }
    }
}

impl Policy {
    /// The delay after the `times`-th refusal in a row (1 first): exponential, with jitter of `seed`, never
    /// longer than `max_delay`. A pure function, so that a restart does not forget how far it was.
    pub fn backoff(&self, times: i64, seed: u64) -> Duration {
        let nth = usize::try_from(times.clamp(1, 64) - 1).unwrap_or(0);
        ExponentialBuilder::new()
            .with_min_delay(self.initial_delay)
            .with_max_delay(self.max_delay)
            .with_factor(2.0)
            .without_max_times()
            .with_jitter()
            .with_jitter_seed(seed)
            .build()
            .nth(nth)
            .map_or(self.max_delay, |delay| delay.min(self.max_delay))
    }

    /// When the upgrade began that a request of ours has started: an acceptance that only a look has shown is older
    /// than that look. None if none has, or nothing was accepted.
    pub fn begun(&self, job: &Job) -> Option<Millis> {
        Some(job.request.accepted_at?.min(job.request.submitted_at?.after(self.settle)))
    }

    /// When an upgrade of ours that began at `begun` is looked at next.
    pub fn next_look(&self, begun: Millis, now: Millis, project: &str) -> Millis {
        self.learned(begun, now, project).unwrap_or_else(|| now.after(self.look_delay(now.since(begun))))
    }

    /// When it is looked at first, after its acceptance.
    pub fn first_look(&self, now: Millis, project: &str) -> Millis {
        self.learned(now, now, project).unwrap_or_else(|| now.after(self.first_look))
    }

    fn learned(&self, begun: Millis, now: Millis, project: &str) -> Option<Millis> {
        self.experience.look(begun, now, (self.min_look, self.max_look), project)
    }

    /// The longest time between two looks that are made in time: none is planned further apart, Atlas asks for no longer
    /// wait than an hour, and a quarter more is left for what comes late. What goes beyond it, nobody looked after.
    pub fn longest_gap(&self) -> Duration {
        let planned = self.max_look.saturating_mul(BLIND).max(self.first_look).max(self.max_delay);
        (planned.saturating_mul(5) / 4).max(Duration::from_hours(1))
    }

    /// The time until the next look at something that has been under way for `age`, where nothing is known of how long
    /// it takes: a quarter of it, between `min` and `max`.
    pub fn look_delay(&self, age: Duration) -> Duration {
        (age / 4).max(self.min_look).min(self.max_look.max(self.min_look))
    }

    /// The last moment at which a request may leave whose call ended at `ended`. The system gives up on what was not
    /// acknowledged within `request_timeout` (TCP_USER_TIMEOUT); until then it may be on its way, above all when a
    /// network comes back.
    pub fn last_possible_send(&self, ended: Millis) -> Millis {
        ended.after(self.request_timeout)
    }

    /// How long a cluster must look untouched after an acceptance before it counts as not upgraded.
    pub fn untouched(&self) -> Duration {
        let ten = self.settle * 10;
        if self.loopback { ten } else { ten.max(Duration::from_secs(600)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backoff_grows_and_never_passes_its_bound() {
        let policy = Policy::default();
        for seed in 0..100 {
            assert!(policy.backoff(1, seed) >= policy.initial_delay);
            assert!(policy.backoff(5, seed) >= policy.initial_delay * 16);
            assert!((1..200).all(|times| policy.backoff(times, seed) <= policy.max_delay));
        }
    }

    #[test]
    fn looks_are_a_quarter_of_the_age_apart_where_nothing_is_known() {
        let policy = Policy::default();
        assert_eq!(policy.look_delay(Duration::from_secs(1)), policy.min_look);
        assert_eq!(policy.look_delay(Duration::from_secs(240)), Duration::from_secs(60));
        assert_eq!(policy.look_delay(Duration::from_secs(36_000)), policy.max_look);
    }
}
