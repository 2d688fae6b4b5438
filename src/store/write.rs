//! The two statements that everything comes down to: a job's row as it shall be, and the next link of its history.

use sqlx::SqliteConnection;

use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::job::{Identity, IfNotLanded, Job};
use crate::store::chain::{self, Link};
use crate::store::digest::Digest;

const WRITE: &str = "UPDATE jobs SET state = $3, revision = revision + 1, send = $4, attempts = $5, open = $6, \
    accepted = $7, if_not_landed = $8, if_not_landed_code = $9, if_not_landed_detail = $10, left_at = $11, \
    streak_since = $12, streak_id = $13, streak_looks = $14, missing = $15, alone = $16, deferrals = $17, \
    overdue = $19, first_look_at = $20, looked_at = $21, sent_at = $22, \
    accepted_at = $23, submitted_at = $24, finished_at = $25, due_at = $26, error_code = $27, error_detail = $28, \
    source_id = $29, source_connection_string = $30, target_id = $31, target_connection_string = $32, \
    answered_id = $33, seen = $34, claimed_by = $35, runner = $18, events = $36, head = $37, seal = $38 \
    WHERE id = $1 AND revision = $2";
const APPEND: &str = "INSERT INTO events \
    (job_id, seq, at, kind, state, send, code, detail, runner, method, path, status, duration_ms, job_digest, \
    previous_digest, digest) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

/// Writes a link behind the history of a job.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    job_id: i64,
    link: &Link<'_>,
    digest: Digest,
) -> sqlx::Result<()> {
    sqlx::query(APPEND)
        .bind(job_id)
        .bind(link.seq)
        .bind(link.at.0)
        .bind(link.kind)
        .bind(link.state)
        .bind(link.send)
        .bind(link.code)
        .bind(link.detail)
        .bind(&link.runner.id)
        .bind(link.method)
        .bind(link.path)
        .bind(link.status)
        .bind(link.duration_ms)
        .bind(link.job.bytes())
        .bind(link.previous.bytes())
        .bind(digest.bytes())
        .execute(connection)
        .await
        .map(drop)
}

/// What binds a row to its history.
pub(super) struct Bound {
    /// How many events there are.
    pub(super) events: i64,
    /// The newest of them.
    pub(super) head: Digest,
    /// Over the row itself.
    pub(super) seal: Digest,
}

/// Writes the job's row; its revision is the new one.
pub(super) async fn row(
    connection: &mut SqliteConnection,
    job: &Job,
    (runner, claimed_by): (&str, Option<&str>),
    bound: Bound,
) -> sqlx::Result<()> {
    let plan = job.if_not_landed.as_ref();
    let refused = if let Some(IfNotLanded::Failed(fault)) = plan { Some(fault) } else { None };
    sqlx::query(WRITE)
        .bind(job.id)
        .bind(job.revision - 1)
        .bind(job.state.name())
        .bind(job.send)
        .bind(job.attempts)
        .bind(i64::from(job.open))
        .bind(i64::from(job.accepted))
        .bind(plan.map(chain::plan_name))
        .bind(code(refused))
        .bind(detail(refused))
        .bind(millis(job.left_at))
        .bind(job.streak.as_ref().map(|streak| streak.since.0))
        .bind(job.streak.as_ref().map(|streak| streak.id.as_str()))
        .bind(job.streak.as_ref().map(|streak| streak.looks))
        .bind(job.missing)
        .bind(i64::from(job.alone))
        .bind(job.deferrals)
        .bind(runner)
        .bind(job.overdue)
        .bind(millis(job.first_look_at))
        .bind(millis(job.looked_at))
        .bind(millis(job.sent_at))
        .bind(millis(job.accepted_at))
        .bind(millis(job.submitted_at))
        .bind(millis(job.finished_at))
        .bind(millis(job.due_at))
        .bind(code(job.error.as_ref()))
        .bind(detail(job.error.as_ref()))
        .bind(id(job.source.as_ref()))
        .bind(connection_string(job.source.as_ref()))
        .bind(id(job.target.as_ref()))
        .bind(connection_string(job.target.as_ref()))
        .bind(job.answered_id.as_deref())
        .bind(job.seen.as_deref())
        .bind(claimed_by)
        .bind(bound.events)
        .bind(bound.head.bytes())
        .bind(bound.seal.bytes())
        .execute(connection)
        .await
        .map(drop)
}

fn millis(moment: Option<Millis>) -> Option<i64> {
    moment.map(|moment| moment.0)
}

fn code(fault: Option<&Fault>) -> Option<&str> {
    fault.map(|fault| fault.code.as_str())
}

fn detail(fault: Option<&Fault>) -> Option<&str> {
    fault.map(|fault| fault.detail.as_str())
}

fn id(identity: Option<&Identity>) -> Option<&str> {
    identity.map(|identity| identity.id.as_str())
}

fn connection_string(identity: Option<&Identity>) -> Option<&str> {
    identity.and_then(|identity| identity.connection_string.as_deref())
}
