//! The reports of a run, at whatever end it comes to.

use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::cli::exit::{ExitCode, Failure};
use crate::config::Config;
use crate::report::{self, Format};
use crate::store::{Digest, Store};

/// Says that there is no report and how to get one; an ending that needs no attention needs some now.
pub(super) fn without(failure: Failure, campaign: &str, code: ExitCode, context: &Context) -> ExitCode {
    let said = failure.tell(context);
    let report = context.next.command(&format!("report {campaign} --out FILE"));
    context.say(&format!("when that is set right, without another run: {report}"));
    if code == ExitCode::SUCCESS { said } else { code }
}

/// Writes them all, as far as it goes, with the digest that is known, and says where they are and what went wrong with the others.
pub(in crate::cli) async fn write(
    store: &Store,
    config: &Config,
    known: Option<Digest>,
    folder: &Path,
) -> (Vec<PathBuf>, Option<Failure>) {
    let (mut paths, mut unwritten) = (Vec::new(), None);
    let campaign = match store.campaign(&config.campaign).await {
        Ok(Some(campaign)) => campaign,
        Ok(None) => return (paths, None),
        Err(error) => return (paths, Some(error.into())),
    };
    for format in Format::ALL {
        match report::write_file(store, &campaign, format, known, folder).await {
            Ok(path) => paths.push(path),
            Err(error) => unwritten = Some(error.into()),
        }
    }
    (paths, unwritten)
}
