//! The reports of a run, at whatever end it comes to.

use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::cli::exit::{ExitCode, Failure};
use crate::config::Config;
use crate::report::{self, Format};
use crate::store::{Digest, Store, StoreError};

/// Says that there is no report and how to get one; an ending that needs no attention needs some now.
pub(super) fn without(failure: Failure, campaign: &str, code: ExitCode, context: &Context) -> ExitCode {
    let said = failure.tell(context);
    let report = context.next.command(&format!("report {campaign} --out FILE"));
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

/// Audits a campaign and writes its reports, as far as it goes; without a folder it only audits. Table and audit are
/// made at once, and then the lines, which have the digest.
pub(in crate::cli) async fn write(store: &Store, config: &Config, folder: Option<&Path>) -> Reports {
    let none = |digest| Reports { paths: Vec::new(), unwritten: None, digest };
    let campaign = match store.campaign(&config.campaign).await {
        Ok(Some(campaign)) => campaign,
        Ok(None) => return none(Ok(None)),
        Err(error) => return none(Err(error)),
    };
    let Some(folder) = folder else { return none(store.vouched(&campaign).await.map(Some)) };
    let file = |format, known| report::write_file(store, &campaign, format, known, folder);
    let (csv, digest) = tokio::join!(file(Format::Csv, None), store.vouched(&campaign));
    let jsonl = file(Format::Jsonl, digest.as_ref().ok().copied()).await;
    let (mut paths, mut unwritten) = (Vec::new(), None);
    for written in [csv, jsonl] {
        match written {
            Ok(path) => paths.push(path),
            Err(error) => unwritten = Some(error.into()),
        }
    }
    Reports { paths, unwritten, digest: digest.map(Some) }
}
