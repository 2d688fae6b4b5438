//! The two statements that everything comes down to: jobs' rows as they shall be, and the next links of their
//! histories.

use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::job::{Identity, IfNotLanded, Job};
use crate::store::backend::bulk::{parts, placeholders};
use crate::store::history::chain::{self, ChainedEvent};
use crate::store::history::digest::Digest;
use crate::store::queue::claim_cache::CachedRow;
use crate::store::queue::row_meta::RowMeta;

/// What is written of a row, beside its key; all that is not the loader's.
const COLUMNS: &str = "state, revision, send, attempts, open, accepted, if_not_landed, if_not_landed_code, \
    if_not_landed_detail, left_at, streak_since, streak_id, streak_looks, missing, alone, deferrals, runner, \
    overdue, first_look_at, looked_at, sent_at, accepted_at, submitted_at, finished_at, due_at, error_code, \
    error_detail, source_id, source_connection_string, target_id, target_connection_string, answered_id, \
    seen, atlas_name, unattended_ms, asked_until, claimed_by, events, head, seal";

const APPEND: &str = "INSERT OR FAIL INTO events \
    (job_id, seq, at, kind, state, send, code, detail, runner, method, path, status, duration_ms, job_digest, \
    previous_digest, digest) SELECT * FROM (VALUES ";
const ONLY: &str = ") WHERE column1 IS NOT NULL";
const APPENDED: usize = 16;

/// A link behind the history of a job.
pub(in crate::store) struct AppendedEvent<'a> {
    pub(in crate::store) job_id: i64,
    pub(in crate::store) link: ChainedEvent<'a>,
    pub(in crate::store) digest: Digest,
}

/// A statement with all that it writes. It is made before its transaction begins, so that others wait less for that.
pub(in crate::store) struct Statement {
    query: Query,
    rows: usize,
}

type Query = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// Runs `statements`; says whether each of them found all its rows.
pub(in crate::store) async fn run(connection: &mut SqliteConnection, statements: Vec<Statement>) -> sqlx::Result<bool> {
    for Statement { query, rows } in statements {
        if query.execute(&mut *connection).await?.rows_affected() != rows as u64 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Statements that write links behind the histories of their jobs.
pub(in crate::store) fn append(links: &[&AppendedEvent<'_>]) -> Vec<Statement> {
    statements(
        links,
        |room| format!("{APPEND}{}{ONLY}", placeholders(room, APPENDED)),
        |query, appended| {
            let AppendedEvent { job_id, link, digest } = *appended;
            query
                .bind(*job_id)
                .bind(link.seq)
                .bind(link.at.0)
                .bind(link.kind)
                .bind(link.state)
                .bind(link.send)
                .bind(link.code)
                .bind(link.detail)
                .bind(&*link.runner.id)
                .bind(link.method)
                .bind(link.path)
                .bind(link.status)
                .bind(link.duration_ms)
                .bind(link.job.bytes())
                .bind(link.previous.bytes())
                .bind(digest.bytes())
        },
    )
}

fn statements<T>(items: &[T], sql: impl Fn(usize) -> String, bind: impl Fn(Query, &T) -> Query) -> Vec<Statement> {
    let statement = |(part, room): (&[T], usize)| {
        let query = part.iter().fold(sqlx::query(AssertSqlSafe(sql(room))), &bind);
        Statement { query, rows: part.len() }
    };
    parts(items).map(statement).collect()
}

/// A row as it shall be; the job's revision is the new one.
pub(in crate::store) struct RowUpdate<'a> {
    pub(in crate::store) job: Job,
    pub(in crate::store) runner: &'a str,
    pub(in crate::store) claimed_by: Option<&'a str>,
    /// How many events there are.
    pub(in crate::store) events: i64,
    /// The newest of them.
    pub(in crate::store) head: Digest,
    /// Over the row itself.
    pub(in crate::store) seal: Digest,
    /// The rest of the row as it is now.
    pub(in crate::store) was: RowMeta,
}

impl RowUpdate<'_> {
    /// The row when it is written, by the job's key.
    pub(in crate::store) fn cached(self) -> (i64, CachedRow) {
        let Self { job, runner, claimed_by, events, head, seal, was } = self;
        let (claimed_by, runner) = (claimed_by.map(str::to_owned), Some(runner.to_owned()));
        let meta = RowMeta { claimed_by, runner, events, head, seal, ..was };
        (job.id, CachedRow { revision: job.revision, row: job.row, meta })
    }
}

/// The statement that writes so many rows.
pub(in crate::store) fn update(rows: usize) -> String {
    let sets: Vec<String> = COLUMNS.split(", ").map(|column| format!("{column} = v.{column}")).collect();
    let (values, sets) = (placeholders(rows, sets.len() + 2), sets.join(", "));
    format!(
        "WITH v (id, was, {COLUMNS}) AS (VALUES {values}) UPDATE OR FAIL jobs SET {sets} FROM v \
        WHERE jobs.id = v.id AND jobs.revision = v.revision - 1 AND jobs.seal = v.was"
    )
}

/// Statements that write rows. They find those that are at the revision before their own and under the seal that they
/// are said to have.
pub(in crate::store) fn rows(rows: &[&RowUpdate<'_>]) -> Vec<Statement> {
    statements(rows, update, |query, row| bind(query, row))
}

/// The key, the seal before, and then all of [`COLUMNS`].
fn bind(query: Query, row: &RowUpdate<'_>) -> Query {
    let RowUpdate { job, runner, claimed_by, events, head, seal, was } = row;
    let plan = job.if_not_landed.as_ref();
    let refused = if let Some(IfNotLanded::Failed(fault)) = plan { Some(fault) } else { None };
    let streak = job.streak.as_ref();
    query
        .bind(job.id)
        .bind(was.seal.bytes())
        .bind(job.state.name())
        .bind(job.revision)
        .bind(job.send)
        .bind(job.attempts)
        .bind(i64::from(job.open))
        .bind(i64::from(job.accepted))
        .bind(plan.map(chain::plan_name))
        .bind(code(refused))
        .bind(detail(refused))
        .bind(millis(job.left_at))
        .bind(streak.map(|streak| streak.since.0))
        .bind(streak.map(|streak| streak.id.as_str()))
        .bind(streak.map(|streak| streak.looks))
        .bind(job.missing)
        .bind(i64::from(job.alone))
        .bind(job.deferrals)
        .bind(*runner)
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
        .bind(job.atlas_name.as_deref())
        .bind(job.unattended_ms)
        .bind(millis(job.asked_until))
        .bind(*claimed_by)
        .bind(*events)
        .bind(head.bytes())
        .bind(seal.bytes())
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
