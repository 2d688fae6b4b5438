//! Wall time and monotonic time in one place.
//!
//! The wall is read once, at the start; from there on the monotonic clock counts. A clock that is set back or
//! forward while Drydock runs neither stalls nor hurries anything, and a test under tokio's paused clock
//! owns all of time. Nothing else in the house may ask what time it is (`clippy.toml` holds it to that).

use std::fmt;
use std::time::Duration;

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
    start: Instant,
}

impl Clock {
    /// Reads the wall and starts counting.
    #[expect(clippy::disallowed_methods, reason = "the one home of the clock")]
    pub fn start() -> Self {
        Self { wall: Millis(jiff::Timestamp::now().as_millisecond()), start: Instant::now() }
    }

    /// A clock that starts at `wall`: for tests, and for a world rebuilt from a database.
    #[expect(clippy::disallowed_methods, reason = "the one home of the clock")]
    pub fn starting_at(wall: Millis) -> Self {
        Self { wall, start: Instant::now() }
    }

    /// The same clock, moved on if need be so that it does not run behind `newest`, the newest time that a
    /// database holds.
    #[must_use]
    pub fn not_before(self, newest: Millis) -> Self {
        let behind = newest.since(self.now());
        Self { wall: self.wall.after(behind), ..self }
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "the one home of the clock")]
    pub fn now(&self) -> Millis {
        self.wall.after(Instant::now().saturating_duration_since(self.start))
    }

    /// The time since this clock was started.
    #[expect(clippy::disallowed_methods, reason = "the one home of the clock")]
    pub fn uptime(&self) -> Duration {
        Instant::now().saturating_duration_since(self.start)
    }

    /// Sleeps until `moment`, or not at all if that has passed.
    pub async fn sleep_until(&self, moment: Millis) {
        tokio::time::sleep(moment.since(self.now())).await;
    }
}
