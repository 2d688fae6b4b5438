//! The connections of a server, so many and no more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::task::{AbortHandle, JoinSet};

/// Connections, each a task. When there are too many, the one that has been idle for longest is closed.
pub(super) struct Connections {
    tasks: JoinSet<()>,
    open: Vec<(AbortHandle, Usage)>,
    most: usize,
    /// Counts what happens on any connection: the order of their last uses.
    uses: Arc<AtomicU64>,
}

/// When a connection was used last, and whether a request is under way on it.
#[derive(Clone)]
pub(super) struct Usage {
    uses: Arc<AtomicU64>,
    last: Arc<AtomicU64>,
    is_busy: Arc<AtomicBool>,
}

/// A request that is under way, until it is dropped.
pub(super) struct Busy(Usage);

impl Connections {
    pub(super) fn new(most: usize) -> Self {
        Self { tasks: JoinSet::new(), open: Vec::new(), most, uses: Arc::default() }
    }

    /// Begins a conversation. Where there is no room, an idle one ends for it, or else it does not begin.
    pub(super) fn spawn<F: Future<Output = ()> + Send + 'static>(&mut self, converse: impl FnOnce(Usage) -> F) {
        self.open.retain(|(task, _)| !task.is_finished());
        if self.open.len() >= self.most && !self.close_idle() {
            return;
        }
        let usage = Usage { uses: Arc::clone(&self.uses), last: Arc::default(), is_busy: Arc::default() };
        usage.touch();
        let task = self.tasks.spawn(converse(usage.clone()));
        self.open.push((task, usage));
    }

    /// Waits for a conversation to end; for ever if there is none.
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

impl Usage {
    /// Marks the beginning of a request.
    pub(super) fn busy(&self) -> Busy {
        self.is_busy.store(true, Ordering::Relaxed);
        Busy(self.clone())
    }

    fn touch(&self) {
        self.last.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.touch();
        self.0.is_busy.store(false, Ordering::Relaxed);
    }
}
