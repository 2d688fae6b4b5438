//! ^C for the commands that only read. A run has `run::signals`.

use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::signal::ctrl_c;
use tokio::sync::oneshot;

use crate::cli::exit::ExitCode;

/// A command that was interrupted cleans up within this time, or is ended where it stands: it may be waiting for a
/// reader of its output.
const PATIENCE: Duration = Duration::from_secs(1);

/// Ends the process from outside the command that runs.
pub(super) struct Interrupts(Sender<ExitCode>);

impl Interrupts {
    /// The process ends with the first code that is sent.
    pub(super) fn new(ends: Sender<ExitCode>) -> Self {
        Self(ends)
    }

    /// Resolves at the first ^C, which then ends the process within a second, whatever the command does.
    pub(super) async fn first(&self) {
        let (told, heard) = oneshot::channel();
        let ends = self.0.clone();
        // A task of its own is not held up by whatever holds up the command.
        tokio::spawn(async move {
            if ctrl_c().await.is_ok() {
                let _gone = told.send(());
                tokio::time::sleep(PATIENCE).await;
                let _gone = ends.send(ExitCode::INTERRUPTED);
            }
        });
        if heard.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
