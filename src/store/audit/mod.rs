//! The audit: is every history as it was written, and does every row follow from its history?
//!
//! All is read in one transaction, so that a run at work beside it changes nothing about the picture.

mod row;

use std::collections::HashMap;
use std::fmt;

use sqlx::{AssertSqlSafe, FromRow, SqliteConnection};

use crate::store::chain::{Digest, Whole};
use crate::store::columns::JobRow;
use crate::store::rows::{EventRow, events_sql};
use crate::store::{Campaign, Result, Store};

/// A campaign whose rows and histories fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// How many jobs there are.
    pub jobs: i64,
    /// How many events they have.
    pub events: i64,
    /// The digest over the newest events of all jobs, in the fleet's order.
    pub digest: Digest,
}

/// The first thing that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Which job's, `PROJECT/CLUSTER`, if it is one's.
    pub job: Option<String>,
    /// The number of the event, if it is an event's.
    pub seq: Option<i64>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comma = if self.seq.is_some() { ", " } else { ": " };
        if let Some(job) = &self.job {
            write!(out, "{job}{comma}")?;
        }
        if let Some(seq) = self.seq {
            write!(out, "event {seq}: ")?;
        }
        out.write_str(&self.what)
    }
}

/// What is found, or the first thing that does not fit.
type Found<T> = std::result::Result<T, Misfit>;

/// How many jobs are read at once.
const PAGE: i64 = 500;

/// A campaign's jobs in the fleet's order, the next few.
macro_rules! in_order {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM jobs WHERE campaign_id = $1 AND (row, id) > ($2, $3) ORDER BY row, id LIMIT $4"
        )
    };
}
const JOBS: &str = in_order!("*");
const HEADS: &str = in_order!("row, id, head");
const EXPECTED: &str = "SELECT jobs FROM campaigns WHERE id = $1";
const STRAY: &str = "SELECT job_id, seq FROM events \
    WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = events.job_id) LIMIT 1";

#[derive(FromRow)]
struct HeadRow {
    row: i64,
    id: i64,
    head: Vec<u8>,
}

impl Store {
    /// Recomputes every digest of a campaign and checks that each job's row is what its events made of it; names
    /// the first thing that does not fit.
    pub async fn verify(&self, campaign: &Campaign) -> Result<Result<Verified, Misfit>> {
        let mut tx = self.explained(on_pool!(self, readers, pool => pool.begin().await))?;
        let _still = self.still();
        let (mut jobs, mut events) = (0, 0);
        let mut whole = Whole::new(&campaign.name, &campaign.operation, campaign.against.as_deref());
        let mut after = (i64::MIN, i64::MIN);
        loop {
            let rows = sqlx::query_as(JOBS).bind(campaign.id).bind(after.0).bind(after.1).bind(PAGE);
            let rows: Vec<JobRow> = self.explained(rows.fetch_all(&mut *tx).await)?;
            let Some(last) = rows.last() else { break };
            after = (last.row, last.id);
            let mut histories = self.histories(&mut tx, &rows).await?;
            for row in rows {
                let history = histories.remove(&row.id).unwrap_or_default();
                jobs += 1;
                events += history.len() as i64;
                match row::check(self, campaign, row, history) {
                    Ok(head) => whole.add(head),
                    Err(misfit) => return Ok(Err(misfit)),
                }
            }
        }
        if let Some(misfit) = self.missing_or_stray(&mut tx, campaign, jobs).await? {
            return Ok(Err(misfit));
        }
        Ok(Ok(Verified { jobs, events, digest: whole.done() }))
    }

    /// The digest over the newest events of all jobs of a campaign, in the fleet's order; nothing is checked.
    pub async fn digest(&self, campaign: &Campaign) -> Result<Digest> {
        let mut whole = Whole::new(&campaign.name, &campaign.operation, campaign.against.as_deref());
        let mut after = (i64::MIN, i64::MIN);
        loop {
            let rows: sqlx::Result<Vec<HeadRow>> = on_pool!(self, readers, pool => sqlx::query_as(HEADS)
                .bind(campaign.id).bind(after.0).bind(after.1).bind(PAGE * 10).fetch_all(pool).await);
            let rows = self.explained(rows)?;
            let Some(last) = rows.last() else { return Ok(whole.done()) };
            after = (last.row, last.id);
            for row in &rows {
                whole.add(self.digest_of("a job", "head", &row.head)?);
            }
        }
    }

    async fn histories(
        &self,
        connection: &mut SqliteConnection,
        rows: &[JobRow],
    ) -> Result<HashMap<i64, Vec<EventRow>>> {
        let query = sqlx::query_as(AssertSqlSafe(events_sql(rows.len()))).persistent(false);
        let events = rows.iter().fold(query, |query, row| query.bind(row.id)).fetch_all(connection).await;
        let mut histories: HashMap<i64, Vec<EventRow>> = HashMap::new();
        for event in self.explained(events)? {
            let event: EventRow = event;
            histories.entry(event.job_id).or_default().push(event);
        }
        Ok(histories)
    }

    /// A row that is gone altogether leaves no trace but the count, and its events have nobody.
    async fn missing_or_stray(
        &self,
        connection: &mut SqliteConnection,
        campaign: &Campaign,
        jobs: i64,
    ) -> Result<Option<Misfit>> {
        let expected = sqlx::query_scalar(EXPECTED).bind(campaign.id).fetch_one(&mut *connection).await;
        let expected: i64 = self.explained(expected)?;
        let stray = sqlx::query_as(STRAY).fetch_optional(connection).await;
        let stray: Option<(i64, i64)> = self.explained(stray)?;
        let misfit = |seq, what| Some(Misfit { job: None, seq, what });
        Ok(match stray {
            Some((job, seq)) => misfit(Some(seq), format!("it belongs to job {job}, which is not there")),
            None if jobs != expected => {
                misfit(None, format!("{} has {jobs} jobs, and {expected} were loaded", campaign.name))
            }
            None => None,
        })
    }
}
