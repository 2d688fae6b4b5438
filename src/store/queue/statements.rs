//! The two statements that everything comes down to: jobs' rows as they shall be, and the next events of their
//! histories.

use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::store::backend::bulk::{Query, parts, placeholders};
use crate::store::history::chain::ChainedEvent;
use crate::store::history::digest::Digest;
use crate::store::queue::claim_cache::CachedRow;
use crate::store::queue::columns::{StoredJob, WRITTEN, bind_written};

/// An event behind the history of a job.
pub(in crate::store) struct AppendedEvent<'a> {
    pub(in crate::store) job_id: i64,
    pub(in crate::store) event: ChainedEvent<'a>,
    pub(in crate::store) digest: Digest,
}

column_values! {
    EVENT, bind_event(row: &AppendedEvent<'_>) {
        job_id: row.job_id,
        seq: row.event.seq,
        at: row.event.at.0,
        kind: row.event.kind,
        state: row.event.state,
        send: row.event.send,
        code: row.event.code,
        detail: row.event.detail,
        runner: &*row.event.runner.id,
        method: row.event.method,
        path: row.event.path,
        status: row.event.status,
        duration_ms: row.event.duration_ms,
        job_digest: row.event.job.bytes(),
        previous_digest: row.event.previous.bytes(),
        digest: row.digest.bytes(),
    }
}

/// A statement with all that it writes. It is made before its transaction begins, so that others wait less for that.
pub(in crate::store) struct Statement {
    query: Query,
    rows: usize,
}

/// Runs `statements`; says whether each of them found all its rows.
pub(in crate::store) async fn run(connection: &mut SqliteConnection, statements: Vec<Statement>) -> sqlx::Result<bool> {
    for Statement { query, rows } in statements {
        if query.execute(&mut *connection).await?.rows_affected() != rows as u64 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Statements that write events behind the histories of their jobs.
pub(in crate::store) fn append(events: &[&AppendedEvent<'_>]) -> Vec<Statement> {
    statements(events, insert_events, |query, event| bind_event(query, event))
}

/// The statement that writes so many events. Rows of NULLs are none.
fn insert_events(rows: usize) -> String {
    let (columns, values) = (EVENT.join(", "), placeholders(rows, EVENT.len()));
    format!("INSERT OR FAIL INTO events ({columns}) SELECT * FROM (VALUES {values}) WHERE column1 IS NOT NULL")
}

fn statements<T>(items: &[T], sql: impl Fn(usize) -> String, bind: impl Fn(Query, &T) -> Query) -> Vec<Statement> {
    let statement = |(part, room): (&[T], usize)| {
        let query = part.iter().fold(sqlx::query(AssertSqlSafe(sql(room))), &bind);
        Statement { query, rows: part.len() }
    };
    parts(items).map(statement).collect()
}

/// A row as it shall be; the job's revision is the new one.
pub(in crate::store) struct RowUpdate {
    pub(in crate::store) row: StoredJob,
    /// The seal that it has now.
    pub(in crate::store) was: Digest,
}

impl RowUpdate {
    /// The row when it is written, by the job's key.
    pub(in crate::store) fn cached(self) -> (i64, CachedRow) {
        let StoredJob { job, meta } = self.row;
        (job.id, CachedRow { revision: job.revision, row: job.row, meta })
    }
}

/// The statement that writes so many rows.
pub(in crate::store) fn update(rows: usize) -> String {
    let (columns, values) = (WRITTEN.join(", "), placeholders(rows, WRITTEN.len() + 2));
    let sets: Vec<String> = WRITTEN.iter().map(|column| format!("{column} = v.{column}")).collect();
    format!(
        "WITH v (id, was, {columns}) AS (VALUES {values}) UPDATE OR FAIL jobs SET {} FROM v \
        WHERE jobs.id = v.id AND jobs.revision = v.revision - 1 AND jobs.seal = v.was",
        sets.join(", ")
    )
}

/// Statements that write rows. They find those that are at the revision before their own and under the seal that they
/// are said to have.
pub(in crate::store) fn rows(rows: &[&RowUpdate]) -> Vec<Statement> {
    statements(rows, update, |query, update| {
        bind_written(&update.row, query.bind(update.row.job.id).bind(update.was.bytes()))
    })
}
