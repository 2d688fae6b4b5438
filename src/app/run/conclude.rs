//! The end of a run, however its work ended: sign out, audit, write the reports.

use std::path::PathBuf;

use crate::app::AppError;
use crate::app::run::begin::Begun;
use crate::app::run::reports::{self, Reports};
use crate::store::{Digest, Origin, StoreError};

/// A run whose work is over and whose reports are written, as far as that goes.
pub struct Concluded {
    /// The run.
    pub run: Begun,
    /// Where the reports are that were written.
    pub reports: Vec<PathBuf>,
    /// Why another report is not there.
    pub unwritten: Option<AppError>,
    /// Over all histories, if there is one.
    pub digest: Option<Digest>,
    /// What does not fit in the histories.
    unfit: Option<StoreError>,
}

/// Ends a run. In a hurry (`is_hurried`) what is only good manners is left out.
pub async fn conclude(run: Begun, is_hurried: bool) -> Concluded {
    if !is_hurried {
        run.client.sign_out().await;
    }
    // Whoever has the lock by now writes the reports.
    let lost = matches!(run.store.is_in_place(), Err(StoreError::LockLost { .. }));
    let folder = (!lost).then_some(&*run.folder);
    let Reports { paths, unwritten, digest } = reports::write(&run.store, &run.config, folder).await;
    let (digest, unfit) = match digest {
        Ok(digest) => (digest, None),
        Err(error) => (None, Some(error)),
    };
    Concluded { run, reports: paths, unwritten, digest, unfit }
}

impl Concluded {
    /// Leaves the database as somebody may copy it, and lets go of it. Fails if the histories do not fit.
    pub async fn close(self) -> Result<(), AppError> {
        if let Some(error) = self.unfit {
            return Err(error.into());
        }
        let Begun { store, lock, runner, clock, .. } = self.run;
        // A copy that was made while this run was at work is an older state from now on. If that cannot be written,
        // such a copy is noticed all the same unless it is put back before the next run.
        let _unwritten = store.identify(&lock, &Origin::Same, &runner.host, clock.now()).await;
        // The last connection takes the write-ahead log into the database file: whoever copies that has everything.
        store.close().await;
        drop(lock);
        Ok(())
    }
}
