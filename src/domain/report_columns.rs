//! The columns of a job in every report (contract): name, kind and value, in their order.
//!
//! This is the only list of them. The formats of `report`, `list --json` and `show --json` take the columns from here,
//! and `intake` renames the columns of a fleet that have one of these names.

use std::borrow::Cow;
use std::fmt;

use crate::clock::Millis;
use crate::domain::job::{Identity, Job};
use crate::domain::waiting::{Admission, WaitingFor};

/// Every column, in the order of a report. The fleet's own columns follow.
pub static REPORT_COLUMNS: &[ReportColumn] = &[
    integer("row", |of| Some(of.job.row)),
    text("project_id", |of| borrowed(Some(&of.job.project_id))),
    text("cluster_name", |of| borrowed(Some(&of.job.cluster_name))),
    text("operation", |of| borrowed(Some(of.operation))),
    text("state", |of| borrowed(Some(of.job.state.name()))),
    integer("attempts", |of| Some(of.job.request.attempts)),
    text("error_code", |of| borrowed(of.job.error.as_ref().map(|fault| &*fault.code))),
    text("error_detail", |of| borrowed(of.job.error.as_ref().map(|fault| &*fault.detail))),
    time("submitted_at", |of| of.job.request.submitted_at),
    time("finished_at", |of| of.job.finished_at),
    seconds("duration_seconds", |of| duration(of.job)),
    text("source_cluster_id", |of| id(of.job.source.as_ref())),
    text("target_cluster_id", |of| id(of.job.target.as_ref())),
    text("source_connection_string", |of| connection_string(of.job.source.as_ref())),
    text("target_connection_string", |of| connection_string(of.job.target.as_ref())),
    text("provider", |of| borrowed(Some(&of.job.wanted.provider))),
    text("region", |of| borrowed(Some(&of.job.wanted.region))),
    text("instance_size", |of| borrowed(of.job.wanted.instance_size.as_deref())),
    integer("wave", |of| of.job.wanted.wave.map(i64::from)),
    text("waiting_for", |of| WaitingFor::of(of.job, of.admission).map(|waiting| waiting.to_string().into())),
];

/// The key of a job's history in JSON, which the CSV does not have.
pub const HISTORY: &str = "history";

/// The names of all columns, in their order.
pub fn names() -> impl Iterator<Item = &'static str> {
    REPORT_COLUMNS.iter().map(|column| column.name)
}

/// A column of every report.
#[derive(Debug)]
pub struct ReportColumn {
    /// The header in a CSV, and the key in JSON.
    pub name: &'static str,
    getter: Getter,
}

impl ReportColumn {
    /// What the job has in this column; `None`: not yet, or not at all.
    pub fn value<'a>(&self, of: &ReportedJob<'a>) -> Option<ReportValue<'a>> {
        match self.getter {
            Getter::Integer(get) => get(of).map(ReportValue::Integer),
            Getter::Text(get) => get(of).map(ReportValue::Text),
            Getter::Time(get) => get(of).map(ReportValue::Time),
            Getter::Seconds(get) => get(of).map(ReportValue::Seconds),
        }
    }
}

/// What the values of a job's columns are computed from.
#[derive(Debug, Clone, Copy)]
pub struct ReportedJob<'a> {
    /// The job.
    pub job: &'a Job,
    /// The campaign's operation.
    pub operation: &'a str,
    /// What may be begun in the campaign.
    pub admission: &'a Admission,
}

/// A value of a column; its variant is the column's kind.
#[derive(Debug, Clone, PartialEq)]
pub enum ReportValue<'a> {
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(Cow<'a, str>),
    /// A time, in milliseconds of UTC.
    Time(Millis),
    /// A duration in seconds.
    Seconds(f64),
}

impl fmt::Display for ReportValue<'_> {
    /// As in a CSV: times are RFC 3339 in UTC, seconds have three decimals.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => write!(out, "{number}"),
            Self::Text(text) => out.write_str(text),
            Self::Time(at) => write!(out, "{at}"),
            Self::Seconds(seconds) => write!(out, "{seconds:.3}"),
        }
    }
}

/// How a column gets its value, by its kind.
#[derive(Debug)]
enum Getter {
    Integer(for<'a> fn(&ReportedJob<'a>) -> Option<i64>),
    Text(for<'a> fn(&ReportedJob<'a>) -> Option<Cow<'a, str>>),
    Time(for<'a> fn(&ReportedJob<'a>) -> Option<Millis>),
    Seconds(for<'a> fn(&ReportedJob<'a>) -> Option<f64>),
}

const fn integer(name: &'static str, get: for<'a> fn(&ReportedJob<'a>) -> Option<i64>) -> ReportColumn {
    ReportColumn { name, getter: Getter::Integer(get) }
}

const fn text(name: &'static str, get: for<'a> fn(&ReportedJob<'a>) -> Option<Cow<'a, str>>) -> ReportColumn {
    ReportColumn { name, getter: Getter::Text(get) }
}

const fn time(name: &'static str, get: for<'a> fn(&ReportedJob<'a>) -> Option<Millis>) -> ReportColumn {
    ReportColumn { name, getter: Getter::Time(get) }
}

const fn seconds(name: &'static str, get: for<'a> fn(&ReportedJob<'a>) -> Option<f64>) -> ReportColumn {
    ReportColumn { name, getter: Getter::Seconds(get) }
}

fn borrowed(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.map(Cow::Borrowed)
}

fn id(cluster: Option<&Identity>) -> Option<Cow<'_, str>> {
    cluster.map(|cluster| Cow::Borrowed(&*cluster.id))
}

fn connection_string(cluster: Option<&Identity>) -> Option<Cow<'_, str>> {
    borrowed(cluster?.connection_string.as_deref())
}

/// How long the upgrade took, in seconds: from its acceptance until its end was noticed.
fn duration(job: &Job) -> Option<f64> {
    Some(job.finished_at?.since(job.request.accepted_at?).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The types by which `docs/json.md` calls the kinds.
    fn json_type(column: &ReportColumn) -> &'static str {
        match column.getter {
            Getter::Integer(_) | Getter::Seconds(_) => "number",
            Getter::Text(_) | Getter::Time(_) => "string",
        }
    }

    #[test]
    fn the_documentation_lists_every_column_in_order_and_with_its_type() {
        let (_, after) = include_str!("../../docs/json.md").split_once("\n## A job\n").unwrap();
        let (section, _) = after.split_once("\nThen follow").unwrap();
        let mut documented = Vec::new();
        for line in section.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let type_name = cells[2].split(',').next().unwrap();
            documented.extend(cells[1].split(", ").map(|name| (name.trim_matches('`'), type_name)));
        }
        let columns: Vec<_> = REPORT_COLUMNS.iter().map(|column| (column.name, json_type(column))).collect();
        assert_eq!(documented, columns);
    }

    #[test]
    fn no_two_columns_have_one_name() {
        let mut sorted: Vec<_> = names().chain([HISTORY]).collect();
        let all = sorted.len();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), all);
    }
}
