//! Walking over the jobs of a campaign, however many there are.

use crate::store::database::Store;
use crate::store::error::Result;
use crate::store::queries::jobs::{Filter, Row};
use crate::store::queries::prefetch::{self, Prefetch, RawPage, with_histories};

/// The jobs of a campaign that a filter lets through, page by page, in the fleet's order. While the caller
/// works on one page, the next are read and decoded.
pub struct Pages(Prefetch<Vec<Row>>);

impl Pages {
    /// The jobs without their histories.
    pub fn new(store: &Store, campaign_id: i64, filter: Filter) -> Self {
        Self::begin(store, campaign_id, filter, false)
    }

    /// All jobs with their histories.
    pub fn with_histories(store: &Store, campaign_id: i64) -> Self {
        Self::begin(store, campaign_id, Filter::default(), true)
    }

    /// The next page, which is not empty; nothing after the last one.
    pub async fn next(&mut self) -> Result<Option<Vec<Row>>> {
        self.0.next().await
    }

    fn begin(store: &Store, campaign_id: i64, filter: Filter, histories: bool) -> Self {
        let reader = store.clone();
        let read = move |after| {
            let (store, filter) = (reader.clone(), filter.clone());
            async move { store.raw_page(campaign_id, &filter, after, histories).await }
        };
        Self(Prefetch::begin(store, read, decode))
    }
}

impl Store {
    async fn raw_page(&self, id: i64, filter: &Filter, after: (i64, i64), histories: bool) -> Result<RawPage> {
        let page = on_pool!(self, readers, pool =>
            async { prefetch::read_page(&mut *pool.acquire().await?, id, filter, after, histories).await }.await);
        self.explained(page)
    }
}

/// The rows of a page, verified.
fn decode(store: &Store, page: RawPage) -> Result<Vec<Row>> {
    let row = |(job, history): (_, Vec<_>)| {
        let history = history.into_iter().map(|event| store.recorded_of(event)).collect::<Result<_>>()?;
        store.row_of(job, history)
    };
    with_histories(store, page)?.into_iter().map(row).collect()
}
