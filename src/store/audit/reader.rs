//! Reading a campaign for the audit: all jobs with their histories, in one transaction, a little ahead.

use std::collections::HashMap;

use tokio::sync::mpsc;

use crate::store::columns::{JobRow, job_row};
use crate::store::pages::{AHEAD, PAGE};
use crate::store::pool::Tx;
use crate::store::rows::{EventRow, events_of};

const JOBS: &str = concat!(
    "SELECT ",
    job_row!(),
    " FROM jobs WHERE campaign_id = $1 AND (row, id) > ($2, $3) ORDER BY row, id LIMIT $4"
);

/// Jobs as they lie, each with its history.
pub(super) type Page = Vec<(Box<JobRow>, Vec<EventRow>)>;

/// The jobs of a campaign in the fleet's order, with their histories; an error is the last thing that comes.
pub(super) fn read_ahead(tx: Tx, campaign_id: i64) -> mpsc::Receiver<sqlx::Result<Page>> {
    let (pages, ahead) = mpsc::channel(AHEAD);
    tokio::spawn(read_all(tx, campaign_id, pages));
    ahead
}

async fn read_all(mut tx: Tx, campaign_id: i64, pages: mpsc::Sender<sqlx::Result<Page>>) {
    let mut after = Some((i64::MIN, i64::MIN));
    while let Some(last) = after {
        let page = read(&mut tx, campaign_id, last).await;
        after = page.as_ref().ok().and_then(|page| page.last()).map(|(last, _)| (last.row, last.id));
        if page.as_ref().is_ok_and(Vec::is_empty) || pages.send(page).await.is_err() {
            return;
        }
    }
}

async fn read(tx: &mut Tx, campaign_id: i64, after: (i64, i64)) -> sqlx::Result<Page> {
    let rows = sqlx::query_as(JOBS).bind(campaign_id).bind(after.0).bind(after.1).bind(PAGE);
    let rows: Vec<Box<JobRow>> = rows.fetch_all(&mut **tx).await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut histories: HashMap<i64, Vec<EventRow>> = HashMap::with_capacity(rows.len());
    for event in events_of(tx, &ids).await? {
        histories.entry(event.job_id).or_default().push(event);
    }
    let with_history = |row: Box<JobRow>| {
        let history = histories.remove(&row.id).unwrap_or_default();
        (row, history)
    };
    Ok(rows.into_iter().map(with_history).collect())
}
