//! The report has a row for every row of the fleet, in its order, and says what the table says.

use drydock::clock::Millis;
use drydock::domain::job::Identity;
use drydock::domain::report_columns;
use drydock::domain::waiting::{Admission, WaitingFor};
use drydock::store::Row;

use super::{Evidence, Violation, name_of};
use crate::harness::fleet::{OWNER, rows};

pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut reader = csv::Reader::from_reader(evidence.csv.as_slice());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let wanted: Vec<&str> = report_columns::names().chain([OWNER]).collect();
    if header != wanted {
        return vec![Violation { name: None, what: format!("the report's columns are {header:?}") }];
    }
    let lines: Vec<Vec<String>> =
        reader.records().map(|line| line.unwrap().iter().map(str::to_owned).collect()).collect();
    let fleet = rows(&evidence.voyage.scenario);
    if lines.len() != fleet.len() {
        return vec![Violation { name: None, what: format!("{} rows for a fleet of {}", lines.len(), fleet.len()) }];
    }
    let mut found = Vec::new();
    for ((line, of_fleet), row) in lines.iter().zip(&fleet).zip(&evidence.rows) {
        let mut wanted = vec![of_fleet.row.to_string(), of_fleet.project_id.clone(), of_fleet.cluster_name.clone()];
        wanted.extend(rest(row, evidence.voyage.scenario.operation, &evidence.admission));
        wanted.push(of_fleet.extra[0].1.clone());
        if *line != wanted {
            let what = format!("the report says\n    {line:?}, and not\n    {wanted:?}");
            found.push(Violation { name: Some(name_of(row)), what });
        }
    }
    found
}

/// What stands behind the cluster's name.
fn rest(row: &Row, operation: &str, admission: &Admission) -> Vec<String> {
    let job = &row.job;
    let time = |at: Option<Millis>| at.map(|at| at.to_string()).unwrap_or_default();
    let id = |one: &Option<Identity>| one.as_ref().map(|one| one.id.clone()).unwrap_or_default();
    let string =
        |one: &Option<Identity>| one.as_ref().and_then(|one| one.connection_string.clone()).unwrap_or_default();
    let (code, detail) = job.error.clone().map(|fault| (fault.code, fault.detail)).unwrap_or_default();
    let span = job.request.accepted_at.zip(job.finished_at).map(|(from, to)| to.since(from).as_secs_f64());
    vec![
        operation.to_owned(),
        job.state.name().to_owned(),
        job.request.attempts.to_string(),
        code,
        detail,
        time(job.request.submitted_at),
        time(job.finished_at),
        span.map(|seconds| format!("{seconds:.3}")).unwrap_or_default(),
        id(&job.source),
        id(&job.target),
        string(&job.source),
        string(&job.target),
        job.wanted.provider.clone(),
        job.wanted.region.clone(),
        job.wanted.instance_size.clone().unwrap_or_default(),
        job.wanted.wave.map(|wave| wave.to_string()).unwrap_or_default(),
        WaitingFor::of(job, admission).map(|waiting| waiting.to_string()).unwrap_or_default(),
    ]
}
