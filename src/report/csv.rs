//! The report as comma-separated values: the columns of the contract, then the fleet's own.

use std::borrow::Cow;
use std::io::Write;

use crate::clock::Millis;
use crate::domain::columns::REPORT;
use crate::domain::job::Identity;
use crate::report::Failure;
use crate::store::{Campaign, Filter, Pages, Row, Store};

pub(super) async fn write(store: &Store, campaign: &Campaign, out: &mut impl Write) -> Result<(), Failure> {
    let extra = store.extra_columns(campaign.id).await?;
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(REPORT.iter().copied().chain(extra.iter().map(String::as_str)).map(safe).map(Cow::into_owned))?;
    let mut pages = Pages::new(store, campaign.id, Filter::default());
    while let Some(page) = pages.next().await? {
        for row in &page {
            for cell in cells(row, &campaign.operation) {
                csv.write_field(safe(&cell).as_bytes())?;
            }
            for column in &extra {
                csv.write_field(safe(value(row, column)).as_bytes())?;
            }
            csv.write_record(None::<&[u8]>)?;
        }
    }
    csv.flush()?;
    Ok(())
}

fn cells(row: &Row, operation: &str) -> [String; REPORT.len()] {
    let job = &row.job;
    let time = |at: Option<Millis>| at.map(|at| at.to_string()).unwrap_or_default();
    let id = |cluster: &Option<Identity>| cluster.as_ref().map(|cluster| cluster.id.clone()).unwrap_or_default();
    let string = |cluster: &Option<Identity>| {
        cluster.as_ref().and_then(|cluster| cluster.connection_string.clone()).unwrap_or_default()
    };
    let (code, detail) = job.error.clone().map(|fault| (fault.code, fault.detail)).unwrap_or_default();
    [
        job.row.to_string(),
        job.project_id.clone(),
        job.cluster_name.clone(),
        operation.to_owned(),
        job.state.to_string(),
        job.attempts.to_string(),
        code,
        detail,
        time(job.submitted_at),
        time(job.finished_at),
        duration(job.submitted_at, job.finished_at).map(|seconds| format!("{seconds:.3}")).unwrap_or_default(),
        id(&job.source),
        id(&job.target),
        string(&job.source),
        string(&job.target),
    ]
}

/// Seconds from the first request that counted to the end of the job.
pub(super) fn duration(from: Option<Millis>, to: Option<Millis>) -> Option<f64> {
    Some(to?.since(from?).as_secs_f64())
}

fn value<'a>(row: &'a Row, column: &str) -> &'a str {
    row.extra.iter().find(|(name, _)| name == column).map_or("", |(_, value)| value)
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV Injection").
pub(super) fn safe(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}
