//! Walking over the jobs of a campaign, however many there are.

use std::collections::HashMap;

use tokio::task::JoinHandle;

use crate::store::columns::JobRow;
use crate::store::rows::EventRow;
use crate::store::{Filter, Recorded, Result, Row, Store, StoreError};

/// How many jobs are read at once.
const PAGE: i64 = 500;

/// Jobs as they lie, and their histories if they are wanted.
type Page = (Vec<JobRow>, Vec<EventRow>);

/// The jobs of a campaign that a filter lets through, page by page, in the fleet's order. While one page is made use
/// of, the next is read.
pub struct Pages<'a> {
    store: &'a Store,
    campaign_id: i64,
    filter: Filter,
    histories: bool,
    ahead: Option<JoinHandle<Result<Page>>>,
}

impl<'a> Pages<'a> {
    /// Before the first page of jobs without their histories.
    pub fn new(store: &'a Store, campaign_id: i64, filter: Filter) -> Self {
        Self { store, campaign_id, filter, histories: false, ahead: None }.begin()
    }

    /// Before the first page of all jobs with their histories.
    pub fn with_histories(store: &'a Store, campaign_id: i64) -> Self {
        Self { store, campaign_id, filter: Filter::default(), histories: true, ahead: None }.begin()
    }

    /// The next page, which is not empty; nothing after the last one.
    pub async fn next(&mut self) -> Result<Option<Vec<Row>>> {
        let Some(ahead) = &mut self.ahead else { return Ok(None) };
        let (jobs, events) = ahead.await.map_err(|error| StoreError::other(self.store.name(), error))??;
        self.ahead = None;
        let Some(last) = jobs.last() else { return Ok(None) };
        self.read_after(Some((last.row, last.id)));
        let mut histories: HashMap<i64, Vec<Recorded>> = HashMap::new();
        for event in events {
            histories.entry(event.job_id).or_default().push(self.store.recorded_of(event)?);
        }
        let row = |row: JobRow| {
            let history = histories.remove(&row.id).unwrap_or_default();
            self.store.row_of(row).map(|row| Row { history, ..row })
        };
        jobs.into_iter().map(row).collect::<Result<_>>().map(Some)
    }

    fn begin(mut self) -> Self {
        self.read_after(None);
        self
    }

    fn read_after(&mut self, after: Option<(i64, i64)>) {
        let (store, id, filter, histories) =
            (self.store.clone(), self.campaign_id, self.filter.clone(), self.histories);
        self.ahead = Some(tokio::spawn(async move {
            let jobs = store.rows(id, &filter, after, PAGE).await?;
            let ids: Vec<i64> = if histories { jobs.iter().map(|row| row.id).collect() } else { Vec::new() };
            let events = store.events(&ids).await?;
            Ok((jobs, events))
        }));
    }
}

impl Drop for Pages<'_> {
    fn drop(&mut self) {
        if let Some(ahead) = &self.ahead {
            ahead.abort();
        }
    }
}
