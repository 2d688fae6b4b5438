//! What a fleet's rows mean for the jobs, worked out in the database and done in chunks.
//!
//! A row that is new becomes a job, whose chain begins with its name. A row that wants something else, or carries
//! something else along, is an event; one that has only moved in the list is none. All are sealed anew.

use sqlx::{AssertSqlSafe, FromRow};

use crate::domain::history::{Entry, Kind};
use crate::domain::job::{Job, Wanted};
use crate::store::Result;
use crate::store::backend::bulk::placeholders;
use crate::store::history::chain::{self, LoadedColumns};
use crate::store::load::{CHUNK, Loaded, Loader};
use crate::store::queue::columns::{JobRow, job_row};
use crate::store::queue::record::{ChainPosition, link};
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
const MOVE: &str = "UPDATE jobs SET row = $2, wanted = $3, extra = $4, revision = $5, events = $6, head = $7, seal = $8, wave = $9 \
    WHERE id = $1";
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
#[derive(FromRow)]
struct ChangedRow {
    #[sqlx(flatten)]
    job: Box<JobRow>,
    new_n: i64,
    new_row: i64,
    new_wanted: String,
    new_extra: String,
    new_wave: i64,
}

/// A job, and the name that the other one of its campaign has for the same cluster.
#[derive(FromRow)]
struct DuplicateRow {
    #[sqlx(flatten)]
    job: Box<JobRow>,
    cluster_name: String,
}

/// A row of the fleet without a job.
#[derive(FromRow)]
struct NewRow {
    n: i64,
    row: i64,
    project_id: String,
    cluster_name: String,
    wanted: String,
    extra: String,
    wave: i64,
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
            let link = link(entry, None, (&job, self.now), &self.runner, place);
            head = link.digest();
            let appended = statements::append(&[&AppendedEvent { job_id: job.id, link, digest: head }]);
            self.store.explained(statements::run(&mut self.tx, appended).await)?;
        }
        let seal = chain::seal(&job, what, (events, head), meta.runner.as_deref());
        let moved = sqlx::query(MOVE)
            .bind(job.id)
            .bind(job.row)
            .bind(&new_wanted)
            .bind(&new_extra)
            .bind(job.revision)
            .bind(events)
            .bind(head.bytes())
            .bind(seal.bytes())
            .bind(new_wave)
            .execute(&mut *self.tx)
            .await;
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
        let sql = format!(
            "INSERT INTO jobs (id, campaign_id, row, project_id, cluster_name, wanted, extra, wave, due_at, head, seal) VALUES {}",
            placeholders(rows.len(), 11)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(rows.len() == CHUNK);
        for (row, id) in rows.iter().zip(last_id + 1..) {
            let NewRow { row, project_id, cluster_name, wanted, extra, wave, .. } = row;
            let fresh = Job::new(*row, project_id, cluster_name, Wanted::default(), self.now);
            let job = Job { id, campaign_id: self.campaign_id, ..fresh };
            let head = chain::beginning(&self.campaign, project_id, cluster_name);
            let seal = chain::seal(&job, chain::job(&job, LoadedColumns { wanted, extra }), (0, head), None);
            query = query.bind(id).bind(self.campaign_id).bind(row).bind(project_id).bind(cluster_name);
            query = query.bind(wanted).bind(extra).bind(wave);
            query = query.bind(self.now.0).bind(head.bytes().to_vec()).bind(seal.bytes().to_vec());
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
        let rows: sqlx::Result<Vec<Box<JobRow>>> =
            sqlx::query_as(sql).bind(self.campaign_id).fetch_all(&mut *self.tx).await;
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
