//! Walking over the jobs of a campaign, however many there are.

use std::collections::HashMap;

use tokio::sync::mpsc;

use crate::store::columns::JobRow;
use crate::store::rows::EventRow;
use crate::store::{Filter, Recorded, Result, Row, Store};

/// How many jobs are read at once.
pub(super) const PAGE: i64 = 500;

/// How many pages are read ahead of who makes use of them.
pub(super) const AHEAD: usize = 2;

/// Jobs as they lie, and their histories if they are wanted.
type Page = (Vec<Box<JobRow>>, Vec<EventRow>);

/// The jobs of a campaign that a filter lets through, page by page, in the fleet's order. While one page is made use
/// of, the next are read.
pub struct Pages<'a> {
    store: &'a Store,
    ahead: mpsc::Receiver<Result<Page>>,
}

impl<'a> Pages<'a> {
    /// The jobs without their histories.
    pub fn new(store: &'a Store, campaign_id: i64, filter: Filter) -> Self {
        Self::begin(store, campaign_id, filter, false)
    }

    /// All jobs with their histories.
    pub fn with_histories(store: &'a Store, campaign_id: i64) -> Self {
        Self::begin(store, campaign_id, Filter::default(), true)
    }

    /// The next page, which is not empty; nothing after the last one.
    pub async fn next(&mut self) -> Result<Option<Vec<Row>>> {
        let Some(page) = self.ahead.recv().await else { return Ok(None) };
        let (jobs, events) = page?;
        let mut histories: HashMap<i64, Vec<Recorded>> = HashMap::new();
        for event in events {
            histories.entry(event.job_id).or_default().push(self.store.recorded_of(event)?);
        }
        let row = |row: Box<JobRow>| {
            let history = histories.remove(&row.id).unwrap_or_default();
            self.store.row_of(row).map(|row| Row { history, ..row })
        };
        jobs.into_iter().map(row).collect::<Result<_>>().map(Some)
    }

    fn begin(store: &'a Store, campaign_id: i64, filter: Filter, histories: bool) -> Self {
        let (pages, ahead) = mpsc::channel(AHEAD);
        tokio::spawn(read(store.clone(), campaign_id, filter, histories, pages));
        Self { store, ahead }
    }
}

/// Reads until the last page, the first error, or the moment in which nobody wants any more.
async fn read(store: Store, campaign_id: i64, filter: Filter, histories: bool, pages: mpsc::Sender<Result<Page>>) {
    let mut after = None;
    loop {
        let page = async {
            let jobs = store.rows(campaign_id, &filter, after, PAGE).await?;
            let ids: Vec<i64> = if histories { jobs.iter().map(|row| row.id).collect() } else { Vec::new() };
            let events = store.events(&ids).await?;
            Ok((jobs, events))
        };
        let page: Result<Page> = page.await;
        after = page.as_ref().ok().and_then(|(jobs, _)| jobs.last()).map(|last| (last.row, last.id));
        if page.as_ref().is_ok_and(|(jobs, _)| jobs.is_empty()) || pages.send(page).await.is_err() || after.is_none() {
            return;
        }
    }
}
