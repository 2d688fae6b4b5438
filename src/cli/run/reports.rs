//! The reports of a run, at whatever end it comes to.

use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::cli::exit::{ExitCode, Failure};
use crate::config::Config;
use crate::report::{self, RunReports};
use crate::store::{Digest, Store, StoreError};

/// Says that there is no report and how to get one; an ending that needs no attention needs some now.
pub(super) fn without(failure: Failure, campaign: &str, code: ExitCode, context: &Context) -> ExitCode {
    let said = failure.tell(context);
    let report = context.next.command(["report", campaign, "--out", &format!("{campaign}-report.csv")]);
    context.say(&format!("when that is set right, without another run: {report}"));
    if code == ExitCode::SUCCESS { said } else { code }
}

/// The reports of a run, and what its histories come to.
pub(in crate::cli) struct Reports {
    /// Where those are that were written.
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// Why another is not there.
    pub(in crate::cli) unwritten: Option<Failure>,
    /// The digest of the campaign, if there is one, or what does not fit.
    pub(in crate::cli) digest: Result<Option<Digest>, StoreError>,
}

/// Audits a campaign and writes its reports, as far as it goes; without a folder it only audits.
pub(in crate::cli) async fn write(store: &Store, config: &Config, folder: Option<&Path>) -> Reports {
    let none = |digest| Reports { paths: Vec::new(), unwritten: None, digest };
    let campaign = match store.campaign(&config.campaign).await {
        Ok(Some(campaign)) => campaign,
        Ok(None) => return none(Ok(None)),
        Err(error) => return none(Err(error)),
    };
    let Some(folder) = folder else { return none(store.verified_digest(&campaign).await.map(Some)) };
    let RunReports { paths, failed, digest } = report::write_all(store, &campaign, folder).await;
    Reports { paths, unwritten: failed.map(Failure::from), digest: digest.map(Some) }
}
