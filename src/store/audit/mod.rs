//! The audit: is every history as it was written, does it make sense, and does every row follow from its history?

mod orphans;
pub(super) mod pass;
mod replay_check;
mod row;
pub(super) mod violation;

use sqlx::SqliteConnection;

use crate::store::audit::row::Auditor;
use crate::store::audit::violation::{OLD, UNSEALED, Violation, Violations};
use crate::store::backend::pool::ReadTransaction;
use crate::store::campaigns::Campaign;
use crate::store::campaigns::SealedCampaign;
use crate::store::database::Store;
use crate::store::error::{Result, StoreError};
use crate::store::history::digest::Digest;
use crate::store::queries::jobs::events_of;
use crate::store::queue::columns::{JobRow, from_array, job_row};

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

const ONE: &str = concat!("SELECT ", job_row!(), " FROM jobs WHERE id = $1");
const COUNT: &str = "SELECT count(*) FROM jobs WHERE campaign_id = $1";
const STRAY: &str = "SELECT job_id, seq FROM events \
    WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = events.job_id) LIMIT 1";

impl Store {
    /// Recomputes every digest of a campaign and checks that each job's row is what its events made of it, and that
    /// these make sense; or says what does not fit.
    pub async fn verify(&self, campaign: &Campaign) -> Result<Result<Verified, Violations>> {
        let mut audit = self.audit_in(self.snapshot().await?, campaign, |_| ()).await?;
        while audit.next().await?.is_some() {}
        Ok(audit.done())
    }

    /// The digest of a campaign that fits; [`StoreError::Unfit`] if it does not.
    pub async fn verified_digest(&self, campaign: &Campaign) -> Result<Digest> {
        self.digest_of_audit(campaign, self.verify(campaign).await?)
    }

    /// The digest of a campaign that was audited; [`StoreError::Unfit`] if it does not fit.
    pub(crate) fn digest_of_audit(&self, campaign: &Campaign, audited: Result<Verified, Violations>) -> Result<Digest> {
        audited.map(|verified| verified.digest).map_err(|violations| self.unfit(campaign, violations))
    }

    /// Checks one job with its history; [`StoreError::Unfit`] if they do not fit.
    pub async fn verify_job(&self, campaign: &Campaign, id: i64) -> Result<()> {
        let mut tx = self.snapshot().await?;
        let _frozen = self.freeze_clock();
        let row: Option<JobRow> = self.explained(sqlx::query_as(ONE).bind(id).fetch_optional(&mut *tx).await)?;
        let Some(row) = row else { return Ok(()) };
        let history = self.explained(events_of(&mut tx, &[id]).await)?;
        let history = history.iter().map(|event| self.explained(from_array(event))).collect::<Result<_>>()?;
        let auditor = Auditor { store: self, campaign, unsealed: UNSEALED };
        let Err(violation) = auditor.check(row, history) else { return Ok(()) };
        Err(self.unfit(campaign, Violations { named: vec![violation], total: 1 }))
    }

    /// Whether a campaign is what it was, with as many jobs as it had; [`StoreError::Edited`] if not. Its jobs are not
    /// looked at.
    pub async fn check_row_count(&self, campaign: &Campaign) -> Result<()> {
        let mut tx = self.snapshot().await?;
        let _frozen = self.freeze_clock();
        self.check_row_count_in(&mut tx, campaign.id).await
    }

    /// The same within a transaction.
    pub(in crate::store) async fn check_row_count_in(
        &self,
        connection: &mut SqliteConnection,
        campaign_id: i64,
    ) -> Result<()> {
        let campaign_record = self.campaign_record(&mut *connection, campaign_id).await?;
        let jobs = sqlx::query_scalar(COUNT).bind(campaign_id).fetch_one(connection).await;
        let jobs: i64 = self.explained(jobs)?;
        if jobs == campaign_record.jobs {
            return Ok(());
        }
        let what = format!("campaign {}, with {jobs} jobs of {},", campaign_record.name, campaign_record.jobs);
        Err(StoreError::Edited { database: self.name(), what })
    }

    /// A transaction that only reads.
    async fn snapshot(&self) -> Result<ReadTransaction> {
        self.explained(on_pool!(self, readers, pool => pool.begin().await))
    }

    /// The error for what does not fit.
    fn unfit(&self, campaign: &Campaign, violations: Violations) -> StoreError {
        StoreError::Unfit { database: self.name(), campaign: campaign.name.clone(), violations }
    }

    /// Events that are nobody's: a job that is gone altogether leaves no other trace.
    async fn check_strays(&self, connection: &mut SqliteConnection, violations: &mut Violations) -> Result<()> {
        let stray = sqlx::query_as(STRAY).fetch_optional(connection).await;
        let stray: Option<(i64, i64)> = self.explained(stray)?;
        if let Some((job, seq)) = stray {
            let what = format!("it belongs to job {job}, which is not there");
            violations.add(Violation { job: None, seq: Some(seq), what });
        }
        Ok(())
    }
}

/// The campaign's own row, which has the number of its jobs.
fn check_campaign(campaign_record: &SealedCampaign, jobs: i64, violations: &mut Violations) {
    let mut add = |what| violations.add(Violation { job: None, seq: None, what });
    if jobs != campaign_record.jobs {
        add(format!("there are {jobs} jobs, and {} were loaded", campaign_record.jobs));
    }
    if !campaign_record.fits() {
        let what = if campaign_record.is_unsealed() { OLD } else { "it was changed since drydock wrote it" };
        add(format!("the campaign's own row: {what}"));
    }
}
