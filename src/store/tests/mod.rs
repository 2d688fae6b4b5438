//! The conformance suite: what every database must do for the store, each statement at least once.
//!
//! The suite asks [`Home`] for its database. A second kind of database is added there, and in `opening`, `locking`,
//! `identity` and `schema`, which are about SQLite's file alone.

mod auditing;
mod campaigns;
mod claiming;
mod failing;
mod holds;
mod identity;
mod loading;
mod locking;
mod opening;
mod reading;
mod recording;
mod schema;
mod siblings;
mod writing;

use tempfile::TempDir;

use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::history::{Entry, Kind};
use crate::domain::job::{Job, State, Wanted};
use crate::domain::wave::Wave;
use crate::store::{Change, LoadError, Loaded, NewJob, Open, Runner, Store};

const NOW: Millis = Millis(1_700_000_000_000);
const P1: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";
const P2: &str = "bbbbbbbbbbbbbbbbbbbbbbbb";
const OPERATION: &str = "shared-to-serverless";

/// A process that writes.
fn runner(id: &str) -> Runner {
    let (host, version, started_by) = ("deck".to_owned(), "0.1.0".to_owned(), "mara".to_owned());
    Runner { id: id.to_owned(), host, version, started_by }
}

/// A new database in a directory of its own.
struct Home {
    dir: TempDir,
    store: Store,
}

impl Home {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&url(&dir), Open::CreateIfMissing).await.unwrap();
        Self { dir, store }
    }

    /// A database with one campaign, `q4`, of these rows.
    async fn with(rows: &[NewJob]) -> (Self, i64) {
        let home = Self::new().await;
        let loaded = home.load("q4", rows).await.unwrap();
        (home, loaded.campaign_id)
    }

    async fn load(&self, campaign: &str, rows: &[NewJob]) -> Result<Loaded, LoadError> {
        let mut loader = self.store.begin_load(&runner("loader"), campaign, OPERATION, NOW).await?;
        loader.push(rows).await?;
        loader.finish().await
    }

    /// The job called `name` in project P1 of a campaign.
    async fn job(&self, campaign_id: i64, name: &str) -> Job {
        self.store.job(campaign_id, P1, name).await.unwrap().unwrap()
    }

    /// Writes the job as `alter` makes it; it must match.
    async fn alter(&self, mut job: Job, alter: impl FnOnce(&mut Job)) -> Job {
        alter(&mut job);
        assert_eq!(self.store.record(&runner("r1"), &[change(job.clone())]).await.unwrap(), [true]);
        job.revision += 1;
        job
    }

    /// Runs a statement of the test's own on the writer, and says what the database answered.
    async fn sql(&self, sql: &'static str) -> Result<u64, String> {
        let done = on_pool!(self.store, writer, writer =>
            async { sqlx::query(sql).execute(&mut *writer.turn().await?).await }.await);
        done.map(|done| done.rows_affected()).map_err(|error| error.to_string())
    }
}

fn url(dir: &TempDir) -> String {
    format!("sqlite:{}", dir.path().join("drydock.db").display())
}

/// A row of the fleet for a cluster in project P1.
fn row(row: i64, name: &str) -> NewJob {
    NewJob {
        row,
        project_id: P1.into(),
        cluster_name: name.into(),
        wanted: Wanted { provider: "AWS".into(), region: "US_EAST_1".into(), ..Wanted::default() },
        extra: vec![("owner".into(), "ann".into()), ("ticket".into(), format!("T-{row}"))],
    }
}

fn rows(names: &[&str]) -> Vec<NewJob> {
    names.iter().zip(2..).map(|(name, number)| row(number, name)).collect()
}

fn change(job: Job) -> Change {
    Change::new(job, Some(Entry::new(Kind::Looked)), NOW)
}

/// Ends a job.
fn end(job: &mut Job, state: State, code: &str) {
    job.state = state;
    job.finished_at = Some(NOW);
    job.schedule.due_at = None;
    job.error = Some(Fault::new(code, "because"));
}

/// Puts a job into `submitting` with its first request open.
fn submit(job: &mut Job) {
    job.state = State::Submitting;
    job.request.send += 1;
    job.request.open = true;
    job.schedule.due_at = None;
}

fn names(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| job.cluster_name.as_str()).collect()
}
