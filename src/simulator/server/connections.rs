//! The open connections of a server, up to a limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::task::{AbortHandle, JoinSet};

/// Connections, one task each. When there are too many, the one that has been idle for longest is closed.
pub(super) struct Connections {
    tasks: JoinSet<()>,
    open: Vec<(AbortHandle, ConnectionUsage)>,
    most: usize,
    /// Counts the uses of all connections: it orders them by their last use.
    uses: Arc<AtomicU64>,
}

/// When a connection was last used, and whether a request is in progress on it.
#[derive(Clone)]
pub(super) struct ConnectionUsage {
    uses: Arc<AtomicU64>,
    last: Arc<AtomicU64>,
    is_busy: Arc<AtomicBool>,
}

/// Guard of a request in progress.
pub(super) struct RequestGuard(ConnectionUsage);

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        Self { tasks: JoinSet::new(), open: Vec::new(), most, uses: Arc::default() }
    }

    /// Serves a connection in a task. At the limit an idle connection is closed for it; if none is idle, it is not served.
    pub(super) fn spawn<F: Future<Output = ()> + Send + 'static>(&mut self, serve: impl FnOnce(ConnectionUsage) -> F) {
        self.open.retain(|(task, _)| !task.is_finished());
        if self.open.len() >= self.most && !self.close_idle() {
            return;
        }
        let usage = ConnectionUsage { uses: Arc::clone(&self.uses), last: Arc::default(), is_busy: Arc::default() };
        usage.touch();
        let task = self.tasks.spawn(serve(usage.clone()));
        self.open.push((task, usage));
    }

    /// Waits for a connection to end; for ever if there is none.
    pub(super) async fn reap(&mut self) {
        if self.tasks.join_next().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Closes the connection that has been idle for longest; `false` if none is idle.
    fn close_idle(&mut self) -> bool {
        let idle = self.open.iter().enumerate().filter(|(_, (_, usage))| !usage.is_busy.load(Ordering::Relaxed));
        let longest = idle.min_by_key(|(_, (_, usage))| usage.last.load(Ordering::Relaxed)).map(|(place, _)| place);
        let Some(place) = longest else { return false };
        self.open.swap_remove(place).0.abort();
        true
    }
}

impl ConnectionUsage {
    /// Marks a request as in progress until the guard is dropped.
    pub(super) fn begin_request(&self) -> RequestGuard {
        self.is_busy.store(true, Ordering::Relaxed);
        RequestGuard(self.clone())
    }

    fn touch(&self) {
        self.last.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.touch();
        self.0.is_busy.store(false, Ordering::Relaxed);
    }
}
