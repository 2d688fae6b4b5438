//! Virtual time, and how it stands still while the database works.

use std::time::Duration;

use crate::store::backend::sqlite_errors::is_busy;

/// How long SQLite waits for another process to let go of the database.
pub(in crate::store) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Whose time a store lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Time {
    /// The world's.
    Real,
    /// That of a test under tokio's paused clock.
    Virtual,
}

/// In virtual time, holds tokio's paused clock still while SQLite's thread works: the runtime is idle then, and a
/// paused clock runs on whenever it is. Otherwise nothing.
#[derive(Debug)]
pub(in crate::store) struct ClockFreeze(Option<std::sync::mpsc::Sender<()>>);

impl ClockFreeze {
    /// Parks a blocking task until the value is dropped; a paused clock does not move while there is one.
    pub(in crate::store) fn hold(time: Time) -> Self {
        Self((time == Time::Virtual).then(|| {
            let (end, parked) = std::sync::mpsc::channel::<()>();
            tokio::task::spawn_blocking(move || parked.recv().is_err());
            end
        }))
    }

    /// Lets go of the clock. If somebody else has the database, the time passes that SQLite would have waited for.
    pub(in crate::store) async fn release<T>(self, result: sqlx::Result<T>) -> sqlx::Result<T> {
        let Self(Some(held)) = self else { return result };
        drop(held);
        if result.as_ref().is_err_and(is_busy) {
            tokio::time::sleep(BUSY_TIMEOUT).await;
        }
        result
    }
}
