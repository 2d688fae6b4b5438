//! Work with the database on a thread of its own.

use std::convert::Infallible;
use std::panic::resume_unwind;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::store::backend::clock_freeze::Time;
use crate::store::database::Store;

impl Store {
    /// Begins `work` among `tasks`, on a thread of its own: each time that the database has answered it goes on at
    /// once, and not when all the tasks before it have had their turn. It is given up with its task. Virtual time has
    /// to know of whoever waits, so there it is a task like any other.
    pub(crate) fn on_db_thread<T: Send + 'static>(
        &self,
        tasks: &mut JoinSet<T>,
        work: impl Future<Output = T> + Send + 'static,
    ) {
        match self.time {
            Time::Real => tasks.spawn(on_a_thread(work)),
            Time::Virtual => tasks.spawn(work),
        };
    }
}

/// A thread cannot be given up; what it waits for can.
async fn on_a_thread<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let (_held, dropped) = oneshot::channel::<Infallible>();
    let runtime = Handle::current();
    let thread = tokio::task::spawn_blocking(move || {
        runtime.block_on(async {
            tokio::select! {
                biased;
                value = work => Some(value),
                _ = dropped => None,
            }
        })
    });
    match thread.await {
        Ok(Some(value)) => value,
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        // The runtime is going down, and this with it.
        _ => std::future::pending().await,
    }
}
