//! Numbers about a campaign, each by one walk over an index.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Millis;
use crate::domain::summary::Counts;
use crate::domain::waiting::{Admission, Unexpected};
use crate::domain::wave::Wave;
use crate::store::database::Store;
use crate::store::error::Result;

pub(in crate::store) const COUNTS: &str =
    "SELECT state, wave, count(*) FROM jobs WHERE campaign_id = $1 GROUP BY state, wave";
// A seek in the index for each live state; one query over all of them would walk through every live job.
macro_rules! first {
    ($state:literal) => {
        concat!("SELECT min(wave) AS wave FROM jobs WHERE campaign_id = $1 AND state = '", $state, "'")
    };
}
pub(in crate::store) const WAVE: &str = concat!(
    "SELECT min(wave) FROM (",
    first!("pending"),
    " UNION ALL ",
    first!("ready"),
    " UNION ALL ",
    first!("submitting"),
    " UNION ALL ",
    first!("verifying"),
    " UNION ALL ",
    first!("upgrading"),
    ") AS waves"
);
const IN_FLIGHT: &str = "SELECT id, project_id FROM jobs WHERE campaign_id = $1 AND finished_at IS NULL \
    AND state <> 'pending' AND state IN ('submitting', 'verifying', 'upgrading') ORDER BY id";
const UNEXPECTED: &str = "SELECT coalesce(sum(missing > 0), 0), coalesce(sum(missing = 0 AND streak_since IS NOT NULL), 0) \
    FROM jobs WHERE campaign_id = $1 AND finished_at IS NULL AND state <> 'pending' AND state = 'upgrading'";
pub(in crate::store) const ACCEPTED: &str =
    "SELECT count(*) FROM (SELECT 1 FROM jobs WHERE campaign_id = $1 AND accepted = 1 LIMIT 1) AS found";
const FINISHED: &str = "SELECT count(*) FROM jobs WHERE campaign_id = $1 AND finished_at >= $2";

const UPGRADE_TIMES: &str = "SELECT finished_at - accepted_at FROM jobs JOIN campaigns ON campaigns.id = campaign_id \
    WHERE operation = $1 AND state = 'succeeded' AND accepted_at IS NOT NULL AND unattended_ms = 0 AND against <> 'simulation' ORDER BY finished_at";

impl Store {
    /// How many of a campaign's jobs are in which state.
    pub async fn counts(&self, campaign_id: i64) -> Result<Counts> {
        Ok(self.counts_by_wave(campaign_id).await?.into_values().sum())
    }

    /// The same for each wave of the campaign; a campaign without waves is one.
    pub async fn counts_by_wave(&self, campaign_id: i64) -> Result<BTreeMap<Wave, Counts>> {
        let rows: sqlx::Result<Vec<(String, i64, i64)>> =
            on_pool!(self, readers, pool => sqlx::query_as(COUNTS).bind(campaign_id).fetch_all(pool).await);
        let mut waves: BTreeMap<Wave, Counts> = BTreeMap::new();
        for (state, wave, jobs) in self.explained(rows)? {
            waves.entry(Wave::numbered(wave)).or_default().add(self.state_of(&state)?, jobs);
        }
        Ok(waves)
    }

    /// The earliest wave with a live job: the one whose jobs may be begun. `None` when every job has ended.
    pub async fn wave(&self, campaign_id: i64) -> Result<Option<Wave>> {
        let wave: sqlx::Result<Option<i64>> =
            on_pool!(self, readers, pool => sqlx::query_scalar(WAVE).bind(campaign_id).fetch_one(pool).await);
        Ok(self.explained(wave)?.map(Wave::numbered))
    }

    /// What may be begun in a campaign.
    pub async fn admission(&self, campaign_id: i64) -> Result<Admission> {
        let wave = self.wave(campaign_id).await?.unwrap_or(Wave::REST);
        Ok(Admission { holds: self.holds(campaign_id).await?, wave, now: None })
    }

    /// How many upgrades are not what they should be, by their newest looks.
    pub async fn unexpected(&self, campaign_id: i64) -> Result<Unexpected> {
        let counts: sqlx::Result<(i64, i64)> =
            on_pool!(self, readers, pool => sqlx::query_as(UNEXPECTED).bind(campaign_id).fetch_one(pool).await);
        let (missing, unchanged) = self.explained(counts)?;
        Ok(Unexpected { missing, unchanged })
    }

    /// The jobs in flight: id and project.
    pub async fn in_flight(&self, campaign_id: i64) -> Result<Vec<(i64, String)>> {
        let rows = on_pool!(self, readers, pool => sqlx::query_as(IN_FLIGHT).bind(campaign_id).fetch_all(pool).await);
        self.explained(rows)
    }

    /// Whether Atlas has accepted any request of this campaign.
    pub async fn accepted_any(&self, campaign_id: i64) -> Result<bool> {
        let found: sqlx::Result<i64> =
            on_pool!(self, readers, pool => sqlx::query_scalar(ACCEPTED).bind(campaign_id).fetch_one(pool).await);
        Ok(self.explained(found)? > 0)
    }

    /// How long the upgrades of an operation took, as far as the database knows: from the acceptance until it was
    /// noticed that they were done. Those of simulations are no experience.
    pub async fn upgrade_times(&self, operation: &str) -> Result<Vec<Duration>> {
        let spans: sqlx::Result<Vec<i64>> =
            on_pool!(self, readers, pool => sqlx::query_scalar(UPGRADE_TIMES).bind(operation).fetch_all(pool).await);
        Ok(self.explained(spans)?.into_iter().map(|millis| Duration::from_millis(millis.unsigned_abs())).collect())
    }

    /// How many jobs have ended at `since` or later.
    pub async fn finished_since(&self, campaign_id: i64, since: Millis) -> Result<i64> {
        let jobs = on_pool!(self, readers, pool =>
            sqlx::query_scalar(FINISHED).bind(campaign_id).bind(since.0).fetch_one(pool).await);
        self.explained(jobs)
    }
}
