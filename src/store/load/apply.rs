//! What a fleet's rows mean for the jobs, worked out in the database and done in chunks.
//!
//! A row that is new becomes a job, whose chain begins with its name. A row that wants something else, or carries
//! something else along, is an event; one that has only moved in the list is none. All are sealed anew.

use sqlx::AssertSqlSafe;

use crate::domain::history::{Entry, Kind};
use crate::domain::job::{Job, Wanted};
use crate::store::backend::bulk::placeholders;
use crate::store::backend::from_row::from_row;
use crate::store::error::Result;
use crate::store::history::chain::{self, LoadedColumns};
use crate::store::history::digest::Digest;
use crate::store::load::{CHUNK, Loaded, Loader};
use crate::store::queue::columns::{JobRow, job_row};
use crate::store::queue::record::{ChainPosition, chained};
use crate::store::queue::statements::{self, AppendedEvent};

// Another wish is news to whoever has read the job; another place in the list is not.
pub(in crate::store) const CHANGED: &str = concat!(
    "SELECT ",
    job_row!(),
    ", incoming.n AS new_n, incoming.row AS new_row, incoming.wanted AS new_wanted, \
    incoming.extra AS new_extra, incoming.wave AS new_wave FROM ",
    pairs!("CROSS JOIN"),
    "WHERE incoming.n > $2 AND (jobs.row <> incoming.row OR jobs.extra <> incoming.extra \
    OR jobs.wanted <> incoming.wanted) ORDER BY incoming.n LIMIT $3"
);
const RETURNED: &str =
    concat!("SELECT ", job_row!(), " FROM ", pairs!("JOIN"), "WHERE ", gone!(), " ORDER BY +jobs.row, jobs.id");
const LEFT: &str = concat!(
    "SELECT ",
    job_row!(),
    " FROM jobs WHERE campaign_id = $1 AND state IN ('pending', 'ready') \
    AND NOT EXISTS (SELECT 1 FROM incoming WHERE ",
    same_cluster!("incoming", "jobs"),
    ") AND ",
    stands!(),
    "ORDER BY row, id"
);
pub(in crate::store) const DUPLICATES: &str = concat!(
    "SELECT ",
    job_row!(),
    ", other.cluster_name FROM jobs JOIN jobs AS other ON other.id = jobs.duplicate_of \
        AND other.campaign_id = jobs.campaign_id \
    WHERE jobs.campaign_id = $1 AND jobs.duplicate_of IS NOT NULL AND jobs.finished_at IS NULL \
    ORDER BY +jobs.row, jobs.id"
);
pub(in crate::store) const NEW: &str = concat!(
    "SELECT n, row, project_id, cluster_name, wanted, extra, wave FROM incoming WHERE n > $2 \
    AND NOT EXISTS (SELECT 1 FROM jobs WHERE ",
    same_cluster!("jobs", "incoming"),
    " AND jobs.campaign_id = $1) ORDER BY n LIMIT $3"
);
const LAST_ID: &str = "SELECT coalesce(max(id), 0) FROM jobs";
const TOUCH: &str = "UPDATE campaigns SET columns = $2, jobs = jobs + $4, fleet = NULL, \
    touched_at = CASE WHEN touched_at < $3 THEN $3 ELSE touched_at END WHERE id = $1";
const FORGET: &str = "DROP TABLE incoming";

/// A job, and the row of the fleet that it is to follow.
struct ChangedRow {
    job: JobRow,
    new_n: i64,
    new_row: i64,
    new_wanted: String,
    new_extra: String,
    new_wave: i64,
}

from_row!(ChangedRow { new_n, new_row, new_wanted, new_extra, new_wave } flatten job);

/// A job, and the name that the other one of its campaign has for the same cluster.
struct DuplicateRow {
    job: JobRow,
    cluster_name: String,
}

from_row!(DuplicateRow { cluster_name } flatten job);

/// A row of the fleet without a job.
struct NewRow {
    n: i64,
    row: i64,
    project_id: String,
    cluster_name: String,
    wanted: String,
    extra: String,
    wave: i64,
}

from_row!(NewRow { n, row, project_id, cluster_name, wanted, extra, wave });

/// A job whose row of the fleet says something else than before.
struct MovedRow<'a> {
    row: i64,
    wanted: &'a str,
    extra: &'a str,
    wave: i64,
    revision: i64,
    events: i64,
    head: Digest,
    seal: Digest,
}

column_values! {
    MOVED, bind_moved(row: &MovedRow<'_>) {
        row: row.row,
        wanted: row.wanted,
        extra: row.extra,
        wave: row.wave,
        revision: row.revision,
        events: row.events,
        head: row.head.bytes(),
        seal: row.seal.bytes(),
    }
}

/// A job that is added, as its row begins.
struct AddedJob<'a> {
    job: Job,
    wanted: &'a str,
    extra: &'a str,
    wave: i64,
    head: Digest,
    seal: Digest,
}

column_values! {
    ADDED, bind_added(row: &AddedJob<'_>) {
        id: row.job.id,
        campaign_id: row.job.campaign_id,
        row: row.job.row,
        project_id: &*row.job.project_id,
        cluster_name: &*row.job.cluster_name,
        wanted: row.wanted,
        extra: row.extra,
        wave: row.wave,
        due_at: row.job.schedule.due_at.map(|at| at.0),
        head: row.head.bytes(),
        seal: row.seal.bytes(),
    }
}

impl Loader {
    /// Turns the rows into jobs and commits.
    pub(super) async fn apply(mut self) -> Result<Loaded> {
        let changed = self.change().await?;
        let returned = self.jobs(RETURNED).await?;
        let left = self.jobs(LEFT).await?;
        let duplicates = self.duplicates().await?;
        let added = self.add().await?;
        let (id, now) = (self.campaign_id, self.now.0);
        let columns = self.columns.as_deref().unwrap_or("[]");
        let touched = sqlx::query(TOUCH).bind(id).bind(columns).bind(now).bind(added).execute(&mut *self.tx).await;
        self.store.explained(touched)?;
        self.store.seal(&mut self.tx, id).await?;
        self.store.explained(sqlx::query(FORGET).execute(&mut *self.tx).await)?;
        self.store.commit(self.tx).await?;
        let unchanged = self.total - added - changed;
        Ok(Loaded { campaign_id: id, total: self.total, added, unchanged, changed, returned, left, duplicates })
    }

    /// Lets the jobs follow their rows; returns how many rows want something else or carry something else along.
    async fn change(&mut self) -> Result<i64> {
        let (mut changed, mut after) = (0, -1);
        loop {
            let rows = sqlx::query_as(CHANGED).bind(self.campaign_id).bind(after).bind(CHUNK as i64);
            let rows: sqlx::Result<Vec<ChangedRow>> = rows.fetch_all(&mut *self.tx).await;
            let rows = self.store.explained(rows)?;
            let Some(last) = rows.last() else { return Ok(changed) };
            after = last.new_n;
            for row in rows {
                changed += i64::from(self.follow(row).await?);
            }
        }
    }

    /// Lets one job follow its row; says whether that is more than another place in the list.
    async fn follow(&mut self, changed: ChangedRow) -> Result<bool> {
        let ChangedRow { job: row, new_row, new_wanted, new_extra, new_wave, .. } = changed;
        let loaded = LoadedColumns { wanted: &new_wanted, extra: &new_extra };
        let (mut job, meta) = self.store.verified(row)?;
        let (mut events, mut head) = (meta.events, meta.head);
        let entry = entry(meta.loaded(), loaded);
        job.row = new_row;
        job.revision += i64::from(meta.wanted != new_wanted);
        let what = chain::job(&job, loaded);
        if let Some(entry) = &entry {
            events += 1;
            let place = ChainPosition { seq: events, job: what, previous: head };
            let event = chained(entry, None, (&job, self.now), &self.runner, place);
            head = event.digest();
            let appended = statements::append(&[&AppendedEvent { job_id: job.id, event, digest: head }]);
            self.store.explained(statements::run(&mut self.tx, appended).await)?;
        }
        let seal = chain::seal(&job, what, (events, head), meta.runner.as_deref());
        let (id, row) = (job.id, job.row);
        let row = MovedRow {
            row,
            wanted: &new_wanted,
            extra: &new_extra,
            wave: new_wave,
            revision: job.revision,
            events,
            head,
            seal,
        };
        let sets: Vec<String> = MOVED.iter().map(|column| format!("{column} = ?")).collect();
        let sql = format!("UPDATE jobs SET {} WHERE id = ?", sets.join(", "));
        let moved = bind_moved(sqlx::query(AssertSqlSafe(sql)), &row).bind(id).execute(&mut *self.tx).await;
        self.store.explained(moved)?;
        Ok(entry.is_some())
    }

    /// Makes jobs of the rows that have none; returns how many.
    async fn add(&mut self) -> Result<i64> {
        let last = sqlx::query_scalar(LAST_ID).fetch_one(&mut *self.tx).await;
        let first: i64 = self.store.explained(last)?;
        let (mut added, mut after) = (0, -1);
        loop {
            let rows = sqlx::query_as(NEW).bind(self.campaign_id).bind(after).bind(CHUNK as i64);
            let rows: sqlx::Result<Vec<NewRow>> = rows.fetch_all(&mut *self.tx).await;
            let rows = self.store.explained(rows)?;
            let Some(last) = rows.last() else { return Ok(added) };
            after = last.n;
            self.insert(first + added, &rows).await?;
            added += rows.len() as i64;
        }
    }

    /// Inserts jobs for these rows; their keys follow upon `last_id`.
    async fn insert(&mut self, last_id: i64, rows: &[NewRow]) -> Result<()> {
        let (columns, values) = (ADDED.join(", "), placeholders(rows.len(), ADDED.len()));
        let sql = format!("INSERT INTO jobs ({columns}) VALUES {values}");
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(rows.len() == CHUNK);
        for (row, id) in rows.iter().zip(last_id + 1..) {
            let NewRow { row: place, project_id, cluster_name, wanted, extra, wave, .. } = row;
            let fresh = Job::new(*place, project_id, cluster_name, Wanted::default(), self.now);
            let job = Job { id, campaign_id: self.campaign_id, ..fresh };
            let head = chain::beginning(&self.campaign, project_id, cluster_name);
            let seal = chain::seal(&job, chain::job(&job, LoadedColumns { wanted, extra }), (0, head), None);
            query = bind_added(query, &AddedJob { job, wanted, extra, wave: *wave, head, seal });
        }
        let inserted = query.execute(&mut *self.tx).await;
        self.store.explained(inserted).map(drop)
    }

    async fn duplicates(&mut self) -> Result<Vec<(Job, String)>> {
        let rows = sqlx::query_as(DUPLICATES).bind(self.campaign_id).fetch_all(&mut *self.tx).await;
        let rows: Vec<DuplicateRow> = self.store.explained(rows)?;
        rows.into_iter().map(|row| Ok((self.store.job_of(row.job)?, row.cluster_name))).collect()
    }

    async fn jobs(&mut self, sql: &'static str) -> Result<Vec<Job>> {
        let rows: sqlx::Result<Vec<JobRow>> = sqlx::query_as(sql).bind(self.campaign_id).fetch_all(&mut *self.tx).await;
        self.store.jobs_of(self.store.explained(rows)?)
    }
}

/// What the history shall say about a row that wants something else or carries something else along.
fn entry(old: LoadedColumns<'_>, new: LoadedColumns<'_>) -> Option<Entry> {
    let wanted = (old.wanted != new.wanted).then(|| format!("wanted was {}", old.wanted));
    let extra = (old.extra != new.extra).then(|| format!("its own columns were {}", old.extra));
    let changes: Vec<String> = wanted.into_iter().chain(extra).collect();
    (!changes.is_empty()).then(|| Entry::new(Kind::Changed).saying(changes.join("; ")))
}
