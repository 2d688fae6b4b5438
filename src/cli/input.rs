//! Files that are read. One of them may be a pipe into which nobody writes, and a signal must be heard all the same.

use std::io;
use std::path::Path;

use crate::cli::exit::Failure;

/// Runs what may block where nothing else waits.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(Failure::internal)
}

/// All bytes of a file.
pub(super) async fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let name = path.display().to_string();
    let path = path.to_owned();
    let unreadable = |error: io::Error| Failure::bad_input(format!("{name}: {error}"));
    blocking(move || std::fs::read(path)).await?.map_err(unreadable)
}
