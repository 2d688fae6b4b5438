//! Reading a campaign for the audit: all jobs with their histories, in one transaction, a page ahead.

use std::collections::HashMap;

use tokio::task::JoinHandle;

use crate::store::columns::{JobRow, job_row};
use crate::store::pool::Tx;
use crate::store::rows::{EventRow, events_of};
use crate::store::{Result, Store, StoreError};

/// How many jobs are read at once.
const PAGE: i64 = 500;

const JOBS: &str = concat!(
    "SELECT ",
    job_row!(),
    " FROM jobs WHERE campaign_id = $1 AND (row, id) > ($2, $3) ORDER BY row, id LIMIT $4"
);

/// Jobs as they lie, each with its history.
type Page = Vec<(JobRow, Vec<EventRow>)>;

/// The jobs of a campaign in the fleet's order, with their histories.
pub(super) struct Reader {
    store: Store,
    campaign_id: i64,
    ahead: Option<JoinHandle<sqlx::Result<(Tx, Page)>>>,
    /// When all is read.
    tx: Option<Tx>,
}

impl Reader {
    /// Before the first page.
    pub(super) fn begin(store: &Store, tx: Tx, campaign_id: i64) -> Self {
        let mut reader = Self { store: store.clone(), campaign_id, ahead: None, tx: None };
        reader.read_after(tx, (i64::MIN, i64::MIN));
        reader
    }

    /// The next few jobs; none after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Page>> {
        let Some(ahead) = &mut self.ahead else { return Ok(None) };
        let read = ahead.await.map_err(|error| StoreError::other(self.store.name(), error))?;
        self.ahead = None;
        let (tx, page) = self.store.explained(read)?;
        let Some((last, _)) = page.last() else {
            self.tx = Some(tx);
            return Ok(None);
        };
        self.read_after(tx, (last.row, last.id));
        Ok(Some(page))
    }

    /// The transaction, after the last page.
    pub(super) fn end(mut self) -> Result<Tx> {
        self.tx.take().ok_or_else(|| StoreError::other(self.store.name(), "the audit was not read to its end"))
    }

    fn read_after(&mut self, tx: Tx, after: (i64, i64)) {
        self.ahead = Some(tokio::spawn(read(tx, self.campaign_id, after)));
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(ahead) = &self.ahead {
            ahead.abort();
        }
    }
}

async fn read(mut tx: Tx, campaign_id: i64, after: (i64, i64)) -> sqlx::Result<(Tx, Page)> {
    let rows = sqlx::query_as(JOBS).bind(campaign_id).bind(after.0).bind(after.1).bind(PAGE);
    let rows: Vec<JobRow> = rows.fetch_all(&mut *tx).await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut histories: HashMap<i64, Vec<EventRow>> = HashMap::with_capacity(rows.len());
    for event in events_of(&mut tx, &ids).await? {
        histories.entry(event.job_id).or_default().push(event);
    }
    let page = rows.into_iter().map(|row| {
        let history = histories.remove(&row.id).unwrap_or_default();
        (row, history)
    });
    let page = page.collect();
    Ok((tx, page))
}
