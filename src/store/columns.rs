//! How a job lies in its row: the columns of table `jobs`, read back into a [`Job`].

use sqlx::FromRow;

use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::job::{Identity, IfNotLanded, Job, State, Streak};
use crate::store::{Result, Store, StoreError};

/// A row of `jobs` as the database has it.
#[derive(Debug, FromRow)]
pub(super) struct JobRow {
    id: i64,
    campaign_id: i64,
    row: i64,
    project_id: String,
    cluster_name: String,
    wanted: String,
    pub(super) extra: String,
    state: String,
    revision: i64,
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
}

impl Store {
    /// The jobs that lie in `rows`. A row that makes no sense is an error, never a guess.
    pub(super) fn jobs_of(&self, rows: Vec<JobRow>) -> Result<Vec<Job>> {
        rows.into_iter().map(|row| self.job_of(row)).collect()
    }

    /// The job that lies in `row`.
    pub(super) fn job_of(&self, row: JobRow) -> Result<Job> {
        let what = format!("job {}", row.id);
        let wanted = serde_json::from_str(&row.wanted).map_err(|error| self.nonsense(&what, "wanted", error))?;
        let state = self.state_of(&row.state)?;
        let streak = row.streak_since.zip(row.streak_id).zip(row.streak_looks);
        let plan = row.if_not_landed_code.zip(row.if_not_landed_detail);
        Ok(Job {
            id: row.id,
            campaign_id: row.campaign_id,
            row: row.row,
            project_id: row.project_id,
            cluster_name: row.cluster_name,
            wanted,
            state,
            revision: row.revision,
            send: row.send,
            attempts: row.attempts,
            open: row.open != 0,
            accepted: row.accepted != 0,
            if_not_landed: match (row.if_not_landed.as_deref(), plan) {
                (None, _) => None,
                (Some("ready"), _) => Some(IfNotLanded::Ready),
                (Some("cancelled"), _) => Some(IfNotLanded::Cancelled),
                (Some("failed"), Some((code, detail))) => Some(IfNotLanded::Failed(Fault { code, detail })),
                (Some(other), _) => return Err(self.nonsense(&what, "if_not_landed", other)),
            },
            left_at: row.left_at.map(Millis),
            streak: streak.map(|((since, id), looks)| Streak { since: Millis(since), id, looks }),
            missing: row.missing,
            alone: row.alone != 0,
            deferrals: row.deferrals,
            overdue: row.overdue,
            first_look_at: row.first_look_at.map(Millis),
            looked_at: row.looked_at.map(Millis),
            sent_at: row.sent_at.map(Millis),
            accepted_at: row.accepted_at.map(Millis),
            submitted_at: row.submitted_at.map(Millis),
            finished_at: row.finished_at.map(Millis),
            due_at: row.due_at.map(Millis),
            error: row.error_code.zip(row.error_detail).map(|(code, detail)| Fault { code, detail }),
            source: identity(row.source_id, row.source_connection_string),
            target: identity(row.target_id, row.target_connection_string),
            answered_id: row.answered_id,
            seen: row.seen,
        })
    }

    /// The state called `name`.
    pub(super) fn state_of(&self, name: &str) -> Result<State> {
        State::of_name(name).ok_or_else(|| self.nonsense("a row", "state", name))
    }

    /// The error for a column that holds what nobody writes.
    pub(super) fn nonsense(&self, what: &str, column: &str, found: impl std::fmt::Display) -> StoreError {
        StoreError::other(self.name(), format!("{what} has a {column} that makes no sense: {found}"))
    }
}

fn identity(id: Option<String>, connection_string: Option<String>) -> Option<Identity> {
    id.map(|id| Identity { id, connection_string })
}

/// `$1, $2, $3` in as many brackets as there are rows, for the statements whose length depends on their input. The
/// one place in the house where SQL is put together; it holds numbers and nothing else.
pub(super) fn placeholders(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let names: Vec<String> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", names.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}
