//! Other jobs for the same cluster: in other campaigns, or in the same one where an older version did not know that
//! Atlas ignores the case of names. All of them are found by one index, `jobs_by_cluster`.
//!
//! Rule 7 of the rule book hangs on it: where a request to the cluster may still land, or was accepted and did not
//! succeed, whatever brings a job back or in leads to a verification.

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::domain::job::Job;
use crate::store::backend::bulk::{parts, placeholders};
use crate::store::database::Store;
use crate::store::error::Result;

/// Whether two rows are about one cluster ([`ClusterKey`](crate::domain::cluster_name::ClusterKey) in SQL).
macro_rules! same_cluster {
    ($one:literal, $other:literal) => {
        concat!(
            "lower(",
            $one,
            ".project_id) = lower(",
            $other,
            ".project_id) \
            AND lower(",
            $one,
            ".cluster_name) = lower(",
            $other,
            ".cluster_name)"
        )
    };
}

/// The jobs for whose cluster another job has asked Atlas: its request is open, or was accepted and did not succeed.
/// The simulation and Atlas do not know each other's requests. Two hosts may be one under two names, so their requests
/// count for each other: a verification too many does no harm, one too few can upgrade a cluster twice.
macro_rules! asked_elsewhere {
    () => {
        concat!(
            "SELECT DISTINCT jobs.id FROM jobs JOIN jobs AS other ON ",
            same_cluster!("other", "jobs"),
            " AND other.id <> jobs.id AND (other.open = 1 OR (other.accepted = 1 AND other.state <> 'succeeded')) \
            JOIN campaigns AS ours ON ours.id = jobs.campaign_id \
            JOIN campaigns AS theirs ON theirs.id = other.campaign_id \
            WHERE coalesce((ours.against = 'simulation') = (theirs.against = 'simulation'), 1) AND jobs.id IN "
        )
    };
}

const ASKED_ELSEWHERE: &str = asked_elsewhere!();
// What is about to be begun. A verification that began after the other's newest request has settled that one.
const UNSETTLED: &str = " AND jobs.state IN ('pending', 'ready') \
    AND coalesce(other.sent_at >= jobs.left_at, 1)";

const LIVE_ELSEWHERE: &str = "SELECT campaigns.name FROM jobs JOIN campaigns ON campaigns.id = jobs.campaign_id \
    WHERE lower(project_id) = lower($1) AND lower(cluster_name) = lower($2) AND jobs.id <> $3 AND finished_at IS NULL \
    ORDER BY jobs.id LIMIT 1";

impl Store {
    /// Those of `jobs` (by key) to whose clusters another job has a request open, or had one accepted that did not
    /// succeed, both of Atlas or both of the simulation.
    pub async fn asked_elsewhere(&self, jobs: &[i64]) -> Result<HashSet<i64>> {
        let asked = on_pool!(self, readers, pool =>
            async { among(&mut *pool.acquire().await?, jobs, "").await }.await);
        self.explained(asked)
    }

    /// The name of the campaign in which another job for the cluster is live, if there is one.
    pub async fn live_elsewhere(&self, job: &Job) -> Result<Option<String>> {
        let name: sqlx::Result<Option<String>> = on_pool!(self, readers, pool => sqlx::query_scalar(LIVE_ELSEWHERE)
            .bind(&job.project_id).bind(&job.cluster_name).bind(job.id).fetch_optional(pool).await);
        self.explained(name)
    }
}

/// Those of `claimed` (by key) that must be verified before they may be begun.
pub(in crate::store) async fn unsettled(
    connection: &mut SqliteConnection,
    claimed: &[i64],
) -> sqlx::Result<HashSet<i64>> {
    among(connection, claimed, UNSETTLED).await
}

async fn among(connection: &mut SqliteConnection, jobs: &[i64], condition: &str) -> sqlx::Result<HashSet<i64>> {
    let mut found = HashSet::new();
    for (part, room) in parts(jobs) {
        let query = sqlx::query_scalar(AssertSqlSafe(statement(room, condition)));
        let ids: Vec<i64> = part.iter().fold(query, |query, id| query.bind(*id)).fetch_all(&mut *connection).await?;
        found.extend(ids);
    }
    Ok(found)
}

fn statement(room: usize, condition: &str) -> String {
    format!("{ASKED_ELSEWHERE}{}{condition}", placeholders(1, room))
}

/// The statement that a claim asks about so many jobs.
#[cfg(test)]
pub(in crate::store) fn unsettled_statement(jobs: usize) -> String {
    statement(jobs, UNSETTLED)
}
