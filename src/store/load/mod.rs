//! Loading a fleet: all of it or nothing, and the same fleet twice changes nothing.
//!
//! The rows go into a temporary table; what they mean for the jobs is then worked out by a handful of statements
//! over both tables, and done in chunks ([`apply`]), however many rows there are. One transaction holds it all.

use sqlx::AssertSqlSafe;

use crate::clock::Millis;
use crate::domain::job::{Job, State, Wanted};
use crate::domain::wave::Wave;
use crate::store::backend::bulk::placeholders;
use crate::store::backend::clock_freeze::ClockFreeze;
use crate::store::backend::writer::Tx;
use crate::store::database::Store;
use crate::store::error::{Result, StoreError};
use crate::store::history::runner::Runner;

/// One row of a fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// The row that a spreadsheet shows.
    pub row: i64,
    /// Atlas's `groupId`.
    pub project_id: String,
    /// The cluster's name.
    pub cluster_name: String,
    /// What the cluster is to become.
    pub wanted: Wanted,
    /// Name and value of each extra column; all rows of a fleet have the same names.
    pub extra: Vec<(String, String)>,
}

/// What a load did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The campaign's key.
    pub campaign_id: i64,
    /// Rows in the fleet.
    pub total: i64,
    /// Rows that are new.
    pub added: i64,
    /// Rows that are as they were, wherever they stand in the list.
    pub unchanged: i64,
    /// Rows that want something else than before, or carry something else along.
    pub changed: i64,
    /// Jobs that were cancelled because their row was gone, and whose row is back. The caller decides and records.
    pub returned: Vec<Job>,
    /// Jobs that have not started and whose row is gone. The caller decides and records.
    pub left: Vec<Job>,
    /// Live jobs for a cluster that another job of the campaign names in another case, each with that name: an older
    /// version has loaded both, and the fleet's row is the other one's. The caller decides and records.
    pub duplicates: Vec<(Job, String)>,
}

/// Why a fleet was not loaded; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Rows want something else of clusters whose upgrade has started: row, name, and the job's state.
    #[error("{} rows of the fleet were changed after their jobs had started: undo the change, retry a failed one first, \
        or use another campaign name{}", .0.len(), some(.0.iter().map(|(row, name, state)| format!("row {row} {name} is {state}"))))]
    Started(Vec<(i64, String, State)>),
    /// Clusters are live in another campaign: row, name, and that campaign (with the name that it has for the
    /// cluster, where that is in another case).
    #[error("{} clusters of the fleet are still live in another campaign: let that one end first, or take them off one \
        of the two fleets and run that{}", .0.len(),
        some(.0.iter().map(|(row, name, campaign)| format!("row {row} {name} is in {campaign}"))))]
    LiveElsewhere(Vec<(i64, String, String)>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The first few of a long list, each on a line of its own.
fn some(lines: impl ExactSizeIterator<Item = String>) -> String {
    const SHOWN: usize = 10;
    let more = lines.len().saturating_sub(SHOWN);
    let rest = (more > 0).then(|| format!("and {more} more"));
    lines.take(SHOWN).chain(rest).flat_map(|line| ["\n  ".to_owned(), line]).collect()
}

/// A fleet on its way in. It holds the writer; dropped before [`Loader::finish`], it leaves no trace.
#[derive(Debug)]
pub struct Loader {
    store: Store,
    tx: Tx,
    runner: Runner,
    campaign: String,
    campaign_id: i64,
    now: Millis,
    total: i64,
    columns: Option<String>,
    /// For the life of the load, most of which goes round the macro.
    #[expect(dead_code, reason = "held, not read")]
    frozen: ClockFreeze,
}

/// Rows in one statement.
const CHUNK: usize = 500;

const CAMPAIGN: &str = "INSERT INTO campaigns (name, operation, created_at, touched_at) VALUES ($1, $2, $3, $3) \
    ON CONFLICT (name) DO NOTHING";
const FIND: &str = "SELECT id, operation FROM campaigns WHERE name = $1";
// The table belongs to the transaction: a rollback takes it along.
pub(super) const INCOMING: &str = "CREATE TEMPORARY TABLE incoming (n BIGINT NOT NULL UNIQUE, row BIGINT NOT NULL, \
    project_id TEXT NOT NULL, cluster_name TEXT NOT NULL, wanted TEXT NOT NULL, extra TEXT NOT NULL, \
    wave BIGINT NOT NULL)";
pub(super) const ONE_ROW_A_CLUSTER: &str =
    "CREATE UNIQUE INDEX temp.incoming_by_cluster ON incoming (lower(project_id), lower(cluster_name))";

/// Whether the job stands for its cluster in its campaign: the row of the fleet is that one's.
macro_rules! stands {
    () => {
        "(jobs.duplicate_of IS NULL OR NOT EXISTS (SELECT 1 FROM jobs AS other \
            WHERE other.id = jobs.duplicate_of AND other.campaign_id = jobs.campaign_id)) "
    };
}
/// A row of the fleet and the campaign's job for it. (`CROSS JOIN`: SQLite then goes through the rows of the fleet.)
macro_rules! pairs {
    ($join:literal) => {
        concat!(
            "incoming ",
            $join,
            " jobs ON ",
            same_cluster!("jobs", "incoming"),
            " AND jobs.campaign_id = $1 AND ",
            stands!()
        )
    };
}
/// A job that was cancelled because its row was gone.
macro_rules! gone {
    () => {
        "(jobs.state = 'cancelled' AND coalesce(jobs.error_code, '') = 'NO_LONGER_IN_FLEET')"
    };
}

pub(super) mod apply;
mod known;

const STARTED: &str = concat!(
    "SELECT incoming.row, jobs.project_id || '/' || jobs.cluster_name, jobs.state FROM ",
    pairs!("JOIN"),
    "WHERE jobs.wanted <> incoming.wanted AND jobs.state NOT IN ('pending', 'ready') AND NOT ",
    gone!(),
    " ORDER BY incoming.row"
);
// A row whose job has begun here, or has ended for good, takes no part: it is followed, or another campaign may go on
// with that cluster. One that has not begun is live in both only where an older version took two names for two clusters.
pub(super) const ELSEWHERE: &str = concat!(
    "SELECT incoming.row, incoming.project_id || '/' || incoming.cluster_name, campaigns.name \
        || CASE WHEN other.cluster_name = incoming.cluster_name THEN '' ELSE ' as ' || other.cluster_name END \
    FROM incoming CROSS JOIN jobs AS other ON ",
    same_cluster!("other", "incoming"),
    " AND other.campaign_id <> $1 AND other.finished_at IS NULL \
    JOIN campaigns ON campaigns.id = other.campaign_id \
    WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE ",
    same_cluster!("jobs", "incoming"),
    " AND jobs.campaign_id = $1 AND jobs.state NOT IN ('pending', 'ready') AND NOT ",
    gone!(),
    ") ORDER BY incoming.row"
);

impl Store {
    /// Begins to load a fleet into `campaign`, which is made if it is new. [`StoreError::OtherOperation`] if it
    /// does something else than `operation`.
    pub async fn begin_load(&self, runner: &Runner, campaign: &str, operation: &str, now: Millis) -> Result<Loader> {
        let mut tx = self.begin().await?;
        let frozen = self.freeze_clock();
        self.explained(runner.enlist(&mut tx).await)?;
        let made = sqlx::query(CAMPAIGN).bind(campaign).bind(operation).bind(now.0).execute(&mut *tx).await;
        let new = self.explained(made)?.rows_affected() > 0;
        let found = sqlx::query_as(FIND).bind(campaign).fetch_one(&mut *tx).await;
        let (campaign_id, does): (i64, String) = self.explained(found)?;
        if does != operation {
            self.explained(tx.rollback().await)?;
            return Err(StoreError::OtherOperation {
                database: self.name(),
                campaign: campaign.to_owned(),
                operation: does,
                wanted: operation.to_owned(),
            });
        }
        if new {
            self.seal(&mut tx, campaign_id).await?;
        } else {
            self.check_row_count_in(&mut tx, campaign_id).await?;
        }
        for make in [INCOMING, ONE_ROW_A_CLUSTER] {
            self.explained(sqlx::query(make).execute(&mut *tx).await)?;
        }
        let (store, runner, campaign) = (self.clone(), runner.clone(), campaign.to_owned());
        Ok(Loader { store, tx, runner, campaign, campaign_id, now, total: 0, columns: None, frozen })
    }
}

/// A row of the fleet, as it goes into the temporary table.
struct IncomingRow<'a> {
    n: i64,
    job: &'a NewJob,
    wanted: String,
    extra: String,
}

column_values! {
    INCOMING_ROW, bind_incoming(row: &IncomingRow<'_>) {
        n: row.n,
        row: row.job.row,
        project_id: &*row.job.project_id,
        cluster_name: &*row.job.cluster_name,
        wanted: &*row.wanted,
        extra: &*row.extra,
        wave: Wave::of(&row.job.wanted).number(),
    }
}

impl Loader {
    /// Takes rows in; a cluster may come once only. Many at a time are fastest.
    pub async fn push(&mut self, jobs: &[NewJob]) -> Result<()> {
        for chunk in jobs.chunks(CHUNK) {
            let (columns, values) = (INCOMING_ROW.join(", "), placeholders(chunk.len(), INCOMING_ROW.len()));
            let sql = format!("INSERT INTO incoming ({columns}) VALUES {values}");
            let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(chunk.len() == CHUNK);
            for (job, n) in chunk.iter().zip(self.total..) {
                let (wanted, extra) = (self.json(&job.wanted)?, self.json(&job.extra)?);
                query = bind_incoming(query, &IncomingRow { n, job, wanted, extra });
            }
            let pushed = query.execute(&mut *self.tx).await;
            self.store.explained(pushed)?;
            self.total += chunk.len() as i64;
        }
        if let (None, Some(first)) = (&self.columns, jobs.first()) {
            let names: Vec<&str> = first.extra.iter().map(|(name, _)| name.as_str()).collect();
            self.columns = Some(self.json(&names)?);
        }
        Ok(())
    }

    /// Turns the rows into jobs and commits; or says why not, and leaves everything as it was.
    pub async fn finish(mut self) -> Result<Loaded, LoadError> {
        match self.refusal().await? {
            Some(refusal) => {
                self.store.explained(self.tx.rollback().await)?;
                Err(refusal)
            }
            None => Ok(self.apply().await?),
        }
    }

    /// Why the fleet may not be loaded, if there is a reason.
    async fn refusal(&mut self) -> Result<Option<LoadError>> {
        let started = sqlx::query_as(STARTED).bind(self.campaign_id).fetch_all(&mut *self.tx).await;
        let started: Vec<(i64, String, String)> = self.store.explained(started)?;
        if !started.is_empty() {
            let rows = started.into_iter().map(|(row, name, state)| Ok((row, name, self.store.state_of(&state)?)));
            return Ok(Some(LoadError::Started(rows.collect::<Result<_>>()?)));
        }
        let elsewhere = sqlx::query_as(ELSEWHERE).bind(self.campaign_id).fetch_all(&mut *self.tx).await;
        let elsewhere: Vec<(i64, String, String)> = self.store.explained(elsewhere)?;
        Ok((!elsewhere.is_empty()).then_some(LoadError::LiveElsewhere(elsewhere)))
    }

    fn json(&self, value: &impl serde::Serialize) -> Result<String> {
        serde_json::to_string(value).map_err(|error| StoreError::other(self.store.name(), error))
    }
}
