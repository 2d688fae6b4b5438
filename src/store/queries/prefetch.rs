//! Prefetching the pages of a campaign in the fleet's order: while the caller works on one page, the next are read, and
//! decoded in tasks of their own.

use std::collections::HashMap;

use sqlx::SqliteConnection;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::store::database::Store;
use crate::store::error::{Result, StoreError};
use crate::store::queries::jobs::Filter;
use crate::store::queries::jobs::{EventRow, FIRST, RawJob, events_of, raw_jobs};
use crate::store::queue::columns::{JobRow, from_array};

/// How many jobs are read at once.
const PAGE: i64 = 500;

/// How many pages are read and decoded ahead.
const AHEAD: usize = 6;

/// Jobs as the database has them, and their histories if they are wanted.
pub(in crate::store) type RawPage = (Vec<RawJob>, Vec<String>);

/// Pages that are being decoded; none when the last one was taken.
pub(in crate::store) struct Prefetch<T> {
    store: Store,
    pages: Option<mpsc::Receiver<JoinHandle<Result<Option<T>>>>>,
}

impl<T: Send + 'static> Prefetch<T> {
    /// Begins to read pages by `read`, each after the job with this row and key, until one is empty, the first error,
    /// or the moment in which nobody wants any more. `made_out` makes something of them.
    pub(in crate::store) fn begin<F>(
        store: &Store,
        read: impl FnMut((i64, i64)) -> F + Send + 'static,
        decode: impl Fn(&Store, RawPage) -> Result<T> + Clone + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<RawPage>> + Send + 'static,
    {
        let (to, pages) = mpsc::channel(AHEAD);
        tokio::spawn(read_all(store.clone(), read, decode, to));
        Self { store: store.clone(), pages: Some(pages) }
    }

    /// The next page, which is not empty; nothing after the last one.
    pub(in crate::store) async fn next(&mut self) -> Result<Option<T>> {
        let Some(pages) = &mut self.pages else { return Ok(None) };
        let Some(page) = pages.recv().await else {
            return Err(StoreError::other(self.store.name(), "the task that reads it died"));
        };
        let page = page.await.map_err(|error| StoreError::other(self.store.name(), error))??;
        if page.is_none() {
            self.pages = None;
        }
        Ok(page)
    }
}

async fn read_all<T: Send + 'static, F: Future<Output = Result<RawPage>>>(
    store: Store,
    mut read: impl FnMut((i64, i64)) -> F,
    decode: impl Fn(&Store, RawPage) -> Result<T> + Clone + Send + 'static,
    to: mpsc::Sender<JoinHandle<Result<Option<T>>>>,
) {
    let mut after = Some(FIRST);
    while let Some(last) = after {
        let page = read(last).await;
        after = page.as_ref().ok().and_then(|(jobs, _)| jobs.last()).map(|(_, row, id)| (*row, *id));
        let (store, decode, is_last) = (store.clone(), decode.clone(), after.is_none());
        let made = tokio::spawn(async move {
            let page = page?;
            if is_last { Ok(None) } else { decode(&store, page).map(Some) }
        });
        if to.send(made).await.is_err() {
            return;
        }
    }
}

/// Reads one page, unverified.
pub(in crate::store) async fn read_page(
    connection: &mut SqliteConnection,
    campaign_id: i64,
    filter: &Filter,
    after: (i64, i64),
    histories: bool,
) -> sqlx::Result<RawPage> {
    let jobs = raw_jobs(connection, campaign_id, filter, after, PAGE).await?;
    let ids: Vec<i64> = if histories { jobs.iter().map(|(_, _, id)| *id).collect() } else { Vec::new() };
    let events = events_of(connection, &ids).await?;
    Ok((jobs, events))
}

/// The jobs of a page, each with its history.
pub(in crate::store) fn with_histories(store: &Store, (jobs, events): RawPage) -> Result<Vec<(JobRow, Vec<EventRow>)>> {
    let mut histories: HashMap<i64, Vec<EventRow>> = HashMap::with_capacity(jobs.len());
    for event in events {
        let event: EventRow = store.explained(from_array(&event))?;
        histories.entry(event.job_id).or_default().push(event);
    }
    let told = |(job, _, id): RawJob| {
        let job = store.explained(from_array(&job))?;
        Ok((job, histories.remove(&id).unwrap_or_default()))
    };
    jobs.into_iter().map(told).collect()
}
