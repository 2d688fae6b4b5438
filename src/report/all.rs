//! All reports of a campaign at once, out of one pass over the table.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::report::csv::Table;
use crate::report::part::Part;
use crate::report::{Format, ReportError, jsonl, write_to};
use crate::store::{Campaign, Digest, Store, StoreError};

/// What a run leaves behind.
#[derive(Debug)]
pub struct Written {
    /// Where the reports are that were written.
    pub paths: Vec<PathBuf>,
    /// Why another one is not there, if it is not for the job table's sake.
    pub failed: Option<ReportError>,
    /// The campaign's digest, or what does not fit ([`StoreError::Unfit`]) or could not be read.
    pub digest: Result<Digest, StoreError>,
}

/// A report in the making, or why there is none.
type Making = Result<Part, ReportError>;

/// Audits `campaign` and writes all its reports into `folder`, which is made if need be. Where something does not fit
/// there are no JSON lines, and a table if its rows are as Drydock wrote them.
pub async fn write_all(store: &Store, campaign: &Campaign, folder: &Path) -> Written {
    let path = |format: Format| folder.join(format!("report.{}", format.name()));
    let (mut csv, mut jsonl) = match fs::create_dir_all(folder) {
        Ok(()) => (Part::begin(&path(Format::Csv)), Part::begin(&path(Format::Jsonl))),
        Err(error) => {
            let failed = Some(ReportError::Write { path: folder.to_path_buf(), error });
            return Written { paths: Vec::new(), failed, digest: store.vouched(campaign).await };
        }
    };
    let digest = fill(store, campaign, &mut csv, &mut jsonl).await;
    let made = if digest.is_ok() {
        vec![csv.and_then(Part::done), jsonl.and_then(Part::done)]
    } else {
        // Each row by itself may be what it was.
        drop((csv, jsonl));
        vec![write_to(store, campaign, Format::Csv, &path(Format::Csv)).await]
    };
    let (mut paths, mut failed) = (Vec::new(), None);
    for made in made {
        match made {
            Ok(path) => paths.push(path),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    Written { paths, failed, digest }
}

/// Writes what goes into both, page by page. One that fails keeps neither the other nor the audit from going on.
async fn fill(store: &Store, campaign: &Campaign, csv: &mut Making, jsonl: &mut Making) -> Result<Digest, StoreError> {
    let table = Table::of(store, campaign).await?;
    let operation = campaign.operation.clone();
    add(csv, table.header());
    let make = move |rows: &[_], digest| (table.lines(rows), jsonl::lines(rows, &operation, digest));
    let mut audit = store.audit(campaign, make).await?;
    while let Some((table, lines)) = audit.next().await? {
        add(csv, table);
        add(jsonl, lines);
    }
    audit.done().map(|verified| verified.digest).map_err(|misfits| store.unfit(campaign, misfits))
}

fn add(making: &mut Making, lines: io::Result<Vec<u8>>) {
    let Ok(part) = making else { return };
    if let Err(error) = lines.and_then(|lines| part.out().write_all(&lines)) {
        let failed = part.failed(error);
        *making = Err(failed);
    }
}
