//! Walking over the jobs of a campaign, however many there are.

use crate::store::{Filter, Result, Row, Store};

/// How many jobs are in memory at once.
const PAGE: i64 = 500;

/// The jobs of a campaign that a filter lets through, page by page, in the fleet's order.
pub struct Pages<'a> {
    store: &'a Store,
    campaign_id: i64,
    filter: Filter,
    after: Option<(i64, i64)>,
}

impl<'a> Pages<'a> {
    /// Before the first page.
    pub fn new(store: &'a Store, campaign_id: i64, filter: Filter) -> Self {
        Self { store, campaign_id, filter, after: None }
    }

    /// The next page, which is not empty; nothing after the last one.
    pub async fn next(&mut self) -> Result<Option<Vec<Row>>> {
        let page = self.store.page(self.campaign_id, &self.filter, self.after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.after = Some((last.job.row, last.job.id));
        Ok(Some(page))
    }
}
