//! Claims, and the reads that the engine works with.

use sqlx::AssertSqlSafe;

use crate::clock::Millis;
use crate::domain::job::Job;
use crate::domain::wave::Wave;
use crate::store::backend::bulk::{parts, placeholders};
use crate::store::database::Store;
use crate::store::error::Result;
use crate::store::queue::claim_cache::CachedRow;
use crate::store::queue::columns::{JobRow, job_row, rows_by_id};
use crate::store::queue::siblings::unsettled;

/// Which jobs a claim takes. Each lane has an index of its own, so that what is under way never waits behind a
/// long queue of jobs that have not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Jobs of this wave that wait for their first look.
    Pending(Wave),
    /// All other live jobs.
    Rest,
}

// A claim by another runner than the last one starts `overdue` again: it counts what this process has seen.
macro_rules! claim {
    ($lane:literal) => {
        concat!(
            "UPDATE jobs SET claimed_by = $1, runner = $1, ",
            "overdue = CASE WHEN runner = $1 THEN overdue ELSE 0 END ",
            "WHERE id IN (SELECT id FROM jobs WHERE campaign_id = $2 AND ",
            $lane,
            " AND claimed_by IS NULL AND due_at <= $3 ORDER BY due_at, row LIMIT $4) RETURNING ",
            job_row!()
        )
    };
}
pub(in crate::store) const CLAIM_PENDING: &str = claim!("state = 'pending' AND wave = $5");
pub(in crate::store) const CLAIM_REST: &str = claim!("state <> 'pending'");

const FREE_PENDING: &str = "UPDATE jobs SET claimed_by = NULL \
    WHERE campaign_id = $1 AND state = 'pending' AND claimed_by IS NOT NULL";
const JOB: &str = concat!(
    "SELECT ",
    job_row!(),
    " FROM jobs WHERE lower(project_id) = lower($2) AND lower(cluster_name) = lower($3) \
    AND campaign_id = $1 ORDER BY cluster_name <> $3, id LIMIT 1"
);
const UNFINISHED: &str = concat!(
    "SELECT ",
    job_row!(),
    " FROM jobs WHERE campaign_id = $1 AND id > $2 AND finished_at IS NULL AND state <> 'pending' ORDER BY id LIMIT $3"
);
const IN_OTHER_HANDS: &str = concat!(
    "SELECT ",
    job_row!(),
    " FROM jobs WHERE campaign_id = $1 AND finished_at IS NULL \
    AND state <> 'pending' AND claimed_by <> $2 ORDER BY id LIMIT $3"
);
const NEXT_PENDING: &str = "SELECT min(due_at) FROM jobs WHERE campaign_id = $1 \
    AND state = 'pending' AND wave = $2 AND claimed_by IS NULL AND due_at IS NOT NULL";
const NEXT_REST: &str = "SELECT min(due_at) FROM jobs WHERE campaign_id = $1 \
    AND state <> 'pending' AND claimed_by IS NULL AND due_at IS NOT NULL";

/// Jobs that a claim has taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimedJobs {
    /// Those that may be acted upon.
    pub jobs: Vec<Job>,
    /// Those that have not begun, and to whose clusters another job may have a request under way: they must be
    /// verified first (rule 7).
    pub asked_elsewhere: Vec<Job>,
}

impl Store {
    /// Takes up to `limit` jobs of `lane` that are due at `now` and claimed by nobody, the longest due first, in the
    /// fleet's order among equals. They are `runner`'s until it writes them ([`Store::record`]) or defers them.
    ///
    /// It asks about other jobs for the same clusters, since a claim comes before all that a runner begins, and since
    /// no other campaign sends anything while this runner holds its lock.
    pub async fn claim(
        &self,
        campaign_id: i64,
        runner: &str,
        lane: Lane,
        now: Millis,
        limit: i64,
    ) -> Result<ClaimedJobs> {
        let bind = |claim| sqlx::query_as(claim).bind(runner).bind(campaign_id).bind(now.0).bind(limit);
        let rows = match lane {
            Lane::Pending(wave) => bind(CLAIM_PENDING).bind(wave.number()),
            Lane::Rest => bind(CLAIM_REST),
        };
        let mut read = Vec::new();
        let mut tx = self.begin().await?;
        let frozen = self.freeze_clock();
        let rows: Vec<JobRow> = self.explained(rows.fetch_all(&mut *tx).await)?;
        // A row that does not fit its seal stays as it is.
        let mut jobs = Vec::with_capacity(rows.len());
        for row in rows {
            let (job, meta) = self.verified(row)?;
            read.push((job.id, CachedRow { revision: job.revision, row: job.row, meta }));
            jobs.push(job);
        }
        let ids: Vec<i64> = jobs.iter().map(|job| job.id).collect();
        let unsettled = self.explained(unsettled(&mut tx, &ids).await)?;
        self.commit(tx).await?;
        drop(frozen);
        self.claim_cache.insert(read);
        // RETURNING knows no order.
        jobs.sort_by_key(|job| (job.schedule.due_at, job.row, job.id));
        let (asked_elsewhere, jobs) = jobs.into_iter().partition(|job| unsettled.contains(&job.id));
        Ok(ClaimedJobs { jobs, asked_elsewhere })
    }

    /// Gives `runner`'s claims back without a word in the history; the jobs are due again at `until`.
    pub async fn defer(&self, runner: &str, ids: &[i64], until: Millis) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        self.claim_cache.remove(ids);
        let mut tx = self.begin().await?;
        let _frozen = self.freeze_clock();
        for (part, room) in parts(ids) {
            let sql = format!(
                "UPDATE jobs SET claimed_by = NULL, due_at = ? WHERE claimed_by = ? AND finished_at IS NULL AND id IN {}",
                placeholders(1, room)
            );
            let query = sqlx::query(AssertSqlSafe(sql)).bind(until.0).bind(runner);
            let deferred = part.iter().fold(query, |query, id| query.bind(*id)).execute(&mut *tx).await;
            self.explained(deferred)?;
        }
        self.commit(tx).await
    }

    /// The job for a cluster in a campaign, if the fleet has or had it; the name may be in any case.
    pub async fn job(&self, campaign_id: i64, project: &str, name: &str) -> Result<Option<Job>> {
        let row: sqlx::Result<Option<JobRow>> = on_pool!(self, readers, pool => sqlx::query_as(JOB)
            .bind(campaign_id).bind(project).bind(name).fetch_optional(pool).await);
        self.explained(row)?.map(|row| self.job_of(row)).transpose()
    }

    /// The jobs with these ids as they are now; the order is that of the database.
    pub async fn reload(&self, ids: &[i64]) -> Result<Vec<Job>> {
        let rows = on_pool!(self, readers, pool =>
            async { rows_by_id(&mut *pool.acquire().await?, ids).await }.await);
        self.jobs_of(self.explained(rows)?)
    }

    /// Up to `limit` live jobs beyond pending with an id above `after_id`, by id: what a take-over goes through.
    pub async fn unfinished(&self, campaign_id: i64, after_id: i64, limit: i64) -> Result<Vec<Job>> {
        let rows: sqlx::Result<Vec<JobRow>> = on_pool!(self, readers, pool => sqlx::query_as(UNFINISHED)
            .bind(campaign_id).bind(after_id).bind(limit).fetch_all(pool).await);
        self.jobs_of(self.explained(rows)?)
    }

    /// Up to `limit` live jobs beyond pending that another runner than `runner` has claimed. There are none unless one
    /// claimed in the moment before it noticed that its lock was lost.
    pub async fn in_other_hands(&self, campaign_id: i64, runner: &str, limit: i64) -> Result<Vec<Job>> {
        let rows: sqlx::Result<Vec<JobRow>> = on_pool!(self, readers, pool => sqlx::query_as(IN_OTHER_HANDS)
            .bind(campaign_id).bind(runner).bind(limit).fetch_all(pool).await);
        self.jobs_of(self.explained(rows)?)
    }

    /// Releases the claims of all pending jobs of a campaign, whose runner is dead.
    pub async fn free_pending(&self, campaign_id: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        let _frozen = self.freeze_clock();
        self.explained(sqlx::query(FREE_PENDING).bind(campaign_id).execute(&mut *tx).await)?;
        self.commit(tx).await
    }

    /// When the first job of `lane` that nobody holds is due; `None` if there is none.
    pub async fn next_due(&self, campaign_id: i64, lane: Lane) -> Result<Option<Millis>> {
        let due: sqlx::Result<Option<i64>> = on_pool!(self, readers, pool => {
            let next = match lane {
                Lane::Pending(wave) => sqlx::query_scalar(NEXT_PENDING).bind(campaign_id).bind(wave.number()),
                Lane::Rest => sqlx::query_scalar(NEXT_REST).bind(campaign_id),
            };
            next.fetch_one(pool).await
        });
        Ok(self.explained(due)?.map(Millis))
    }
}
