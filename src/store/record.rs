//! Writing what was decided: job rows and their history, together or not at all.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::history::Entry;
use crate::domain::job::{Identity, IfNotLanded, Job, Streak};
use crate::store::pool::Still;
use crate::store::{Result, Store};

/// One job as it shall be, and what its history shall say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The job as it shall be; its `revision` is the one that it was read at. Its key, its row, its cluster and what
    /// is wanted of it are the loader's, and are not written.
    pub job: Job,
    /// The history's next entry, if there is something to tell.
    pub entry: Option<Entry>,
    /// When it happened.
    pub at: Millis,
    /// Whether the runner keeps the job in its hands. A job that has ended is in nobody's.
    pub keep: bool,
    /// The call to Atlas that it comes from, written beside the entry.
    pub call: Option<Call>,
}

/// A call to Atlas, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `GET`, `POST`.
    pub method: &'static str,
    /// The path below the host.
    pub path: String,
    /// The HTTP status; `None` if no answer came.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
}

// `overdue` counts what one process has seen, so another runner's first write starts it again.
const WRITE: &str = "UPDATE jobs SET state = $3, revision = revision + 1, send = $4, attempts = $5, open = $6, \
    accepted = $7, if_not_landed = $8, if_not_landed_code = $9, if_not_landed_detail = $10, left_at = $11, \
    streak_since = $12, streak_id = $13, streak_looks = $14, missing = $15, alone = $16, deferrals = $17, \
    overdue = CASE WHEN runner = $18 THEN $19 ELSE 0 END, first_look_at = $20, looked_at = $21, sent_at = $22, \
    accepted_at = $23, submitted_at = $24, finished_at = $25, due_at = $26, error_code = $27, error_detail = $28, \
    source_id = $29, source_connection_string = $30, target_id = $31, target_connection_string = $32, \
    answered_id = $33, seen = $34, claimed_by = $35, runner = $18 \
    WHERE id = $1 AND revision = $2";
const APPEND: &str = "INSERT INTO events \
    (job_id, seq, at, kind, state, send, code, detail, runner, method, path, status, duration_ms) \
    SELECT $1, coalesce(max(seq), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 \
    FROM events WHERE job_id = $1";
const TOUCH: &str = "UPDATE campaigns SET touched_at = $2 WHERE id = $1 AND touched_at < $2";

impl Store {
    /// Writes all `changes` in one transaction, which is on the disk when this returns, and says for each whether it
    /// was written. It was not if the row's revision has moved on since the job was read; then its history was not
    /// written either. A change that breaks a rule of the tables is an error, and then nothing is written.
    pub async fn record(&self, runner: &str, changes: &[Change]) -> Result<Vec<bool>> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let _still = Still::hold();
        let mut tx = self.begin().await?;
        let mut written = Vec::with_capacity(changes.len());
        let mut newest: BTreeMap<i64, Millis> = BTreeMap::new();
        for change in changes {
            let matched = self.explained(write(&mut tx, runner, change).await)?;
            if matched {
                self.explained(append(&mut tx, runner, change).await)?;
                let at = newest.entry(change.job.campaign_id).or_insert(change.at);
                *at = change.at.max(*at);
            }
            written.push(matched);
        }
        for (campaign_id, at) in newest {
            let touched = sqlx::query(TOUCH).bind(campaign_id).bind(at.0).execute(&mut *tx).await;
            self.explained(touched)?;
        }
        self.commit(tx).await?;
        Ok(written)
    }
}

/// Writes the job's row if it is still at the revision at which it was read.
async fn write(connection: &mut SqliteConnection, runner: &str, change: &Change) -> sqlx::Result<bool> {
    let job = &change.job;
    let (plan, plan_fault) = plan(job.if_not_landed.as_ref());
    let claimed_by = (change.keep && !job.state.is_ended()).then_some(runner);
    let done = sqlx::query(WRITE)
        .bind(job.id)
        .bind(job.revision)
        .bind(job.state.name())
        .bind(job.send)
        .bind(job.attempts)
        .bind(i64::from(job.open))
        .bind(i64::from(job.accepted))
        .bind(plan)
        .bind(code(plan_fault))
        .bind(detail(plan_fault))
        .bind(millis(job.left_at))
        .bind(job.streak.as_ref().map(|streak| streak.since.0))
        .bind(job.streak.as_ref().map(|streak: &Streak| streak.id.as_str()))
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
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes the change's entry behind the job's history, if it has one.
async fn append(connection: &mut SqliteConnection, runner: &str, change: &Change) -> sqlx::Result<()> {
    let Some(entry) = &change.entry else { return Ok(()) };
    let call = change.call.as_ref();
    sqlx::query(APPEND)
        .bind(change.job.id)
        .bind(change.at.0)
        .bind(entry.kind.name())
        .bind(change.job.state.name())
        .bind(entry.send)
        .bind(entry.code.as_deref())
        .bind(entry.detail.as_deref())
        .bind(runner)
        .bind(call.map(|call| call.method))
        .bind(call.map(|call| call.path.as_str()))
        .bind(call.and_then(|call| call.status).map(i64::from))
        .bind(call.map(|call| call.duration_ms))
        .execute(connection)
        .await
        .map(drop)
}

fn plan(plan: Option<&IfNotLanded>) -> (Option<&'static str>, Option<&Fault>) {
    match plan {
        None => (None, None),
        Some(IfNotLanded::Ready) => (Some("ready"), None),
        Some(IfNotLanded::Failed(fault)) => (Some("failed"), Some(fault)),
        Some(IfNotLanded::Cancelled) => (Some("cancelled"), None),
    }
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
