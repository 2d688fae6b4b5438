//! What the jobs of a campaign are called, for whoever types only a part of it.

use crate::store::database::Store;
use crate::store::error::Result;

const PROJECTS: &str = "SELECT DISTINCT project_id FROM jobs WHERE campaign_id = $1 AND lower(project_id) LIKE $2 \
    ORDER BY project_id LIMIT $3";
const NAMES: &str = "SELECT project_id, cluster_name FROM jobs WHERE campaign_id = $1 AND lower(project_id) LIKE $2 \
    AND lower(cluster_name) = lower($3) ORDER BY row, id LIMIT $4";

// Of a whole id: the index finds the few jobs, where the one above goes through all of the campaign.
pub(in crate::store) const NAME: &str = "SELECT project_id, cluster_name FROM jobs WHERE +campaign_id = $1 AND lower(project_id) = $2 \
    AND lower(cluster_name) = lower($3) ORDER BY row, id LIMIT $4";

/// How many hex digits a project's id has.
const WHOLE: usize = 24;

impl Store {
    /// Up to `limit` projects of a campaign whose id begins with these hex digits, in lower case.
    pub async fn projects_beginning(&self, campaign_id: i64, digits: &str, limit: usize) -> Result<Vec<String>> {
        let projects: sqlx::Result<Vec<String>> = on_pool!(self, readers, pool => sqlx::query_scalar(PROJECTS)
            .bind(campaign_id).bind(format!("{digits}%")).bind(limit as i64).fetch_all(pool).await);
        self.explained(projects)
    }

    /// Project and name of up to `limit` jobs of a campaign that have this cluster's name, in whatever case, and whose
    /// project's id begins with these hex digits, in lower case; the order is the fleet's.
    pub async fn names_of(
        &self,
        campaign_id: i64,
        digits: &str,
        cluster: &str,
        limit: usize,
    ) -> Result<Vec<(String, String)>> {
        let (sql, digits) =
            if digits.len() == WHOLE { (NAME, digits.to_owned()) } else { (NAMES, format!("{digits}%")) };
        let names: sqlx::Result<Vec<(String, String)>> = on_pool!(self, readers, pool => sqlx::query_as(sql)
            .bind(campaign_id).bind(&digits).bind(cluster).bind(limit as i64).fetch_all(pool).await);
        self.explained(names)
    }
}
