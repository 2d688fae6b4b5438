//! Reading and checking a campaign for the audit: all jobs with their histories, in one transaction, a little ahead.

use std::collections::HashMap;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::store::audit::Found;
use crate::store::audit::row::Auditor;
use crate::store::columns::{JobRow, job_row, of_array};
use crate::store::digest::Digest;
use crate::store::pages::{AHEAD, PAGE};
use crate::store::pool::Tx;
use crate::store::rows::{EventRow, Lying, events_of};
use crate::store::{Campaign, Result, Store};

const JOBS: &str = concat!(
    "SELECT ",
    job_row!(),
    ", row, id FROM jobs WHERE campaign_id = $1 AND (row, id) > ($2, $3) ORDER BY row, id LIMIT $4"
);

/// Jobs and events as they lie.
type Page = (Vec<Lying>, Vec<String>);

/// What is found of each job of a page, and how many events they have.
pub(super) type Checked = (Vec<Found<Digest>>, i64);

/// Reads a campaign and checks it page by page, in the fleet's order; an error is the last thing that comes.
pub(super) struct Reader {
    pub(super) store: Store,
    pub(super) campaign: Campaign,
    /// What is wrong with a row or an event that bears no digest.
    pub(super) unsealed: &'static str,
}

impl Reader {
    /// While one page is checked, the next are read and checked.
    pub(super) fn begin(self, tx: Tx) -> mpsc::Receiver<JoinHandle<Result<Checked>>> {
        let (pages, ahead) = mpsc::channel(AHEAD);
        tokio::spawn(self.read_all(tx, pages));
        ahead
    }

    async fn read_all(self, mut tx: Tx, pages: mpsc::Sender<JoinHandle<Result<Checked>>>) {
        let mut after = Some((i64::MIN, i64::MIN));
        while let Some(last) = after {
            let page = self.store.explained(read(&mut tx, self.campaign.id, last).await);
            after = page.as_ref().ok().and_then(|(jobs, _)| jobs.last()).map(|(_, row, id)| (*row, *id));
            if page.as_ref().is_ok_and(|(jobs, _)| jobs.is_empty()) {
                return;
            }
            let (store, campaign, unsealed) = (self.store.clone(), self.campaign.clone(), self.unsealed);
            let checked = tokio::spawn(async move {
                let auditor = Auditor { store: &store, campaign: &campaign, unsealed };
                page.and_then(|page| check(&auditor, &page))
            });
            if pages.send(checked).await.is_err() {
                return;
            }
        }
    }
}

async fn read(tx: &mut Tx, campaign_id: i64, after: (i64, i64)) -> sqlx::Result<Page> {
    let jobs = sqlx::query_as(JOBS).bind(campaign_id).bind(after.0).bind(after.1).bind(PAGE);
    let jobs: Vec<Lying> = jobs.fetch_all(&mut **tx).await?;
    let ids: Vec<i64> = jobs.iter().map(|(_, _, id)| *id).collect();
    let events = events_of(tx, &ids).await?;
    Ok((jobs, events))
}

fn check(auditor: &Auditor<'_>, (jobs, events): &Page) -> Result<Checked> {
    let mut histories: HashMap<i64, Vec<EventRow>> = HashMap::with_capacity(jobs.len());
    for event in events {
        let event: EventRow = auditor.store.explained(of_array(event))?;
        histories.entry(event.job_id).or_default().push(event);
    }
    let mut found = Vec::with_capacity(jobs.len());
    for (job, _, id) in jobs {
        let job: Box<JobRow> = auditor.store.explained(of_array(job))?;
        found.push(auditor.check(job, histories.remove(id).unwrap_or_default()));
    }
    Ok((found, events.len() as i64))
}
