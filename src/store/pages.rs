//! Walking over the jobs of a campaign, however many there are.

use std::collections::HashMap;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::store::columns::{JobRow, of_array};
use crate::store::rows::{EventRow, Lying};
use crate::store::{Filter, Recorded, Result, Row, Store, StoreError};

/// How many jobs are read at once.
pub(super) const PAGE: i64 = 500;

/// How many pages are read and made out ahead of who makes use of them.
pub(super) const AHEAD: usize = 6;

/// A page that is being made out.
type Ahead = JoinHandle<Result<Vec<Row>>>;

/// The jobs of a campaign that a filter lets through, page by page, in the fleet's order. While one page is made use
/// of, the next are read and made out.
pub struct Pages<'a> {
    store: &'a Store,
    ahead: mpsc::Receiver<Ahead>,
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
        page.await.map_err(|error| StoreError::other(self.store.name(), error))?.map(Some)
    }

    fn begin(store: &'a Store, campaign_id: i64, filter: Filter, histories: bool) -> Self {
        let (pages, ahead) = mpsc::channel(AHEAD);
        tokio::spawn(read(store.clone(), campaign_id, filter, histories, pages));
        Self { store, ahead }
    }
}

/// Reads until the last page, the first error, or the moment in which nobody wants any more.
async fn read(store: Store, campaign_id: i64, filter: Filter, histories: bool, pages: mpsc::Sender<Ahead>) {
    let mut after = None;
    loop {
        let page = async {
            let jobs = store.lying(campaign_id, &filter, after, PAGE).await?;
            let ids: Vec<i64> = if histories { jobs.iter().map(|(_, _, id)| *id).collect() } else { Vec::new() };
            let events = store.lying_events(&ids).await?;
            Ok((jobs, events))
        };
        let page: Result<_> = page.await;
        after = page.as_ref().ok().and_then(|(jobs, _)| jobs.last()).map(|(_, row, id)| (*row, *id));
        if page.as_ref().is_ok_and(|(jobs, _)| jobs.is_empty()) {
            return;
        }
        let reader = store.clone();
        let rows = tokio::spawn(async move { page.and_then(|(jobs, events)| made_out(&reader, &jobs, &events)) });
        if pages.send(rows).await.is_err() || after.is_none() {
            return;
        }
    }
}

/// What lies there, believed.
fn made_out(store: &Store, jobs: &[Lying], events: &[String]) -> Result<Vec<Row>> {
    let mut histories: HashMap<i64, Vec<Recorded>> = HashMap::new();
    for event in events {
        let event: EventRow = store.explained(of_array(event))?;
        histories.entry(event.job_id).or_default().push(store.recorded_of(event)?);
    }
    let mut rows = Vec::with_capacity(jobs.len());
    for (job, _, id) in jobs {
        let job: Box<JobRow> = store.explained(of_array(job))?;
        rows.push(store.row_of(job, histories.remove(id).unwrap_or_default())?);
    }
    Ok(rows)
}
