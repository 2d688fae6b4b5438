//! The report as JSON lines: the columns of the CSV as one object a job, with its history.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::clock::Millis;
use crate::domain::columns::REPORT;
use crate::domain::waiting::{Admission, WaitingFor};
use crate::report::Failure;
use crate::report::csv::duration;
use crate::store::{Campaign, Digest, Pages, RecordedEvent, Row, Store};
use crate::text;

/// Audits the campaign while it writes the lines: where something does not fit there is an error at the end, and the
/// lines are worth nothing.
pub(super) async fn write(store: &Store, campaign: &Campaign, out: &mut impl Write) -> Result<(), Failure> {
    let operation = campaign.operation.clone();
    let admission = store.admission(campaign.id).await?;
    let mut audit = store.audit(campaign, move |rows, digest| lines(rows, &operation, &admission, digest)).await?;
    while let Some(lines) = audit.next().await? {
        out.write_all(&lines?)?;
    }
    store.digest_of_audit(campaign, audit.done())?;
    out.flush()?;
    Ok(())
}

/// Audits the campaign before it writes the lines, and keeps no transaction open meanwhile, since whoever reads them may
/// take his time: beside a run at work the write-ahead log would grow until he is done.
pub(super) async fn stream(store: &Store, campaign: &Campaign, out: &mut impl Write) -> Result<(), Failure> {
    let digest = store.verified_digest(campaign).await?;
    let admission = store.admission(campaign.id).await?;
    let mut pages = Pages::with_histories(store, campaign.id);
    while let Some(page) = pages.next().await? {
        out.write_all(&lines(&page, &campaign.operation, &admission, digest)?)?;
    }
    out.flush()?;
    Ok(())
}

/// A line for each of these jobs, of a campaign with this digest. What nobody sees is escaped, as in `\u200b`.
pub(super) fn lines(rows: &[Row], operation: &str, admission: &Admission, digest: Digest) -> io::Result<Vec<u8>> {
    let campaign_digest = &digest.to_string();
    let mut lines = Vec::with_capacity(rows.len() * USUAL);
    for row in rows {
        let history = row.history.iter().map(EventObject::of).collect();
        let line = Line { job: JobObject::of(row, operation, admission, &OURS), history, campaign_digest };
        serde_json::to_writer(&mut lines, &line)?;
        lines.push(b'\n');
    }
    Ok(match text::json(&String::from_utf8_lossy(&lines)) {
        Cow::Borrowed(_) => lines,
        Cow::Owned(plain) => plain.into_bytes(),
    })
}

/// Most lines are shorter, in bytes.
const USUAL: usize = 4096;

/// What a line has beyond the columns of the CSV.
const OURS: [&str; 2] = ["history", "campaign_digest"];

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    job: JobObject<'a>,
    history: Vec<EventObject<'a>>,
    campaign_digest: &'a str,
}

/// A job without its history.
#[derive(Serialize)]
struct JobObject<'a> {
    row: i64,
    project_id: &'a str,
    cluster_name: &'a str,
    operation: &'a str,
    state: &'a str,
    attempts: i64,
    error_code: Option<&'a str>,
    error_detail: Option<&'a str>,
    submitted_at: Option<Moment>,
    finished_at: Option<Moment>,
    duration_seconds: Option<f64>,
    source_cluster_id: Option<&'a str>,
    target_cluster_id: Option<&'a str>,
    source_connection_string: Option<&'a str>,
    target_connection_string: Option<&'a str>,
    provider: &'a str,
    region: &'a str,
    instance_size: Option<&'a str>,
    wave: Option<u32>,
    waiting_for: Option<String>,
    #[serde(flatten)]
    extra: Extra<'a>,
}

/// The fleet's own columns. One that is called like one of ours gets the prefix that it would have got had the report
/// such a column, and once more where the fleet has that name too: no key comes twice.
struct Extra<'a> {
    columns: &'a [(String, String)],
    ours: &'a [&'a str],
}

impl Serialize for Extra<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.columns.iter().map(|(name, value)| (self.key(name), value)))
    }
}

impl<'a> Extra<'a> {
    fn key(&self, name: &'a str) -> Cow<'a, str> {
        let is_ours = |key: &str| self.ours.contains(&key) || REPORT.contains(&key);
        let is_theirs = |key: &str| key != name && self.columns.iter().any(|(other, _)| other == key);
        let mut key = Cow::from(name);
        while is_ours(&key) || is_theirs(&key) {
            key = format!("fleet_{key}").into();
        }
        key
    }
}

impl<'a> JobObject<'a> {
    fn of(row: &'a Row, operation: &'a str, admission: &Admission, ours: &'a [&'a str]) -> Self {
        let job = &row.job;
        let (error, source, target) = (job.error.as_ref(), job.source.as_ref(), job.target.as_ref());
        Self {
            row: job.row,
            project_id: &job.project_id,
            cluster_name: &job.cluster_name,
            operation,
            state: job.state.name(),
            attempts: job.attempts,
            error_code: error.map(|fault| &*fault.code),
            error_detail: error.map(|fault| &*fault.detail),
            submitted_at: job.submitted_at.map(Moment),
            finished_at: job.finished_at.map(Moment),
            duration_seconds: duration(job),
            source_cluster_id: source.map(|cluster| &*cluster.id),
            target_cluster_id: target.map(|cluster| &*cluster.id),
            source_connection_string: source.and_then(|cluster| cluster.connection_string.as_deref()),
            target_connection_string: target.and_then(|cluster| cluster.connection_string.as_deref()),
            provider: &job.wanted.provider,
            region: &job.wanted.region,
            instance_size: job.wanted.instance_size.as_deref(),
            wave: job.wanted.wave,
            waiting_for: WaitingFor::of(job, admission).map(|waiting| waiting.to_string()),
            extra: Extra { columns: &row.extra, ours },
        }
    }
}

/// A moment as people write it.
struct Moment(Millis);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An entry of a history.
#[derive(Serialize)]
struct EventObject<'a> {
    seq: i64,
    at: Moment,
    event: &'a str,
    state: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    send: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<i64>,
    runner: &'a str,
    host: &'a str,
    version: &'a str,
    started_by: &'a str,
    job_digest: Digest,
    previous_digest: Digest,
    digest: Digest,
}

impl<'a> EventObject<'a> {
    fn of(event: &'a RecordedEvent) -> Self {
        Self {
            seq: event.seq,
            at: Moment(event.at),
            event: &event.kind,
            state: event.state.name(),
            send: event.send,
            code: event.code.as_deref(),
            detail: event.detail.as_deref(),
            method: event.method.as_deref(),
            path: event.path.as_deref(),
            status: event.status,
            duration_ms: event.duration_ms,
            runner: &event.runner.id,
            host: &event.runner.host,
            version: &event.runner.version,
            started_by: &event.runner.started_by,
            job_digest: event.job,
            previous_digest: event.previous,
            digest: event.digest,
        }
    }
}

/// A job as JSON, without its history: what `list --json` and `show --json` print too, each with these keys besides.
pub fn job_json(row: &Row, operation: &str, admission: &Admission, ours: &[&str]) -> Map<String, Value> {
    match serde_json::to_value(JobObject::of(row, operation, admission, ours)) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// An entry of a history as JSON.
pub fn event_json(event: &RecordedEvent) -> Value {
    serde_json::to_value(EventObject::of(event)).unwrap_or_default()
}
