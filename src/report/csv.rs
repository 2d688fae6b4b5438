//! The report as comma-separated values: the columns of the contract, then the fleet's own.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::clock::Millis;
use crate::domain::columns::REPORT;
use crate::domain::job::{Identity, Job};
use crate::domain::waiting::{Admission, WaitingFor};
use crate::report::Failure;
use crate::store::{Campaign, Filter, Pages, Row, Store, StoreError};

/// What a spreadsheet program takes for the sign that the text is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

pub(super) async fn write(
    store: &Store,
    campaign: &Campaign,
    for_excel: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let table = Table::of(store, campaign).await?;
    if for_excel {
        out.write_all(BYTE_ORDER_MARK.as_bytes())?;
    }
    out.write_all(&table.header()?)?;
    let mut pages = Pages::new(store, campaign.id, Filter::default());
    while let Some(page) = pages.next().await? {
        out.write_all(&table.lines(&page)?)?;
    }
    out.flush()?;
    Ok(())
}

/// The table that a campaign's report is.
#[derive(Clone)]
pub(super) struct Table {
    operation: String,
    /// The fleet's own columns.
    extra: Vec<String>,
    /// What its live jobs wait for.
    pub(super) admission: Admission,
}

impl Table {
    pub(super) async fn of(store: &Store, campaign: &Campaign) -> Result<Self, StoreError> {
        let extra = store.extra_columns(campaign.id).await?;
        let admission = store.admission(campaign.id).await?;
        Ok(Self { operation: campaign.operation.clone(), extra, admission })
    }

    pub(super) fn header(&self) -> io::Result<Vec<u8>> {
        let columns = REPORT.iter().copied().chain(self.extra.iter().map(String::as_str));
        text(1, |csv| line(csv, columns))
    }

    /// A line for each of these jobs.
    pub(super) fn lines(&self, rows: &[Row]) -> io::Result<Vec<u8>> {
        text(rows.len(), |csv| {
            rows.iter().try_for_each(|row| {
                let ours = cells(row, &self.operation, &self.admission);
                let theirs = self.extra.iter().map(|column| value(row, column));
                line(csv, ours.iter().map(|cell| &**cell).chain(theirs))
            })
        })
    }
}

type Csv = csv::Writer<Vec<u8>>;

/// The text of so many lines.
fn text(lines: usize, write: impl FnOnce(&mut Csv) -> csv::Result<()>) -> io::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::with_capacity(lines * USUAL));
    write(&mut csv)?;
    csv.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn line<'a>(csv: &mut Csv, mut cells: impl Iterator<Item = &'a str>) -> csv::Result<()> {
    cells.try_for_each(|cell| csv.write_field(safe(cell).as_bytes()))?;
    csv.write_record(None::<&[u8]>)
}

/// Most lines are shorter, in bytes.
const USUAL: usize = 256;

fn cells<'a>(row: &'a Row, operation: &'a str, admission: &Admission) -> [Cow<'a, str>; REPORT.len()] {
    let job = &row.job;
    let wanted = &job.wanted;
    let number = |number: i64| Cow::from(number.to_string());
    let time = |at: Option<Millis>| Cow::from(at.map(|at| at.to_string()).unwrap_or_default());
    let id = |cluster: Option<&'a Identity>| Cow::from(cluster.map_or("", |cluster| &cluster.id));
    let string = |cluster: Option<&'a Identity>| {
        Cow::from(cluster.and_then(|cluster| cluster.connection_string.as_deref()).unwrap_or_default())
    };
    let (source, target) = (job.source.as_ref(), job.target.as_ref());
    let (code, detail) = job.error.as_ref().map(|fault| (&*fault.code, &*fault.detail)).unwrap_or_default();
    let seconds = duration(job).map(|seconds| format!("{seconds:.3}"));
    [
        number(job.row),
        job.project_id.as_str().into(),
        job.cluster_name.as_str().into(),
        operation.into(),
        job.state.name().into(),
        number(job.attempts),
        code.into(),
        detail.into(),
        time(job.submitted_at),
        time(job.finished_at),
        seconds.unwrap_or_default().into(),
        id(source),
        id(target),
        string(source),
        string(target),
        wanted.provider.as_str().into(),
        wanted.region.as_str().into(),
        wanted.instance_size.as_deref().unwrap_or_default().into(),
        wanted.wave.map_or(Cow::from(""), |wave| number(wave.into())),
        WaitingFor::of(job, admission).map_or(Cow::from(""), |waiting| waiting.to_string().into()),
    ]
}

/// Seconds that the upgrade took: from its acceptance until its end was noticed.
pub(super) fn duration(job: &Job) -> Option<f64> {
    Some(job.finished_at?.since(job.accepted_at?).as_secs_f64())
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
