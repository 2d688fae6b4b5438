//! All reports of a campaign at once, out of one pass over the table.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::files::{self, Draft, Readers};
use crate::report::csv::Table;
use crate::report::{Format, ReportError, jsonl, write_to};
use crate::store::{Campaign, Digest, Store, StoreError};

/// What a run leaves behind.
#[derive(Debug)]
pub struct Written {
    /// Where the reports are that were written.
    pub paths: Vec<PathBuf>,
    /// Why another one is not there, if it is not for what does not fit.
    pub failed: Option<ReportError>,
    /// The campaign's digest, or what does not fit ([`StoreError::Unfit`]) or could not be read.
    pub digest: Result<Digest, StoreError>,
}

/// A report in the making, or why there is none.
type Making = Result<Draft, ReportError>;

/// Audits `campaign` and writes all its reports into `folder`, which is made if need be. Where something does not fit
/// there are no JSON lines, and a table if its rows are as Drydock wrote them.
pub async fn write_all(store: &Store, campaign: &Campaign, folder: &Path) -> Written {
    if let Err(error) = fs::create_dir_all(folder) {
        let failed = Some(ReportError::of(folder, error));
        return Written { paths: Vec::new(), failed, digest: store.verified_digest(campaign).await };
    }
    let [table, lines] = super::paths(folder);
    let (csv, jsonl, digest) = if files::is_special(&table) || files::is_special(&lines) {
        (None, None, store.verified_digest(campaign).await)
    } else {
        at_once(store, campaign, &table, &lines).await
    };
    // The table needs less room on a disk, and of what does not fit it shows the rows.
    let csv = match csv {
        Some(Ok(path)) => Ok(path),
        _ => write_to(store, campaign, Format::Csv, &table).await,
    };
    let jsonl = match jsonl {
        None if digest.is_ok() => Some(write_to(store, campaign, Format::Jsonl, &lines).await),
        jsonl => jsonl,
    };
    let (mut paths, mut failed) = (Vec::new(), None);
    for made in std::iter::once(csv).chain(jsonl) {
        match made {
            Ok(path) => paths.push(path),
            // It is told as what stands in the way of the digest.
            Err(ReportError::Store(_)) if digest.is_err() => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    Written { paths, failed, digest }
}

/// What became of a report, if it was tried.
type Made = Option<Result<PathBuf, ReportError>>;

/// Both out of one pass; neither if something does not fit.
async fn at_once(
    store: &Store,
    campaign: &Campaign,
    table: &Path,
    lines: &Path,
) -> (Made, Made, Result<Digest, StoreError>) {
    let (mut csv, mut jsonl) = (begin(table), begin(lines));
    let digest = fill(store, campaign, &mut csv, &mut jsonl).await;
    if digest.is_err() {
        return (None, None, digest);
    }
    (Some(csv.and_then(done)), Some(jsonl.and_then(done)), digest)
}

/// Writes what goes into both, page by page. One that fails keeps neither the other nor the audit from going on.
async fn fill(store: &Store, campaign: &Campaign, csv: &mut Making, jsonl: &mut Making) -> Result<Digest, StoreError> {
    let table = Table::of(store, campaign).await?;
    let operation = campaign.operation.clone();
    add(csv, table.header());
    let admission = table.admission.clone();
    let make = move |rows: &[_], digest| (table.lines(rows), jsonl::lines(rows, &operation, &admission, digest));
    let mut audit = store.audit(campaign, make).await?;
    while let Some((table, lines)) = audit.next().await? {
        add(csv, table);
        add(jsonl, lines);
    }
    store.digest_of_audit(campaign, audit.done())
}

fn begin(path: &Path) -> Making {
    Draft::begin(path, Readers::Usual).map_err(|error| ReportError::of(path, error))
}

fn done(draft: Draft) -> Result<PathBuf, ReportError> {
    let path = draft.path().to_owned();
    draft.done().map_err(|error| ReportError::of(&path, error))
}

fn add(making: &mut Making, lines: io::Result<Vec<u8>>) {
    let Ok(draft) = making else { return };
    if let Err(error) = lines.and_then(|lines| draft.out().write_all(&lines)) {
        let failed = ReportError::of(draft.path(), error);
        *making = Err(failed);
    }
}
