//! Jobs and the entries of their histories as JSON objects (`docs/json.md`).

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::clock::Millis;
use crate::domain::report_columns::{self, REPORT_COLUMNS, ReportValue, ReportedJob};
use crate::domain::waiting::Admission;
use crate::store::{Digest, RecordedEvent, Row};

/// A job without its history, as `list --json` and `show --json` print it: its columns, the fleet's own, and then
/// `further` keys with their values.
pub fn job_json<const N: usize>(
    row: &Row,
    operation: &str,
    admission: &Admission,
    further: [(&'static str, Value); N],
) -> Value {
    let columns = ReportedJob { job: &row.job, operation, admission };
    let reserved = further.each_ref().map(|(key, _)| *key);
    let job = JobObject { columns, extra: &row.extra, reserved: &reserved };
    let mut object = match serde_json::to_value(job) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    };
    object.extend(further.map(|(key, value)| (key.to_owned(), value)));
    Value::Object(object)
}

/// An entry of a history.
pub fn event_json(event: &RecordedEvent) -> Value {
    serde_json::to_value(EventObject::from(event)).unwrap_or_default()
}

/// A job without its history: its columns, then the fleet's own.
pub(super) struct JobObject<'a> {
    pub(super) columns: ReportedJob<'a>,
    /// Name and value of each of the fleet's own columns.
    pub(super) extra: &'a [(String, String)],
    /// Keys that the object gets besides.
    pub(super) reserved: &'a [&'a str],
}

impl JobObject<'_> {
    /// Writes the keys and values into an object that may get others besides.
    pub(super) fn serialize_entries<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        for column in REPORT_COLUMNS {
            map.serialize_entry(column.name, &column.value(&self.columns))?;
        }
        self.extra.iter().try_for_each(|(name, value)| map.serialize_entry(&self.extra_key(name), value))
    }

    /// The key of one of the fleet's own columns. It gets the prefix `fleet_` as often as it is the key of something
    /// else: no key comes twice in an object.
    fn extra_key<'a>(&self, name: &'a str) -> Cow<'a, str> {
        let is_ours = |key: &str| self.reserved.contains(&key) || report_columns::names().any(|name| name == key);
        let is_theirs = |key: &str| key != name && self.extra.iter().any(|(other, _)| other == key);
        let mut key = Cow::from(name);
        while is_ours(&key) || is_theirs(&key) {
            key = format!("fleet_{key}").into();
        }
        key
    }
}

impl Serialize for JobObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_entries(&mut map)?;
        map.end()
    }
}

impl Serialize for ReportValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Time(at) => Rfc3339(*at).serialize(serializer),
            Self::Seconds(seconds) => serializer.serialize_f64(*seconds),
        }
    }
}

/// A time as RFC 3339 in UTC, with milliseconds.
struct Rfc3339(Millis);

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An entry of a history.
#[derive(Serialize)]
pub(super) struct EventObject<'a> {
    seq: i64,
    at: Rfc3339,
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

impl<'a> From<&'a RecordedEvent> for EventObject<'a> {
    fn from(event: &'a RecordedEvent) -> Self {
        Self {
            seq: event.seq,
            at: Rfc3339(event.at),
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
