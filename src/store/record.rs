//! Writing what was decided: job rows and their history, together or not at all.
//!
//! Each row is read once more before it is written: it says whether the job is still at the revision at which it was
//! decided, and what the chain goes on from.

use std::collections::BTreeMap;

use sqlx::{FromRow, SqliteConnection};

use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::history::Entry;
use crate::domain::job::{Identity, IfNotLanded, Job, Streak};
use crate::store::chain::{self, Cargo, Digest, Link};
use crate::store::pool::Still;
use crate::store::runner::Runner;
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
    /// The HTTP status; `None` if no answer came, or none could yet.
    pub status: Option<u16>,
    /// Atlas's `errorCode`, if the answer had one.
    pub error_code: Option<String>,
    /// How long it took, in milliseconds; `None` before it is made.
    pub duration_ms: Option<i64>,
}

const STANDING: &str = "SELECT row, wanted, extra, runner, events, head FROM jobs WHERE id = $1 AND revision = $2";
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
const TOUCH: &str = "UPDATE campaigns SET touched_at = $2 WHERE id = $1 AND touched_at < $2";

impl Store {
    /// Writes all `changes` in one transaction, which is on the disk when this returns, and says for each whether it
    /// was written. It was not if the row's revision has moved on since the job was read; then its history was not
    /// written either. A change that breaks a rule of the tables is an error, and then nothing is written.
    pub async fn record(&self, runner: &Runner, changes: &[Change]) -> Result<Vec<bool>> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let _still = Still::hold();
        let mut tx = self.begin().await?;
        self.explained(runner.enlist(&mut tx).await)?;
        let mut written = Vec::with_capacity(changes.len());
        let mut newest: BTreeMap<i64, Millis> = BTreeMap::new();
        for change in changes {
            let Some(standing) = self.standing(&mut tx, &change.job).await? else {
                written.push(false);
                continue;
            };
            self.explained(standing.follow(&mut tx, runner, change).await)?;
            let at = newest.entry(change.job.campaign_id).or_insert(change.at);
            *at = change.at.max(*at);
            written.push(true);
        }
        for (campaign_id, at) in newest {
            let touched = sqlx::query(TOUCH).bind(campaign_id).bind(at.0).execute(&mut *tx).await;
            self.explained(touched)?;
        }
        self.explained(tx.commit().await)?;
        Ok(written)
    }

    /// What the job's row says besides what was decided, if it is still at the revision at which it was read.
    async fn standing(&self, connection: &mut SqliteConnection, job: &Job) -> Result<Option<Standing>> {
        let found: sqlx::Result<Option<StandingRow>> =
            sqlx::query_as(STANDING).bind(job.id).bind(job.revision).fetch_optional(connection).await;
        let Some(row) = self.explained(found)? else { return Ok(None) };
        let StandingRow { row, wanted, extra, runner, events, head } = row;
        let head = self.digest_of("a job", "head", &head)?;
        Ok(Some(Standing { row, wanted, extra, runner, events, head }))
    }
}

#[derive(FromRow)]
struct StandingRow {
    row: i64,
    wanted: String,
    extra: String,
    runner: Option<String>,
    events: i64,
    head: Vec<u8>,
}

/// A row that is about to be written, as far as the writer does not decide it.
struct Standing {
    row: i64,
    wanted: String,
    extra: String,
    /// Who wrote or claimed it last.
    runner: Option<String>,
    events: i64,
    head: Digest,
}

impl Standing {
    /// Writes the row, and the change's entry behind its history.
    async fn follow(self, connection: &mut SqliteConnection, runner: &Runner, change: &Change) -> sqlx::Result<()> {
        let what = chain::job(&change.job, Cargo { wanted: &self.wanted, extra: &self.extra });
        let (mut events, mut head) = (self.events, self.head);
        if let Some(entry) = &change.entry {
            events += 1;
            let link = link(entry, change.call.as_ref(), (&change.job, change.at), runner, (events, what, head));
            head = link.digest();
            append(connection, change.job.id, &link, head).await?;
        }
        // `overdue` counts what one process has seen, so another runner's first write starts it again.
        let overdue = if self.runner.as_deref() == Some(&runner.id) { change.job.overdue } else { 0 };
        let job = Job { row: self.row, revision: change.job.revision + 1, overdue, ..change.job.clone() };
        let seal = chain::seal(&job, what, head, Some(&runner.id));
        let claimed_by = (change.keep && !job.state.is_ended()).then_some(runner.id.as_str());
        write(connection, &job, (&runner.id, claimed_by), (events, head, seal)).await
    }
}

/// An entry as the next link of a job's chain: its place, what the job is then, and the event before.
pub(super) fn link<'a>(
    entry: &'a Entry,
    call: Option<&'a Call>,
    (job, at): (&Job, Millis),
    runner: &'a Runner,
    (seq, what, previous): (i64, Digest, Digest),
) -> Link<'a> {
    Link {
        seq,
        at,
        kind: entry.kind.name(),
        state: job.state.name(),
        send: entry.send,
        code: entry.code.as_deref().or(call.and_then(|call| call.error_code.as_deref())),
        detail: entry.detail.as_deref(),
        runner,
        method: call.map(|call| call.method),
        path: call.map(|call| &*call.path),
        status: call.and_then(|call| call.status).map(i64::from),
        duration_ms: call.and_then(|call| call.duration_ms),
        job: what,
        previous,
    }
}

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

/// Writes the job's row; its revision is the new one.
async fn write(
    connection: &mut SqliteConnection,
    job: &Job,
    (runner, claimed_by): (&str, Option<&str>),
    (events, head, seal): (i64, Digest, Digest),
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
        .bind(events)
        .bind(head.bytes())
        .bind(seal.bytes())
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
