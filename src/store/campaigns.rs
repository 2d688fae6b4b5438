//! Campaigns: what they are, and what they are bound to.

use sqlx::SqliteConnection;

use crate::clock::Millis;
use crate::domain::base_url::canonical;
use crate::store::backend::from_row::from_row;
use crate::store::database::Store;
use crate::store::error::{Result, StoreError};
use crate::store::history::chain::CampaignRecord;
use crate::store::history::digest::Digest;

/// One batch: a fleet and the operation that is done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// The key in the database.
    pub id: i64,
    /// The name, unique in a database.
    pub name: String,
    /// The operation's name.
    pub operation: String,
    /// What it was first run against, the simulation or a host; unset until then.
    pub against: Option<String>,
    /// The campaign file that was run last, as an absolute path.
    pub file: Option<String>,
    /// When it was first loaded.
    pub created_at: Millis,
}

impl Campaign {
    /// Whether it is run against the simulation.
    pub fn is_simulated(&self) -> bool {
        self.against.as_deref() == Some(SIMULATION)
    }
}

/// What a campaign that was first run against the simulation is bound to.
pub const SIMULATION: &str = "simulation";

struct CampaignRow {
    id: i64,
    name: String,
    operation: String,
    against: Option<String>,
    file: Option<String>,
    created_at: i64,
}

from_row!(CampaignRow { id, name, operation, against, file, created_at });

impl From<CampaignRow> for Campaign {
    fn from(row: CampaignRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            operation: row.operation,
            against: row.against,
            file: row.file,
            created_at: Millis(row.created_at),
        }
    }
}

/// What the seal of a campaign's row is over.
pub(super) struct SealedCampaign {
    pub(super) name: String,
    operation: String,
    against: Option<String>,
    columns: String,
    created_at: i64,
    pub(super) jobs: i64,
    seal: Vec<u8>,
}

from_row!(SealedCampaign { name, operation, against, columns, created_at, jobs, seal });

impl SealedCampaign {
    fn campaign_record(&self) -> CampaignRecord<'_> {
        CampaignRecord {
            name: &self.name,
            operation: &self.operation,
            against: self.against.as_deref(),
            columns: &self.columns,
            created_at: self.created_at,
            jobs: self.jobs,
        }
    }

    /// Whether the row is as it was last written.
    pub(super) fn fits(&self) -> bool {
        Digest::from_column(&self.seal) == Some(self.campaign_record().seal())
    }

    /// Whether it is of a Drydock that knew no seals.
    pub(super) fn is_unsealed(&self) -> bool {
        Digest::from_column(&self.seal) == Some(Digest::NONE)
    }
}

const ALL: &str = "SELECT * FROM campaigns ORDER BY id";
const OF_NAME: &str = "SELECT * FROM campaigns WHERE name = $1";
const CHARTER: &str = "SELECT name, operation, against, columns, created_at, jobs, seal FROM campaigns WHERE id = $1";
const SEAL: &str = "UPDATE campaigns SET seal = $2 WHERE id = $1";
const FILE: &str = "UPDATE campaigns SET file = $2 WHERE id = $1";
const BIND: &str = "UPDATE campaigns SET against = $2 WHERE id = $1";

impl Store {
    /// All campaigns, the oldest first.
    pub async fn campaigns(&self) -> Result<Vec<Campaign>> {
        let rows: sqlx::Result<Vec<CampaignRow>> =
            on_pool!(self, readers, pool => sqlx::query_as(ALL).fetch_all(pool).await);
        Ok(self.explained(rows)?.into_iter().map(Campaign::from).collect())
    }

    /// The campaign called `name`, if there is one.
    pub async fn campaign(&self, name: &str) -> Result<Option<Campaign>> {
        let row: sqlx::Result<Option<CampaignRow>> =
            on_pool!(self, readers, pool => sqlx::query_as(OF_NAME).bind(name).fetch_optional(pool).await);
        Ok(self.explained(row)?.map(Campaign::from))
    }

    /// Binds a campaign to what it is run against: for good the first time, and afterwards
    /// [`StoreError::AgainstOther`] if it is something else.
    pub async fn bind(&self, campaign_id: i64, against: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let _frozen = self.freeze_clock();
        let row = self.campaign_record(&mut tx, campaign_id).await?;
        if let Some(bound) = &row.against {
            return self.refuse_other(&row.name, bound, against);
        }
        self.explained(sqlx::query(BIND).bind(campaign_id).bind(against).execute(&mut *tx).await)?;
        self.seal(&mut tx, campaign_id).await?;
        self.commit(tx).await
    }

    /// [`StoreError::AgainstOther`] if a campaign is bound to something else.
    pub fn refuse_other(&self, campaign: &str, bound: &str, against: &str) -> Result<()> {
        // An older version has kept the spelling of the campaign file.
        if canonical(bound) == canonical(against) {
            return Ok(());
        }
        Err(StoreError::AgainstOther {
            database: self.name(),
            campaign: campaign.to_owned(),
            against: bound.to_owned(),
            wanted: against.to_owned(),
        })
    }

    /// Notes the file that a campaign is run from, so that messages can name it.
    pub async fn remember_file(&self, campaign_id: i64, file: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let _frozen = self.freeze_clock();
        self.explained(sqlx::query(FILE).bind(campaign_id).bind(file).execute(&mut *tx).await)?;
        self.commit(tx).await
    }

    /// What the row of a campaign says; [`StoreError::Edited`] if the row is not as it was written.
    pub(super) async fn campaign_record(
        &self,
        connection: &mut SqliteConnection,
        campaign_id: i64,
    ) -> Result<SealedCampaign> {
        let row = self.unverified_record(connection, campaign_id).await?;
        if row.fits() {
            return Ok(row);
        }
        Err(self.integrity_error(format!("campaign {}", row.name), Digest::from_column(&row.seal).unwrap_or_default()))
    }

    /// The same, whoever wrote it.
    pub(super) async fn unverified_record(&self, connection: &mut SqliteConnection, id: i64) -> Result<SealedCampaign> {
        self.explained(sqlx::query_as(CHARTER).bind(id).fetch_one(connection).await)
    }

    /// Seals the row of a campaign after it was written.
    pub(super) async fn seal(&self, connection: &mut SqliteConnection, id: i64) -> Result<()> {
        let seal = self.unverified_record(connection, id).await?.campaign_record().seal();
        self.explained(sqlx::query(SEAL).bind(id).bind(seal.bytes()).execute(connection).await).map(drop)
    }
}
