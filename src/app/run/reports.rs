//! The reports of a run, at whatever end it comes to.

use std::path::{Path, PathBuf};

use crate::app::AppError;
use crate::config::Config;
use crate::report::{self, RunReports};
use crate::store::{Digest, Store, StoreError};

/// The reports of a run, and what its histories come to.
pub(in crate::app) struct Reports {
    /// Where those are that were written.
    pub(in crate::app) paths: Vec<PathBuf>,
    /// Why another is not there.
    pub(in crate::app) unwritten: Option<AppError>,
    /// The digest of the campaign, if there is one, or what does not fit.
    pub(in crate::app) digest: Result<Option<Digest>, StoreError>,
}

/// Audits a campaign and writes its reports, as far as it goes; without a folder it only audits.
pub(in crate::app) async fn write(store: &Store, config: &Config, folder: Option<&Path>) -> Reports {
    let none = |digest| Reports { paths: Vec::new(), unwritten: None, digest };
    let campaign = match store.campaign(&config.campaign).await {
        Ok(Some(campaign)) => campaign,
        Ok(None) => return none(Ok(None)),
        Err(error) => return none(Err(error)),
    };
    let Some(folder) = folder else { return none(store.verified_digest(&campaign).await.map(Some)) };
    let RunReports { paths, failed, digest } = report::write_all(store, &campaign, folder).await;
    Reports { paths, unwritten: failed.map(AppError::from), digest: digest.map(Some) }
}
