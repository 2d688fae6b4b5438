//! Wall time and the time that passes, in one place.
//!
//! The wall is read once, at the start; from there on a clock counts that nobody can set. It runs on while the machine
//! sleeps: what a laptop's lid cut short by a weekend is a weekend old. A clock that is set back or forward while
//! Drydock runs neither stalls nor hurries anything, and a test under tokio's paused clock owns all of time. Nothing
//! else in the house may ask what time it is (`clippy.toml` holds it to that).
//!
//! tokio's timers do stand still while the machine sleeps, so a sleeper wakes late by what was left of its sleep at
//! most. Nothing sleeps for long at a stretch: the dispatcher looks up every few seconds, and a request has its
//! time-out.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// A moment in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// The moment `span` later.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` until this moment; nothing if `earlier` is the later one.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Millis {
    /// RFC 3339 in UTC, to the millisecond.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(out, "{moment:.3}"),
            Err(_) => write!(out, "{} ms", self.0),
        }
    }
}

/// The one clock of a process.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    wall: Millis,
    ticks: Ticks,
}

/// A moment after which something must not happen any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// By the clock.
    pub at: Millis,
    /// By the wall, which counts too where the machine has no clock that runs on while it sleeps.
    wall: Millis,
}

/// What counts on from the wall.
#[derive(Debug, Clone, Copy)]
enum Ticks {
    /// The machine's clock that runs on while it sleeps, and how long the machine had slept by then, both as they stood
    /// at the start.
    Machine(Duration, Duration),
    /// Virtual time: tokio's clock, and what a test says was slept away, both as they stood at the start.
    Virtual(Instant, u64, &'static AtomicU64),
}

/// Where no test says anything, nothing is slept away.
static AWAKE: AtomicU64 = AtomicU64::new(0);

impl Clock {
    /// Reads the wall and starts counting.
    pub fn start() -> Self {
        Self { wall: wall(), ticks: Ticks::Machine(machine(), slept()) }
    }

    /// A clock in virtual time that starts at `wall`, for tests under tokio's paused clock.
    pub fn starting_at(wall: Millis) -> Self {
        Self::with_sleep(wall, &AWAKE)
    }

    /// The same, with a machine that may sleep: `asleep` holds for how many milliseconds it has, ever.
    #[expect(clippy::disallowed_methods, reason = "the one home of the clock")]
    pub fn with_sleep(wall: Millis, asleep: &'static AtomicU64) -> Self {
        Self { wall, ticks: Ticks::Virtual(Instant::now(), asleep.load(Ordering::Relaxed), asleep) }
    }

    /// The same clock, moved on if need be so that it does not run behind `newest`, the newest time that a
    /// database holds.
    #[must_use]
    pub fn not_before(self, newest: Millis) -> Self {
        let behind = newest.since(self.now());
        Self { wall: self.wall.after(behind), ..self }
    }

    /// The time now.
    pub fn now(&self) -> Millis {
        self.wall.after(self.uptime())
    }

    /// The time since this clock was started, the time asleep included.
    #[expect(clippy::disallowed_methods, reason = "the one home of the clock")]
    pub fn uptime(&self) -> Duration {
        match self.ticks {
            Ticks::Machine(start, _) => machine().saturating_sub(start),
            Ticks::Virtual(start, slept, asleep) => {
                let slept = asleep.load(Ordering::Relaxed).saturating_sub(slept);
                Instant::now().saturating_duration_since(start) + Duration::from_millis(slept)
            }
        }
    }

    /// For how long the machine has slept since this clock was started: the kernel's timers stood still meanwhile.
    /// Nothing where the system does not tell (a Mac).
    pub fn asleep(&self) -> Duration {
        match self.ticks {
            Ticks::Machine(_, start) => slept().saturating_sub(start),
            Ticks::Virtual(_, start, asleep) => {
                Duration::from_millis(asleep.load(Ordering::Relaxed).saturating_sub(start))
            }
        }
    }

    /// A deadline `span` from now that no sleep of the machine puts off.
    pub fn deadline(&self, span: Duration) -> Deadline {
        Deadline { at: self.now().after(span), wall: wall().after(span) }
    }

    /// Whether a deadline of this clock has passed.
    pub fn has_passed(&self, deadline: &Deadline) -> bool {
        let by_wall = matches!(self.ticks, Ticks::Machine(..)) && !RUNS_ASLEEP && wall() >= deadline.wall;
        by_wall || self.now() >= deadline.at
    }

    /// Sleeps until `moment`, or not at all if that has passed.
    pub async fn sleep_until(&self, moment: Millis) {
        tokio::time::sleep(moment.since(self.now())).await;
    }
}

/// Whether the system's count runs on while the machine sleeps. (The monotonic clock does on a Mac, not on Linux.)
const RUNS_ASLEEP: bool = cfg!(any(target_os = "linux", target_os = "android", target_vendor = "apple"));

/// The count that runs on while the machine sleeps, where the system has one; else its monotonic clock.
fn machine() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = ClockId::Monotonic;
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

/// For how long the machine has ever slept, to a few microseconds.
fn slept() -> Duration {
    let awake = Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default();
    machine().saturating_sub(awake)
}

/// The system's wall clock, which may jump: for comparisons with the times that the system keeps of files alone.
#[expect(clippy::disallowed_methods, reason = "the one home of the clock")]
pub fn wall() -> Millis {
    Millis(jiff::Timestamp::now().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_slept_away_has_passed() {
        static ASLEEP: AtomicU64 = AtomicU64::new(5_000);
        let clock = Clock::with_sleep(Millis(0), &ASLEEP);
        tokio::time::sleep(Duration::from_secs(1)).await;
        ASLEEP.fetch_add(60_000, Ordering::Relaxed);
        assert_eq!(clock.now(), Millis(61_000));
        let deadline = clock.deadline(Duration::from_secs(30));
        assert!(!clock.has_passed(&deadline));
        ASLEEP.fetch_add(30_000, Ordering::Relaxed);
        assert!(clock.has_passed(&deadline));
        assert_eq!(clock.asleep(), Duration::from_secs(90));
        assert_eq!(Clock::starting_at(Millis(7)).now(), Millis(7));
    }

    #[test]
    fn the_machines_clock_runs_on() {
        let clock = Clock::start();
        let before = clock.uptime();
        assert!(machine() > Duration::ZERO && clock.uptime() >= before);
        assert!(clock.asleep() <= clock.uptime());
    }
}
