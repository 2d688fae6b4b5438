//! The report as JSON lines: the columns of the CSV as one object a job, with its history.

use std::collections::HashMap;
use std::io::Write;

use serde_json::{Map, Value, json};

use crate::clock::Millis;
use crate::report::Failure;
use crate::report::csv::duration;
use crate::store::{Campaign, Digest, Filter, Pages, Recorded, Row, Runner, Store};

pub(super) async fn write(
    store: &Store,
    campaign: &Campaign,
    known: Option<Digest>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let digest = match known {
        Some(digest) => digest,
        None => store.vouched(campaign).await?,
    };
    let digest = digest.to_string();
    let mut pages = Pages::new(store, campaign.id, Filter::default());
    while let Some(page) = pages.next().await? {
        let ids: Vec<i64> = page.iter().map(|row| row.job.id).collect();
        let mut all: HashMap<i64, Vec<Value>> = HashMap::new();
        for event in store.history(&ids).await? {
            all.entry(event.job_id).or_default().push(event_json(&event));
        }
        for row in &page {
            let mut object = job_json(row, &campaign.operation);
            insert(&mut object, "history", all.remove(&row.job.id).unwrap_or_default().into());
            insert(&mut object, "campaign_digest", digest.clone().into());
            serde_json::to_writer(&mut *out, &object).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(())
}

/// A job as JSON, without its history: what `list --json` prints too.
pub fn job_json(row: &Row, operation: &str) -> Map<String, Value> {
    let job = &row.job;
    let time = |at: Option<Millis>| at.map(|at| at.to_string());
    let error = job.error.as_ref();
    let whole = json!({
        "row": job.row,
        "project_id": job.project_id,
        "cluster_name": job.cluster_name,
        "operation": operation,
        "state": job.state.name(),
        "attempts": job.attempts,
        "error_code": error.map(|fault| &fault.code),
        "error_detail": error.map(|fault| &fault.detail),
        "submitted_at": time(job.submitted_at),
        "finished_at": time(job.finished_at),
        "duration_seconds": duration(job.submitted_at, job.finished_at),
        "source_cluster_id": job.source.as_ref().map(|cluster| &cluster.id),
        "target_cluster_id": job.target.as_ref().map(|cluster| &cluster.id),
        "source_connection_string": job.source.as_ref().and_then(|cluster| cluster.connection_string.as_ref()),
        "target_connection_string": job.target.as_ref().and_then(|cluster| cluster.connection_string.as_ref()),
    });
    let Value::Object(mut object) = whole else { return Map::new() };
    for (column, value) in &row.extra {
        object.insert(column.clone(), value.clone().into());
    }
    object
}

/// An entry of a history as JSON.
pub fn event_json(event: &Recorded) -> Value {
    let mut object = Map::new();
    object.insert("seq".into(), event.seq.into());
    object.insert("at".into(), event.at.to_string().into());
    object.insert("event".into(), event.kind.clone().into());
    object.insert("state".into(), event.state.name().into());
    let optional = [
        ("send", event.send.map(Value::from)),
        ("code", event.code.clone().map(Value::from)),
        ("detail", event.detail.clone().map(Value::from)),
        ("method", event.method.clone().map(Value::from)),
        ("path", event.path.clone().map(Value::from)),
        ("status", event.status.map(Value::from)),
        ("duration_ms", event.duration_ms.map(Value::from)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            object.insert(name.into(), value);
        }
    }
    let Runner { id, host, version, started_by } = &event.runner;
    for (name, value) in [("runner", id), ("host", host), ("version", version), ("started_by", started_by)] {
        object.insert(name.into(), value.clone().into());
    }
    for (name, digest) in [("job_digest", event.job), ("previous_digest", event.previous), ("digest", event.digest)] {
        object.insert(name.into(), digest.to_string().into());
    }
    Value::Object(object)
}

/// Puts `value` under `key`. A column of the fleet that is called so gets the prefix that it would have got had the
/// report such a column.
pub fn insert(object: &mut Map<String, Value>, key: &str, value: Value) {
    if let Some(theirs) = object.insert(key.to_owned(), value) {
        object.insert(format!("fleet_{key}"), theirs);
    }
}
