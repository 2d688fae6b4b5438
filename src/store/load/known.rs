//! A fleet that was loaded before: what has not changed need not be read again.

use crate::store::campaigns::Campaign;
use crate::store::database::Store;
use crate::store::error::Result;

const HAS: &str = "SELECT jobs FROM campaigns WHERE id = $1 AND fleet = $2";
// Jobs whose row has left the fleet may be live again one day; whether they still may be begun, a load decides.
const REMEMBER: &str = "UPDATE campaigns SET fleet = $2 WHERE id = $1 AND jobs = $3";

impl Store {
    /// How many rows the campaign's fleet has, if it was last loaded from what has this fingerprint and no job of it is
    /// outside the fleet: to load that again would change nothing.
    pub async fn has_loaded(&self, campaign: &Campaign, fingerprint: &[u8; 32]) -> Result<Option<i64>> {
        let rows: sqlx::Result<Option<i64>> = on_pool!(self, readers, pool => sqlx::query_scalar(HAS)
            .bind(campaign.id).bind(fingerprint.as_slice()).fetch_optional(pool).await);
        let rows = self.explained(rows)?;
        if rows.is_some() {
            self.check_row_count(campaign).await?;
        }
        Ok(rows)
    }

    /// Remembers what the fleet of `rows` rows was loaded from, after all that the load has asked for was done.
    pub async fn remember_fleet(&self, campaign_id: i64, fingerprint: &[u8; 32], rows: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        let _frozen = self.freeze_clock();
        let remember = sqlx::query(REMEMBER).bind(campaign_id).bind(fingerprint.as_slice()).bind(rows);
        self.explained(remember.execute(&mut *tx).await)?;
        self.commit(tx).await
    }
}
