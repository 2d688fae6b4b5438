//! What deleted campaigns leave behind.

use crate::plural;
use crate::store::database::Store;
use crate::store::error::Result;

// A runner is enlisted with the first thing that it writes, which is a campaign or a part of one. Where campaigns are
// left, one that is gone with all its jobs and events leaves no trace.
const ORPHANS: &str = "SELECT \
    (SELECT count(*) FROM jobs WHERE NOT EXISTS (SELECT 1 FROM campaigns WHERE campaigns.id = jobs.campaign_id)), \
    (SELECT count(*) FROM events WHERE NOT EXISTS (SELECT 1 FROM campaigns)), \
    (SELECT count(*) FROM runners WHERE NOT EXISTS (SELECT 1 FROM campaigns))";

impl Store {
    /// Jobs, events and runners of campaigns that are not there, in words; none if there are none.
    pub async fn orphans(&self) -> Result<Option<String>> {
        let counts: sqlx::Result<(i64, i64, i64)> =
            on_pool!(self, readers, pool => sqlx::query_as(ORPHANS).fetch_one(pool).await);
        let (jobs, events, runners) = self.explained(counts)?;
        let found = [(jobs, "job"), (events, "event"), (runners, "runner")].into_iter().filter(|(count, _)| *count > 0);
        let words = found.map(|(count, what)| plural::count(count, what));
        let words = words.collect::<Vec<_>>().join(", ");
        Ok((!words.is_empty()).then_some(words))
    }
}
