//! Files that are read. One of them may be a pipe into which nobody writes, and a signal must be heard all the same.

use crate::app::AppError;

/// Runs what may block where nothing else waits.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
    tokio::task::spawn_blocking(work).await.map_err(AppError::internal)
}
