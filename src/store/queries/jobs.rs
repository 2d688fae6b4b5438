//! Reading for people: jobs in the fleet's order, page by page, and their histories.

use std::fmt::from_fn;

use serde::Deserialize;
use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::clock::Millis;
use crate::domain::job::{Job, State};
use crate::domain::wave::Wave;
use crate::store::backend::bulk::placeholders;
use crate::store::database::Store;
use crate::store::error::Result;
use crate::store::history::digest::Digest;
use crate::store::history::runner::Runner;
use crate::store::queue::columns::{JobRow, from_array, job_row};
use crate::store::queue::row_meta::RowMeta;

/// A job together with what its row of the fleet carries along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The job.
    pub job: Job,
    /// Name and value of each extra column, in the fleet's order.
    pub extra: Vec<(String, String)>,
    /// What happened to it, if that was asked for.
    pub history: Vec<RecordedEvent>,
}

/// Which jobs people want to see; the default is all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Those in one of these states; in any, if there is none.
    pub states: Vec<State>,
    /// Those of this project.
    pub project: Option<String>,
    /// Those whose error has this code.
    pub code: Option<String>,
    /// Those of this wave.
    pub wave: Option<Wave>,
}

/// One entry of a job's history as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// The entry's place in the job's history, 1 first.
    pub seq: i64,
    /// The job.
    pub job_id: i64,
    /// When it happened.
    pub at: Millis,
    /// What happened: the name of a [`Kind`](crate::domain::history::Kind).
    pub kind: String,
    /// The job's state afterwards.
    pub state: State,
    /// The send that it belongs to.
    pub send: Option<i64>,
    /// Atlas's code or one of ours.
    pub code: Option<String>,
    /// What people should know.
    pub detail: Option<String>,
    /// Who wrote it.
    pub runner: Runner,
    /// The method of the call that taught it.
    pub method: Option<String>,
    /// The path of that call.
    pub path: Option<String>,
    /// The HTTP status of its answer.
    pub status: Option<i64>,
    /// How long the call took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// What the job was afterwards, as a digest.
    pub job: Digest,
    /// The digest of the event before, or where the chain begins.
    pub previous: Digest,
    /// The digest of this event.
    pub digest: Digest,
}

/// Makes of one list a struct and the JSON array that it is read from.
macro_rules! read_as_array {
    ($(#[$doc:meta])* $name:ident { $first:ident: $first_type:ty = $first_sql:literal, $($field:ident: $type:ty = $sql:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Deserialize)]
        pub(in crate::store) struct $name {
            pub(in crate::store) $first: $first_type,
            $(pub(in crate::store) $field: $type,)+
        }

        impl $name {
            const ARRAY: &str = concat!("json_array(", $first_sql, $(", ", $sql,)+ ")");
        }
    };
}

read_as_array! {
    /// An event as the table has it; digests are in hex.
    EventRow {
        job_id: i64 = "job_id",
        seq: i64 = "seq",
        at: i64 = "at",
        kind: String = "kind",
        state: String = "state",
        send: Option<i64> = "send",
        code: Option<String> = "code",
        detail: Option<String> = "detail",
        runner: String = "runner",
        host: Option<String> = "host",
        version: Option<String> = "version",
        started_by: Option<String> = "started_by",
        method: Option<String> = "method",
        path: Option<String> = "path",
        status: Option<i64> = "status",
        duration_ms: Option<i64> = "duration_ms",
        job_digest: String = "hex(job_digest)",
        previous_digest: String = "hex(previous_digest)",
        digest: String = "hex(digest)",
    }
}

/// A job, unverified: the JSON array that a [`JobRow`] is read from; its row, and its key.
pub(in crate::store) type RawJob = (String, i64, i64);

// The states are bound as one text, `,failed,verifying,`, so that the statement is the same for any number of them.
pub(in crate::store) const PAGE: &str = concat!(
    "SELECT ",
    job_row!(),
    ", row, id FROM jobs WHERE campaign_id = $1 AND (row, id) > ($2, $3) \
    AND ($4 = ',' OR $4 LIKE '%,' || state || ',%') \
    AND (CAST($5 AS TEXT) IS NULL OR project_id = $5) AND (CAST($6 AS TEXT) IS NULL OR error_code = $6) \
    AND (CAST($7 AS BIGINT) IS NULL OR wave = $7) ORDER BY row, id LIMIT $8"
);
const COLUMNS: &str = "SELECT columns FROM campaigns WHERE id = $1";

/// Before the first job, by row and key.
pub(in crate::store) const FIRST: (i64, i64) = (i64::MIN, i64::MIN);

/// How many histories are read by one statement.
const CHUNK: usize = 500;

impl Store {
    /// Up to `limit` jobs in the fleet's order that come after `after`, the row and the id of the last one seen.
    pub async fn page(
        &self,
        campaign_id: i64,
        filter: &Filter,
        after: Option<(i64, i64)>,
        limit: i64,
    ) -> Result<Vec<Row>> {
        let after = after.unwrap_or(FIRST);
        let jobs = on_pool!(self, readers, pool =>
            async { raw_jobs(&mut *pool.acquire().await?, campaign_id, filter, after, limit).await }.await);
        let jobs = self.explained(jobs)?;
        jobs.iter().map(|(job, ..)| self.row_of(self.explained(from_array(job))?, Vec::new())).collect()
    }

    /// The names of the fleet's extra columns in their order, as it was last loaded.
    pub async fn extra_columns(&self, campaign_id: i64) -> Result<Vec<String>> {
        let columns: sqlx::Result<String> =
            on_pool!(self, readers, pool => sqlx::query_scalar(COLUMNS).bind(campaign_id).fetch_one(pool).await);
        let columns = self.explained(columns)?;
        serde_json::from_str(&columns).map_err(|error| self.nonsense(&"a campaign", "columns", error))
    }

    /// The histories of these jobs, by job and then by number.
    pub async fn history(&self, job_ids: &[i64]) -> Result<Vec<RecordedEvent>> {
        // Sorted first, so that the chunks are in order, too.
        let mut ids = job_ids.to_vec();
        ids.sort_unstable();
        let mut history = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let events = on_pool!(self, readers, pool =>
                async { events_of(&mut *pool.acquire().await?, chunk).await }.await);
            for event in self.explained(events)? {
                history.push(self.recorded_of(self.explained(from_array(&event))?)?);
            }
        }
        Ok(history)
    }

    pub(in crate::store) fn row_of(&self, row: JobRow, history: Vec<RecordedEvent>) -> Result<Row> {
        let (job, meta) = self.verified(row)?;
        let extra = self.extra_of(&job, &meta)?;
        Ok(Row { job, extra, history })
    }

    pub(in crate::store) fn extra_of(&self, job: &Job, meta: &RowMeta) -> Result<Vec<(String, String)>> {
        serde_json::from_str(&meta.extra).map_err(|error| self.nonsense(&job.name(), "extra", error))
    }

    pub(in crate::store) fn recorded_of(&self, row: EventRow) -> Result<RecordedEvent> {
        let what = from_fn(|out| write!(out, "an event of job {}", row.job_id));
        let job = self.digest_of(&what, "job_digest", &row.job_digest)?;
        let previous = self.digest_of(&what, "previous_digest", &row.previous_digest)?;
        let digest = self.digest_of(&what, "digest", &row.digest)?;
        // A runner of before there was a list of them is known by its name alone.
        let (host, version) = (row.host.unwrap_or_default(), row.version.unwrap_or_default());
        let runner = Runner { id: row.runner, host, version, started_by: row.started_by.unwrap_or_default() };
        Ok(RecordedEvent {
            seq: row.seq,
            job_id: row.job_id,
            at: Millis(row.at),
            kind: row.kind,
            state: self.state_of(&row.state)?,
            send: row.send,
            code: row.code,
            detail: row.detail,
            runner,
            method: row.method,
            path: row.path,
            status: row.status,
            duration_ms: row.duration_ms,
            job,
            previous,
            digest,
        })
    }
}

/// Up to `limit` jobs as they lie, in the fleet's order, that come after the one with this row and key.
pub(in crate::store) async fn raw_jobs(
    connection: &mut SqliteConnection,
    campaign_id: i64,
    filter: &Filter,
    (row, id): (i64, i64),
    limit: i64,
) -> sqlx::Result<Vec<RawJob>> {
    let states = filter.states.iter().fold(String::from(","), |list, state| list + state.name() + ",");
    sqlx::query_as(PAGE)
        .bind(campaign_id)
        .bind(row)
        .bind(id)
        .bind(states)
        .bind(filter.project.as_deref())
        .bind(filter.code.as_deref())
        .bind(filter.wave.map(Wave::number))
        .bind(limit)
        .fetch_all(connection)
        .await
}

/// The histories of jobs as they lie, by job and then by number, each event as the JSON array that an [`EventRow`] is
/// read from.
pub(in crate::store) async fn events_of(connection: &mut SqliteConnection, jobs: &[i64]) -> sqlx::Result<Vec<String>> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let list = placeholders(1, jobs.len());
    let sql = format!(
        "SELECT {} FROM events LEFT JOIN runners ON runners.id = events.runner WHERE job_id IN {list} \
        ORDER BY job_id, seq",
        EventRow::ARRAY
    );
    let query = sqlx::query_scalar(AssertSqlSafe(sql)).persistent(jobs.len() == CHUNK);
    jobs.iter().fold(query, |query, id| query.bind(*id)).fetch_all(connection).await
}
