//! Campaigns: what they are, what they are bound to, and what holds them.

use sqlx::FromRow;

use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::store::{Result, Store, StoreError};

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
    /// When it was first loaded.
    pub created_at: Millis,
    /// Why it waits for an operator, if it does.
    pub hold: Option<Fault>,
    /// Since when it waits.
    pub held_at: Option<Millis>,
}

#[derive(FromRow)]
struct CampaignRow {
    id: i64,
    name: String,
    operation: String,
    against: Option<String>,
    created_at: i64,
    hold_code: Option<String>,
    hold_detail: Option<String>,
    held_at: Option<i64>,
}

impl From<CampaignRow> for Campaign {
    fn from(row: CampaignRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            operation: row.operation,
            against: row.against,
            created_at: Millis(row.created_at),
            hold: row.hold_code.zip(row.hold_detail).map(|(code, detail)| Fault { code, detail }),
            held_at: row.held_at.map(Millis),
        }
    }
}

const ALL: &str = "SELECT * FROM campaigns ORDER BY id";
const OF_NAME: &str = "SELECT * FROM campaigns WHERE name = $1";
const BIND: &str = "UPDATE campaigns SET against = $2 WHERE id = $1 AND against IS NULL";
const BOUND: &str = "SELECT name, against FROM campaigns WHERE id = $1";
const HOLD: &str = "UPDATE campaigns SET hold_code = $2, hold_detail = $3, held_at = $4 WHERE id = $1";

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
        let bound = on_pool!(self, writer, pool =>
            sqlx::query(BIND).bind(campaign_id).bind(against).execute(pool).await);
        self.explained(bound)?;
        // From the writer again: what was first written stands, whoever wrote it.
        let row: sqlx::Result<(String, Option<String>)> =
            on_pool!(self, writer, pool => sqlx::query_as(BOUND).bind(campaign_id).fetch_one(pool).await);
        let (campaign, bound) = self.explained(row)?;
        match bound {
            Some(bound) if bound != against => Err(StoreError::AgainstOther {
                database: self.name(),
                campaign,
                against: bound,
                wanted: against.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Writes why a campaign waits for an operator and since when, or, with `None`, that it waits no more.
    pub async fn hold(&self, campaign_id: i64, hold: Option<(&Fault, Millis)>) -> Result<()> {
        let fault = hold.map(|(fault, _)| fault);
        let written = on_pool!(self, writer, pool => sqlx::query(HOLD)
            .bind(campaign_id)
            .bind(fault.map(|fault| fault.code.as_str()))
            .bind(fault.map(|fault| fault.detail.as_str()))
            .bind(hold.map(|(_, at)| at.0))
            .execute(pool)
            .await);
        self.explained(written).map(drop)
    }
}
