//! What happens to a campaign from outside, while it runs or while nobody works on it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use drydock::clock::{Clock, Millis};
use drydock::domain::event::Event;
use drydock::domain::history::{Entry, Kind};
use drydock::domain::hold::Scope;
use drydock::domain::job::{Job, State};
use drydock::domain::machine::decide;
use drydock::domain::policy::Policy;
use drydock::engine::Control;
use drydock::simulator::Refusals;
use drydock::store::{Change, Filter, Open, Store, StoreError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::watch;

use super::fleet::{CAMPAIGN, runner};
use super::scenario::{Act, Scenario};
use super::world::{Name, World};

/// What a disk without room says, in a table that takes no row any more: SQLite's own `SQLITE_FULL`.
const FULL: &str = "CREATE TABLE IF NOT EXISTS soak_full (id INTEGER PRIMARY KEY AUTOINCREMENT); \
    INSERT OR IGNORE INTO soak_full VALUES (9223372036854775807);";

/// Somebody's hands in one life of the process.
pub(crate) struct Hands<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) world: &'a Arc<World>,
    pub(crate) path: &'a Path,
    /// The time of the world.
    pub(crate) clock: Clock,
    /// The time on the machine's wall, as wrong as it may be.
    pub(crate) wall: Clock,
    pub(crate) control: watch::Sender<Control>,
    /// Somebody else's connection, which holds the database.
    pub(crate) lock: Option<SqliteConnection>,
}

impl Hands<'_> {
    /// Does it, as far as it can be done. An answer is for how long the process is down now.
    pub(crate) async fn perform(&mut self, act: &Act) -> Option<Duration> {
        match act {
            Act::Crash(down) => return Some(*down),
            // The voyage knows which rows are in the fleet, and who works next.
            Act::Leave(_) | Act::Rejoin => {}
            Act::Elsewhere(_) => return Some(Duration::from_secs(1)),
            Act::Drain => drop(self.control.send_replace(Control::Drain)),
            Act::Asleep(span) => self.world.sleep(self.clock, *span),
            Act::Weather(faults) => self.world.set_faults((**faults).clone()),
            Act::FillDisk(on) => {
                let full = "BEGIN INSERT INTO soak_full VALUES (NULL); END";
                // The trigger first: where there are no tables yet, nothing of ours shall be there either.
                self.sql(&format!("CREATE TRIGGER IF NOT EXISTS the_disk_is_full BEFORE {on} {full}; {FULL}")).await;
            }
            Act::FreeDisk => self.sql("DROP TRIGGER IF EXISTS the_disk_is_full").await,
            Act::Lock => self.lock().await,
            Act::Unlock => self.unlock().await,
            Act::Replace(index) => {
                let cluster = &self.scenario.clusters[*index];
                self.world.replace(&(cluster.project.clone(), cluster.name.clone()));
            }
            Act::Bar(bar) => {
                let mut refusals = Refusals::default();
                if let Some((project, code)) = bar {
                    assert!(refusals.set(project, code));
                }
                self.world.set_refusals(refusals);
            }
            // Where the operator's word does not get through, it is not said again.
            Act::Release => drop(self.release().await),
            Act::Retry => drop(self.retry().await),
            Act::Cancel(index) => {
                let cluster = &self.scenario.clusters[*index];
                drop(self.cancel(&(cluster.project.clone(), cluster.name.clone())).await);
            }
            Act::Tamper(sql) => self.sql(sql).await,
            Act::Lie(name, lie) => self.lie(name, *lie).await.unwrap(),
        }
        None
    }

    /// `drydock retry --all-failed`, in a process of its own.
    async fn retry(&mut self) -> Result<(), StoreError> {
        let store = self.operator().await?;
        let done = self.retry_in(&store).await;
        store.close().await;
        done
    }

    async fn retry_in(&mut self, store: &Store) -> Result<(), StoreError> {
        let Some(campaign) = store.campaign(CAMPAIGN).await? else { return Ok(()) };
        let filter = Filter { states: vec![State::Failed, State::Cancelled], ..Filter::default() };
        for row in store.page(campaign.id, &filter, None, 1000).await? {
            let elsewhere = !store.asked_elsewhere(&[row.job.id]).await?.is_empty();
            self.tell(store, row.job, &Event::Retry { reason: Some("soak".to_owned()), elsewhere }).await?;
        }
        Ok(())
    }

    /// `drydock release`, in a process of its own.
    async fn release(&mut self) -> Result<(), StoreError> {
        let store = self.operator().await?;
        let done = async {
            let Some(campaign) = store.campaign(CAMPAIGN).await? else { return Ok(()) };
            let scopes: Vec<Scope> = store.holds(campaign.id).await?.into_iter().map(|held| held.scope).collect();
            let newest = store.newest().await?.unwrap_or(Millis(0));
            let now = self.wall.not_before(newest).now();
            store.release(&runner("operator"), campaign.id, &scopes, None, now).await.map(drop)
        }
        .await;
        store.close().await;
        done
    }

    async fn cancel(&mut self, (project, name): &Name) -> Result<(), StoreError> {
        let store = self.operator().await?;
        let done = async {
            let Some(campaign) = store.campaign(CAMPAIGN).await? else { return Ok(()) };
            let Some(job) = store.job(campaign.id, project, name).await? else { return Ok(()) };
            self.tell(&store, job, &Event::Cancel).await
        }
        .await;
        store.close().await;
        done
    }

    async fn lie(&mut self, name: &str, lie: fn(&mut Job)) -> Result<(), StoreError> {
        let store = self.operator().await?;
        let campaign = store.campaign(CAMPAIGN).await?.unwrap();
        let page = store.page(campaign.id, &Filter::default(), None, 1000).await?;
        let mut job =
            page.into_iter().map(|row| row.job).find(|job| job.cluster_name.eq_ignore_ascii_case(name)).unwrap();
        lie(&mut job);
        let (entry, at) = (Some(Entry::new(Kind::Looked)), self.clock.now());
        let _lost_if_a_run_was_faster = store.record(&runner("liar"), &[Change::new(job, entry, at)]).await?;
        store.close().await;
        Ok(())
    }

    async fn operator(&self) -> Result<Store, StoreError> {
        let url = format!("sqlite:{}", self.path.display());
        Store::open_in_virtual_time(&url, Open::Existing).await
    }

    /// Lets the rule book decide, and again if the row was written meanwhile.
    async fn tell(&self, store: &Store, mut job: Job, event: &Event) -> Result<(), StoreError> {
        loop {
            let newest = store.newest().await?.unwrap_or(Millis(0));
            let now = self.wall.not_before(newest).now();
            let decision = decide(&job, event, now, &Policy::default(), job.id.unsigned_abs());
            if decision.entry.is_none() {
                return Ok(());
            }
            let change = Change::new(decision.job, decision.entry, now);
            if store.record(&runner("operator"), &[change]).await?.are_all_written() {
                return Ok(());
            }
            job = store.reload(&[job.id]).await?.remove(0);
        }
    }

    async fn lock(&mut self) {
        let Some(mut connection) = connect(self.path).await else { return };
        if still(sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut connection)).await.is_ok() {
            self.lock = Some(connection);
        }
    }

    async fn unlock(&mut self) {
        if let Some(mut connection) = self.lock.take() {
            still(sqlx::raw_sql("ROLLBACK").execute(&mut connection)).await.unwrap();
            still(connection.close()).await.unwrap();
        }
    }

    /// Somebody's statements, tried until the database is free. Where there are no tables yet, nothing is done.
    async fn sql(&mut self, sql: &str) {
        let Some(mut connection) = connect(self.path).await else { return };
        // Who holds the database may write.
        let (sql, by) = match &mut self.lock {
            Some(lock) => (format!("{sql}; COMMIT; BEGIN IMMEDIATE"), lock),
            // All of it or nothing: whoever writes in between would meet half of what was meant.
            None => (format!("BEGIN IMMEDIATE; {sql}; COMMIT"), &mut connection),
        };
        while let Err(error) = still(sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone())).execute(&mut *by)).await {
            let why = error.to_string();
            if why.contains("no such table") {
                break;
            }
            assert!(why.contains("locked"), "{sql}: {why}");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        still(connection.close()).await.unwrap();
    }
}

/// Another process's connection, if there is a database yet.
async fn connect(path: &Path) -> Option<SqliteConnection> {
    if !path.exists() {
        return None;
    }
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_millis(5));
    Some(still(options.connect()).await.unwrap())
}

/// Holds the paused clock still while this works outside the runtime.
async fn still<T>(work: impl Future<Output = T>) -> T {
    let (end, parked) = std::sync::mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || parked.recv().is_err());
    let done = work.await;
    drop(end);
    done
}
