//! What a run leaves for other processes to read, and an operator for the run.

use crate::clock::Millis;
use crate::domain::run_notes::{AskedWait, Outage, RunNotes};
use crate::store::backend::from_row::from_row;
use crate::store::database::Store;
use crate::store::error::Result;
use crate::store::history::runner::Runner;

const NOTE: &str = "INSERT INTO run_notes (campaign_id, runner, outage, outage_since, asked_until, asked_again) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (campaign_id) DO UPDATE SET runner = excluded.runner, \
    outage = excluded.outage, outage_since = excluded.outage_since, \
    asked_until = excluded.asked_until, asked_again = excluded.asked_again";
const NOTES: &str = "SELECT runner, outage, outage_since, asked_until, asked_again FROM run_notes \
    WHERE campaign_id = $1 AND runner IS NOT NULL";
const BRING_FORWARD: &str = "INSERT INTO run_notes (campaign_id, forward_at) VALUES ($1, $2) \
    ON CONFLICT (campaign_id) DO UPDATE SET forward_at = excluded.forward_at";
const BROUGHT_FORWARD: &str = "SELECT forward_at FROM run_notes WHERE campaign_id = $1";
const ASKED: &str = "SELECT id FROM jobs WHERE campaign_id = $1 AND asked_until > $2 AND due_at > $2 \
    AND finished_at IS NULL AND ($3 = '' OR project_id = $3) AND id > $4 ORDER BY id LIMIT $5";
const ASKED_WAIT: &str = "SELECT count(*), max(asked_until), min(due_at) FROM jobs \
    WHERE campaign_id = $1 AND asked_until > $2 AND due_at > $2 AND finished_at IS NULL";

struct NotesRow {
    runner: String,
    outage: Option<String>,
    outage_since: Option<i64>,
    asked_until: Option<i64>,
    asked_again: Option<i64>,
}

from_row!(NotesRow { runner, outage, outage_since, asked_until, asked_again });

impl Store {
    /// Leaves what a run waits for, in the place of what the last one left.
    pub async fn note_run(&self, runner: &Runner, campaign_id: i64, notes: &RunNotes) -> Result<()> {
        let mut tx = self.begin().await?;
        let _frozen = self.freeze_clock();
        self.explained(runner.enlist(&mut tx).await)?;
        let written = sqlx::query(NOTE)
            .bind(campaign_id)
            .bind(&runner.id)
            .bind(notes.outage.as_ref().map(|outage| &*outage.words))
            .bind(notes.outage.as_ref().map(|outage| outage.since.0))
            .bind(notes.asked.map(|asked| asked.until.0))
            .bind(notes.asked.map(|asked| asked.again.0))
            .execute(&mut *tx)
            .await;
        self.explained(written)?;
        self.commit(tx).await
    }

    /// What the newest run has left, and the id of its runner.
    pub async fn run_notes(&self, campaign_id: i64) -> Result<Option<(String, RunNotes)>> {
        let row: sqlx::Result<Option<NotesRow>> =
            on_pool!(self, readers, pool => sqlx::query_as(NOTES).bind(campaign_id).fetch_optional(pool).await);
        Ok(self.explained(row)?.map(|row| {
            let outage = row.outage.zip(row.outage_since);
            let asked = row.asked_until.zip(row.asked_again);
            let notes = RunNotes {
                outage: outage.map(|(words, since)| Outage { words, since: Millis(since) }),
                asked: asked.map(|(until, again)| AskedWait { until: Millis(until), again: Millis(again) }),
            };
            (row.runner, notes)
        }))
    }

    /// An operator wants no waiting for what Atlas asked for: a run that is at work looks every few seconds.
    pub async fn bring_forward(&self, campaign_id: i64, at: Millis) -> Result<()> {
        let mut tx = self.begin().await?;
        let _frozen = self.freeze_clock();
        self.explained(sqlx::query(BRING_FORWARD).bind(campaign_id).bind(at.0).execute(&mut *tx).await)?;
        self.commit(tx).await
    }

    /// When an operator last wanted that.
    pub async fn brought_forward(&self, campaign_id: i64) -> Result<Option<Millis>> {
        let at: sqlx::Result<Option<Option<i64>>> = on_pool!(self, readers, pool => sqlx::query_scalar(BROUGHT_FORWARD).bind(campaign_id).fetch_optional(pool).await);
        Ok(self.explained(at)?.flatten().map(Millis))
    }

    /// Up to `limit` jobs behind the key `after` that wait at `now` for what Atlas asked for, in the order of their keys, of
    /// one project or (where it is empty) of all.
    pub async fn asked(
        &self,
        campaign_id: i64,
        project: &str,
        now: Millis,
        (after, limit): (i64, i64),
    ) -> Result<Vec<i64>> {
        let ids = on_pool!(self, readers, pool => sqlx::query_scalar(ASKED)
            .bind(campaign_id).bind(now.0).bind(project).bind(after).bind(limit).fetch_all(pool).await);
        self.explained(ids)
    }

    /// How many jobs wait at `now` for what Atlas asked for, and for how long.
    pub async fn asked_wait(&self, campaign_id: i64, now: Millis) -> Result<Option<(i64, AskedWait)>> {
        let row: sqlx::Result<(i64, Option<i64>, Option<i64>)> = on_pool!(self, readers, pool =>
            sqlx::query_as(ASKED_WAIT).bind(campaign_id).bind(now.0).fetch_one(pool).await);
        let (jobs, until, again) = self.explained(row)?;
        let wait = |(until, again)| (jobs, AskedWait { until: Millis(until), again: Millis(again) });
        Ok(until.zip(again).map(wait))
    }
}
