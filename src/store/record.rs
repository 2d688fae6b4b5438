//! Writing what was decided: job rows and their history, together or not at all.
//!
//! Each row is read once more before it is written: it says whether the job is still at the revision at which it was
//! decided, whether anybody else has written to it, and what the chain goes on from.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use crate::clock::Millis;
use crate::domain::history::Entry;
use crate::domain::job::Job;
use crate::store::chain::{self, Link};
use crate::store::columns::JobRow;
use crate::store::digest::Digest;
use crate::store::runner::Runner;
use crate::store::standing::Standing;
use crate::store::write::Bound;
use crate::store::{Result, Store, StoreError, write};

/// One job as it shall be, and what its history shall say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The job as it shall be; its `revision` is the one that it was read at. Its key, its row, its cluster and what
    /// is wanted of it are the loader's, and are not written.
    pub job: Job,
    /// The history's next entry, if there is something to tell.
    pub entry: Option<Entry>,
    /// When it happened.
    pub at: Millis,
    /// Whether the runner keeps the job in its hands. A job that has ended is in nobody's.
    pub keep: bool,
    /// The call to Atlas that it comes from, written beside the entry.
    pub call: Option<Call>,
}

/// A call to Atlas, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `GET`, `POST`.
    pub method: &'static str,
    /// The path below the host.
    pub path: String,
    /// The HTTP status; `None` if no answer came, or none could yet.
    pub status: Option<u16>,
    /// Atlas's `errorCode`, if the answer had one.
    pub error_code: Option<String>,
    /// How long it took, in milliseconds; `None` before it is made.
    pub duration_ms: Option<i64>,
}

const STANDING: &str = "SELECT * FROM jobs WHERE id = $1 AND revision = $2";
pub(super) const TOUCH: &str = "UPDATE campaigns SET touched_at = $2 WHERE id = $1 AND touched_at < $2";

impl Store {
    /// Writes all `changes` in one transaction, which is on the disk when this returns, and says for each whether it
    /// was written. It was not if the row's revision has moved on since the job was read; then its history was not
    /// written either. A change that breaks a rule of the tables is an error, and nothing is written. A row that
    /// somebody edited is an error, too ([`StoreError::Edited`]), but what happened to the others is written first.
    pub async fn record(&self, runner: &Runner, changes: &[Change]) -> Result<Vec<bool>> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.begin().await?;
        let _still = self.still();
        self.explained(runner.enlist(&mut tx).await)?;
        let mut written = Vec::with_capacity(changes.len());
        let mut newest: BTreeMap<i64, Millis> = BTreeMap::new();
        let mut disbelieved = None;
        for change in changes {
            let standing = match self.standing(&mut tx, &change.job).await {
                Err(
                    error @ (StoreError::Edited { .. } | StoreError::Unsealed { .. } | StoreError::Nonsense { .. }),
                ) => {
                    disbelieved = disbelieved.or(Some(error));
                    None
                }
                found => found?,
            };
            let Some(standing) = standing else {
                written.push(false);
                continue;
            };
            self.explained(follow(&mut tx, standing, runner, change).await)?;
            let at = newest.entry(change.job.campaign_id).or_insert(change.at);
            *at = change.at.max(*at);
            written.push(true);
        }
        for (campaign_id, at) in newest {
            let touched = sqlx::query(TOUCH).bind(campaign_id).bind(at.0).execute(&mut *tx).await;
            self.explained(touched)?;
        }
        self.commit(tx).await?;
        disbelieved.map_or(Ok(written), Err)
    }

    /// The job's row as it stands, if it is still at the revision at which it was read.
    async fn standing(&self, connection: &mut SqliteConnection, job: &Job) -> Result<Option<(Job, Standing)>> {
        let found: sqlx::Result<Option<JobRow>> =
            sqlx::query_as(STANDING).bind(job.id).bind(job.revision).fetch_optional(connection).await;
        self.explained(found)?.map(|row| self.believed(row)).transpose()
    }
}

/// Writes the row, and the change's entry behind its history.
async fn follow(
    connection: &mut SqliteConnection,
    (was, standing): (Job, Standing),
    runner: &Runner,
    change: &Change,
) -> sqlx::Result<()> {
    let what = chain::job(&change.job, standing.cargo());
    let (mut events, mut head) = (standing.events, standing.head);
    if let Some(entry) = &change.entry {
        events += 1;
        let place = Place { seq: events, job: what, previous: head };
        let link = link(entry, change.call.as_ref(), (&change.job, change.at), runner, place);
        head = link.digest();
        write::append(connection, change.job.id, &link, head).await?;
    }
    // `overdue` counts what one process has seen, so another runner's first write starts it again.
    let overdue = if standing.runner.as_deref() == Some(&runner.id) { change.job.overdue } else { 0 };
    let job = Job { row: was.row, revision: change.job.revision + 1, overdue, ..change.job.clone() };
    let seal = chain::seal(&job, what, (events, head), Some(&runner.id));
    let claimed_by = (change.keep && !job.state.is_ended()).then_some(runner.id.as_str());
    write::row(connection, &job, (&runner.id, claimed_by), Bound { events, head, seal }).await
}

/// Where a link comes in a chain.
pub(super) struct Place {
    pub(super) seq: i64,
    /// What the job is then.
    pub(super) job: Digest,
    /// The event before.
    pub(super) previous: Digest,
}

/// An entry as the next link of a job's chain: its place, what the job is then, and the event before.
pub(super) fn link<'a>(
    entry: &'a Entry,
    call: Option<&'a Call>,
    (job, at): (&Job, Millis),
    runner: &'a Runner,
    Place { seq, job: what, previous }: Place,
) -> Link<'a> {
    Link {
        seq,
        at,
        kind: entry.kind.name(),
        state: job.state.name(),
        send: entry.send,
        code: entry.code.as_deref().or(call.and_then(|call| call.error_code.as_deref())),
        detail: entry.detail.as_deref(),
        runner,
        method: call.map(|call| call.method),
        path: call.map(|call| &*call.path),
        status: call.and_then(|call| call.status).map(i64::from),
        duration_ms: call.and_then(|call| call.duration_ms),
        job: what,
        previous,
    }
}
