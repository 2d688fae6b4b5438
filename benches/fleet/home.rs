//! A database in a folder of its own, on the disk that `target` is on: a file system in memory syncs nothing.

use std::path::{Path, PathBuf};

use drydock::clock::{Clock, Millis};
use drydock::domain::history::{Entry, Kind};
use drydock::domain::job::{Job, State};
use drydock::domain::operation::Operation;
use drydock::domain::wave::Wave;
use drydock::store::{Change, Lane, Open, Runner, Store};
use tempfile::TempDir;

use crate::fleet;

/// The campaign's name.
pub(crate) const CAMPAIGN: &str = "bench";
/// What it does.
pub(crate) const OPERATION: &str = "m0-to-flex";

pub(crate) struct Home {
    /// Gone with it.
    pub(crate) _dir: TempDir,
    pub(crate) store: Store,
    pub(crate) campaign_id: i64,
    pub(crate) in_project: usize,
}

/// Removes a database, with what lies beside it.
pub(crate) fn remove(folder: &Path, name: &str) {
    for ending in ["", "-wal", "-shm", ".lock"] {
        let _none = std::fs::remove_file(folder.join(format!("{name}{ending}")));
    }
}

/// A folder on the disk.
pub(crate) fn folder() -> TempDir {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&target).unwrap();
    TempDir::new_in(target).unwrap()
}

pub(crate) fn runner() -> Runner {
    let (host, version, started_by) = ("pier".to_owned(), "0.1.0".to_owned(), "mara".to_owned());
    Runner { id: "pier:1:1".to_owned(), host, version, started_by }
}

pub(crate) fn operation() -> &'static Operation {
    Operation::of_name(OPERATION).unwrap()
}

impl Home {
    /// A database with nothing in it but a campaign.
    pub(crate) async fn new(in_project: usize) -> Self {
        Self::opened(in_project, false).await
    }

    /// The same for work under tokio's paused clock.
    pub(crate) async fn in_virtual_time(in_project: usize) -> Self {
        Self::opened(in_project, true).await
    }

    async fn opened(in_project: usize, in_virtual_time: bool) -> Self {
        let dir = folder();
        let url = format!("sqlite:{}", dir.path().join("drydock.db").display());
        let store = if in_virtual_time {
            Store::open_in_virtual_time(&url, Open::CreateIfMissing).await.unwrap()
        } else {
            Store::open(&url, Open::CreateIfMissing).await.unwrap()
        };
        Self { _dir: dir, store, campaign_id: 0, in_project }
    }

    /// Loads a fleet of so many rows.
    pub(crate) async fn load(&mut self, count: usize, now: Millis) {
        let mut loader = self.store.begin_load(&runner(), CAMPAIGN, OPERATION, now).await.unwrap();
        for first in (0..count).step_by(10_000) {
            let chunk = (count - first).min(10_000);
            loader.push(&fleet::jobs(first, chunk, self.in_project)).await.unwrap();
        }
        self.campaign_id = loader.finish().await.unwrap().campaign_id;
    }

    /// Ends so many pending jobs: they were at the target already.
    pub(crate) async fn end(&self, count: usize, clock: Clock) {
        let mut left = count;
        while left > 0 {
            let some = self.claim(left.min(2000), clock.now()).await;
            assert!(!some.is_empty());
            left -= some.len();
            self.skip(some, clock.now()).await;
        }
    }

    pub(crate) async fn claim(&self, limit: usize, now: Millis) -> Vec<Job> {
        let lane = Lane::Pending(Wave::REST);
        self.store.claim(self.campaign_id, &runner().id, lane, now, limit as i64).await.unwrap().jobs
    }

    /// Writes that these jobs are skipped, one transaction for all.
    pub(crate) async fn skip(&self, jobs: Vec<Job>, now: Millis) {
        let changes: Vec<Change> = jobs.into_iter().map(|job| skipped(job, now)).collect();
        let written = self.store.record(&runner(), &changes).await.unwrap();
        assert!(written.are_all_written());
    }
}

fn skipped(mut job: Job, now: Millis) -> Change {
    job.state = State::Skipped;
    (job.observed.first_look_at, job.observed.looked_at) = (Some(now), Some(now));
    (job.finished_at, job.schedule.due_at) = (Some(now), None);
    Change::new(job, Some(Entry::new(Kind::Looked)), now)
}
