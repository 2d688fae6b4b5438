//! Holds in force, and those that are over: who lifted them, and why.

use sqlx::SqliteConnection;

use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::hold::{Held, Release, Scope};
use crate::domain::wave::Wave;
use crate::store::backend::from_row::from_row;
use crate::store::database::Store;
use crate::store::error::{Result, StoreError};
use crate::store::history::runner::Runner;
use crate::store::queue::record::TOUCH;

const IN_FORCE: &str = "SELECT scope, scope_id, release, code, detail, since FROM holds \
    WHERE campaign_id = $1 AND released_at IS NULL ORDER BY id";
const HOLD: &str = "INSERT INTO holds (campaign_id, scope, scope_id, release, code, detail, since, held_by) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
    ON CONFLICT (campaign_id, scope, scope_id) WHERE released_at IS NULL DO NOTHING";
const RELEASE: &str = "UPDATE holds SET released_at = $4, released_by = $5, reason = $6 \
    WHERE campaign_id = $1 AND scope = $2 AND scope_id = $3 AND released_at IS NULL";
// What waited is put off for long, so as not to be claimed over and over.
const MAKE_DUE: &str = "UPDATE jobs SET due_at = $3 WHERE campaign_id = $1 AND ($2 = '' OR project_id = $2) \
    AND finished_at IS NULL AND state IN ('pending', 'ready') AND claimed_by IS NULL AND due_at > $3";
const WAITING: &str = "SELECT project_id, count(*) FROM jobs WHERE campaign_id = $1 AND finished_at IS NULL \
    AND state IN ('pending', 'ready') AND wave <= $2 GROUP BY project_id ORDER BY min(row)";

const TO_BEGIN: &str = "SELECT project_id FROM jobs WHERE campaign_id = $1 AND finished_at IS NULL \
    AND state IN ('pending', 'ready') AND project_id NOT IN (SELECT scope_id FROM holds \
        WHERE campaign_id = $1 AND scope = 'project' AND released_at IS NULL) LIMIT 1";

const OVER: &str = "SELECT scope, scope_id, code, released_at AS at, started_by, host, reason FROM holds \
    JOIN runners ON runners.id = released_by WHERE campaign_id = $1 ORDER BY released_at, holds.id";

/// A hold that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// `project`, `organisation` or `campaign`.
    pub scope: String,
    /// The id of the project or organisation; empty for the campaign.
    pub scope_id: String,
    /// Why it was held.
    pub code: String,
    /// When it was lifted, in milliseconds since 1970.
    at: i64,
    /// The user of the process that lifted it.
    pub started_by: String,
    /// The machine of that process.
    pub host: String,
    /// Why it was lifted, in the operator's words or ours.
    pub reason: Option<String>,
}

from_row!(Released { scope, scope_id, code, at, started_by, host, reason });

impl Released {
    /// When it was lifted.
    pub fn at(&self) -> Millis {
        Millis(self.at)
    }
}

struct HoldRow {
    scope: String,
    scope_id: String,
    release: String,
    code: String,
    detail: String,
    since: i64,
}

from_row!(HoldRow { scope, scope_id, release, code, detail, since });

impl HoldRow {
    fn held(self) -> Option<Held> {
        Some(Held {
            scope: Scope::of(&self.scope, &self.scope_id)?,
            release: Release::of(&self.release)?,
            fault: Fault { code: self.code, detail: self.detail },
            since: Millis(self.since),
        })
    }
}

impl Store {
    /// What is held in a campaign, the oldest hold first.
    pub async fn holds(&self, campaign_id: i64) -> Result<Vec<Held>> {
        let rows: sqlx::Result<Vec<HoldRow>> =
            on_pool!(self, readers, pool => sqlx::query_as(IN_FORCE).bind(campaign_id).fetch_all(pool).await);
        let held = |row: HoldRow| {
            let found = format!("{} {}, {}", row.scope, row.scope_id, row.release);
            let (database, what, column) = (self.name(), "a hold".to_owned(), "scope or release".to_owned());
            row.held().ok_or(StoreError::Nonsense { database, what, column, found })
        };
        self.explained(rows)?.into_iter().map(held).collect()
    }

    /// The holds of a campaign that are over, in the order in which they were lifted.
    pub async fn released(&self, campaign_id: i64) -> Result<Vec<Released>> {
        let rows = on_pool!(self, readers, pool => sqlx::query_as(OVER).bind(campaign_id).fetch_all(pool).await);
        self.explained(rows)
    }

    /// Holds these scopes, those excepted that are held already.
    pub async fn hold(&self, runner: &Runner, campaign_id: i64, holds: &[Held]) -> Result<()> {
        if holds.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        let _frozen = self.freeze_clock();
        self.explained(runner.enlist(&mut tx).await)?;
        for Held { scope, release, fault, since } in holds {
            let written = sqlx::query(HOLD)
                .bind(campaign_id)
                .bind(scope.kind())
                .bind(scope.id())
                .bind(release.name())
                .bind(&fault.code)
                .bind(&fault.detail)
                .bind(since.0)
                .bind(&runner.id)
                .execute(&mut *tx)
                .await;
            self.explained(written)?;
            self.explained(touch(&mut tx, campaign_id, *since).await)?;
        }
        self.commit(tx).await
    }

    /// Lifts the holds on these scopes, and makes what waited for it due at `at`; says which of them were held.
    pub async fn release(
        &self,
        runner: &Runner,
        campaign_id: i64,
        scopes: &[Scope],
        reason: Option<&str>,
        at: Millis,
    ) -> Result<Vec<Scope>> {
        let mut tx = self.begin().await?;
        let _frozen = self.freeze_clock();
        self.explained(runner.enlist(&mut tx).await)?;
        let mut released = Vec::new();
        for scope in scopes {
            let lifted = sqlx::query(RELEASE)
                .bind(campaign_id)
                .bind(scope.kind())
                .bind(scope.id())
                .bind(at.0)
                .bind(&runner.id)
                .bind(reason)
                .execute(&mut *tx)
                .await;
            if self.explained(lifted)?.rows_affected() == 0 {
                continue;
            }
            // Which projects an organisation has, the table does not know: that some come a little early does no harm.
            let project = if let Scope::Project(id) = scope { id } else { "" };
            let due = sqlx::query(MAKE_DUE).bind(campaign_id).bind(project).bind(at.0).execute(&mut *tx).await;
            self.explained(due)?;
            released.push(scope.clone());
        }
        self.explained(touch(&mut tx, campaign_id, at).await)?;
        self.commit(tx).await?;
        Ok(released)
    }

    /// Makes everything due at `at` that has not begun and is claimed by nobody.
    pub async fn make_due(&self, campaign_id: i64, at: Millis) -> Result<()> {
        let mut tx = self.begin().await?;
        let _frozen = self.freeze_clock();
        self.explained(sqlx::query(MAKE_DUE).bind(campaign_id).bind("").bind(at.0).execute(&mut *tx).await)?;
        self.commit(tx).await
    }

    /// A project with a job that may be begun, as far as holds on projects go: any, but the same one each time.
    pub async fn first_to_begin(&self, campaign_id: i64) -> Result<Option<String>> {
        let project: sqlx::Result<Option<String>> =
            on_pool!(self, readers, pool => sqlx::query_scalar(TO_BEGIN).bind(campaign_id).fetch_optional(pool).await);
        self.explained(project)
    }

    /// How many jobs of each project have not been begun up to `wave`, the projects in the fleet's order.
    pub async fn not_begun(&self, campaign_id: i64, wave: Wave) -> Result<Vec<(String, i64)>> {
        let rows = on_pool!(self, readers, pool =>
            sqlx::query_as(WAITING).bind(campaign_id).bind(wave.number()).fetch_all(pool).await);
        self.explained(rows)
    }
}

async fn touch(connection: &mut SqliteConnection, campaign_id: i64, at: Millis) -> sqlx::Result<()> {
    sqlx::query(TOUCH).bind(campaign_id).bind(at.0).execute(connection).await.map(drop)
}
