//! How a job lies in its row: the columns of table `jobs`, read back into a [`Job`] and its [`RowMeta`].

use std::fmt::{Display, from_fn};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow, Row as _, SqliteConnection};

use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::job::{Identity, IfNotLanded, Job, State, Streak};
use crate::domain::wave::Wave;
use crate::store::backend::bulk::{parts, placeholders};
use crate::store::history::digest::Digest;
use crate::store::queue::row_meta::RowMeta;
use crate::store::{Result, Store, StoreError};

/// A row of `jobs` as one JSON array, in the order of [`JobRow`]: sqlx copies every value that it reads by itself, and
/// for 48 of them that takes longer than all the rest. The last one says whether `duplicate_of`, which no seal is over,
/// is true: it is set by a migration alone.
macro_rules! job_row {
    () => {
        "json_array(jobs.id, jobs.campaign_id, jobs.row, jobs.project_id, jobs.cluster_name, jobs.wanted, jobs.wave,  \
        jobs.extra, jobs.state, jobs.revision, jobs.send, jobs.attempts, jobs.open, jobs.accepted,  \
        jobs.if_not_landed, jobs.if_not_landed_code, jobs.if_not_landed_detail, jobs.left_at,  \
        jobs.streak_since, jobs.streak_id, jobs.streak_looks, jobs.missing, jobs.alone, jobs.deferrals,  \
        jobs.overdue, jobs.first_look_at, jobs.looked_at, jobs.sent_at, jobs.accepted_at,  \
        jobs.submitted_at, jobs.finished_at, jobs.due_at, jobs.error_code, jobs.error_detail,  \
        jobs.source_id, jobs.source_connection_string, jobs.target_id, jobs.target_connection_string,  \
        jobs.answered_id, jobs.seen, jobs.atlas_name, jobs.unattended_ms, jobs.asked_until, jobs.claimed_by, jobs.runner, jobs.events, hex(jobs.head),  \
        hex(jobs.seal), jobs.duplicate_of IS NULL OR EXISTS (SELECT 1 FROM jobs AS other  \
        WHERE other.id = jobs.duplicate_of AND other.id <> jobs.id  \
        AND coalesce(other.duplicate_of, 0) <> jobs.id  \
        AND lower(other.project_id) = lower(jobs.project_id)  \
        AND lower(other.cluster_name) = lower(jobs.cluster_name)))"
    };
}
pub(in crate::store) use job_row;

/// A row of `jobs` as the database has it: large, and so it travels in a box.
#[derive(Debug, Deserialize)]
pub(in crate::store) struct JobRow {
    pub(in crate::store) id: i64,
    campaign_id: i64,
    pub(in crate::store) row: i64,
    project_id: String,
    cluster_name: String,
    wanted: String,
    wave: i64,
    extra: String,
    state: String,
    pub(in crate::store) revision: i64,
    send: i64,
    attempts: i64,
    open: i64,
    accepted: i64,
    if_not_landed: Option<String>,
    if_not_landed_code: Option<String>,
    if_not_landed_detail: Option<String>,
    left_at: Option<i64>,
    streak_since: Option<i64>,
    streak_id: Option<String>,
    streak_looks: Option<i64>,
    missing: i64,
    alone: i64,
    deferrals: i64,
    overdue: i64,
    first_look_at: Option<i64>,
    looked_at: Option<i64>,
    sent_at: Option<i64>,
    accepted_at: Option<i64>,
    submitted_at: Option<i64>,
    finished_at: Option<i64>,
    due_at: Option<i64>,
    error_code: Option<String>,
    error_detail: Option<String>,
    source_id: Option<String>,
    source_connection_string: Option<String>,
    target_id: Option<String>,
    target_connection_string: Option<String>,
    answered_id: Option<String>,
    seen: Option<String>,
    atlas_name: Option<String>,
    unattended_ms: i64,
    asked_until: Option<i64>,
    claimed_by: Option<String>,
    runner: Option<String>,
    events: i64,
    /// In hex, as `seal` is.
    head: String,
    seal: String,
    duplicate_is_true: i64,
}

impl FromRow<'_, SqliteRow> for Box<JobRow> {
    /// Out of the first column, which [`job_row`] has made.
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        from_array(row.try_get(0)?)
    }
}

/// What a JSON array holds.
pub(in crate::store) fn from_array<T: DeserializeOwned>(array: &str) -> sqlx::Result<T> {
    serde_json::from_str(array).map_err(|error| sqlx::Error::Decode(error.into()))
}

impl JobRow {
    /// The job as people name it.
    pub(in crate::store) fn name(&self) -> String {
        format!("{}/{}", self.project_id, self.cluster_name)
    }
}

impl Store {
    /// The job that lies in `row`, and the rest of the row, whoever wrote it. What makes no sense is an error, never
    /// a guess.
    pub(in crate::store) fn unverified(&self, row: Box<JobRow>) -> Result<(Job, RowMeta)> {
        let row = *row;
        let what = from_fn(|out| write!(out, "{}/{}", row.project_id, row.cluster_name));
        let wanted = serde_json::from_str(&row.wanted).map_err(|error| self.nonsense(&what, "wanted", error))?;
        if row.wave != Wave::of(&wanted).number() {
            return Err(self.nonsense(&what, "wave", row.wave));
        }
        if row.duplicate_is_true != 1 {
            return Err(self.nonsense(&what, "duplicate_of", "no such other job"));
        }
        let state = self.state_of(&row.state)?;
        let streak = self.both(&what, "streak", row.streak_since, row.streak_id)?;
        let streak = self.both(&what, "streak", streak, row.streak_looks)?;
        let refused = self.both(&what, "if_not_landed_code", row.if_not_landed_code, row.if_not_landed_detail)?;
        let error = self.both(&what, "error_code", row.error_code, row.error_detail)?;
        let meta = RowMeta {
            wanted: row.wanted,
            extra: row.extra,
            claimed_by: row.claimed_by,
            runner: row.runner,
            events: row.events,
            head: self.digest_of(&what, "head", &row.head)?,
            seal: self.digest_of(&what, "seal", &row.seal)?,
        };
        let job = Job {
            id: row.id,
            campaign_id: row.campaign_id,
            row: row.row,
            wanted,
            state,
            revision: row.revision,
            send: row.send,
            attempts: row.attempts,
            open: self.flag(&what, "open", row.open)?,
            accepted: self.flag(&what, "accepted", row.accepted)?,
            if_not_landed: match (row.if_not_landed.as_deref(), refused) {
                (None, None) => None,
                (Some("ready"), None) => Some(IfNotLanded::Ready),
                (Some("cancelled"), None) => Some(IfNotLanded::Cancelled),
                (Some("failed"), Some((code, detail))) => Some(IfNotLanded::Failed(Fault { code, detail })),
                (other, _) => return Err(self.nonsense(&what, "if_not_landed", other.unwrap_or("none, with a code"))),
            },
            left_at: row.left_at.map(Millis),
            streak: streak.map(|((since, id), looks)| Streak { since: Millis(since), id, looks }),
            missing: row.missing,
            alone: self.flag(&what, "alone", row.alone)?,
            deferrals: row.deferrals,
            overdue: row.overdue,
            first_look_at: row.first_look_at.map(Millis),
            looked_at: row.looked_at.map(Millis),
            sent_at: row.sent_at.map(Millis),
            accepted_at: row.accepted_at.map(Millis),
            submitted_at: row.submitted_at.map(Millis),
            finished_at: row.finished_at.map(Millis),
            due_at: row.due_at.map(Millis),
            error: error.map(|(code, detail)| Fault { code, detail }),
            source: self.identity(&what, "source_id", row.source_id, row.source_connection_string)?,
            target: self.identity(&what, "target_id", row.target_id, row.target_connection_string)?,
            answered_id: row.answered_id,
            seen: row.seen,
            atlas_name: row.atlas_name,
            unattended_ms: row.unattended_ms,
            asked_until: row.asked_until.map(Millis),
            // Last, since they are what errors name.
            project_id: row.project_id,
            cluster_name: row.cluster_name,
        };
        Ok((job, meta))
    }

    /// The state called `name`.
    pub(in crate::store) fn state_of(&self, name: &str) -> Result<State> {
        State::of_name(name).ok_or_else(|| self.nonsense(&"a row", "state", name))
    }

    /// Two columns that are set together or not at all.
    fn both<A, B>(&self, what: &dyn Display, column: &str, one: Option<A>, other: Option<B>) -> Result<Option<(A, B)>> {
        match (one, other) {
            (Some(one), Some(other)) => Ok(Some((one, other))),
            (None, None) => Ok(None),
            _ => Err(self.nonsense(what, column, "half of it is missing")),
        }
    }

    fn identity(
        &self,
        what: &dyn Display,
        column: &str,
        id: Option<String>,
        connection_string: Option<String>,
    ) -> Result<Option<Identity>> {
        match (id, connection_string) {
            (None, Some(_)) => Err(self.nonsense(what, column, "none, with a connection string")),
            (id, connection_string) => Ok(id.map(|id| Identity { id, connection_string })),
        }
    }

    fn flag(&self, what: &dyn Display, column: &str, number: i64) -> Result<bool> {
        match number {
            0 | 1 => Ok(number == 1),
            other => Err(self.nonsense(what, column, other)),
        }
    }

    /// The digest that lies in a column, read as hex.
    pub(in crate::store) fn digest_of(&self, what: &dyn Display, column: &str, hex: &str) -> Result<Digest> {
        Digest::from_hex(hex).ok_or_else(|| self.nonsense(what, column, "not 32 bytes"))
    }

    /// The error for a column that holds what nobody writes.
    pub(in crate::store) fn nonsense(&self, what: &dyn Display, column: &str, found: impl Display) -> StoreError {
        let (what, column) = (what.to_string(), column.to_owned());
        StoreError::Nonsense { database: self.name(), what, column, found: found.to_string() }
    }
}

/// The rows with these keys, as they lie; the order is that of the database.
pub(in crate::store) async fn rows_by_id(
    connection: &mut SqliteConnection,
    ids: &[i64],
) -> sqlx::Result<Vec<Box<JobRow>>> {
    let mut rows = Vec::with_capacity(ids.len());
    for (part, room) in parts(ids) {
        let sql = format!("SELECT {} FROM jobs WHERE id IN {}", job_row!(), placeholders(1, room));
        let query = part.iter().fold(sqlx::query_as(AssertSqlSafe(sql)), |query, id| query.bind(*id));
        rows.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(rows)
}
