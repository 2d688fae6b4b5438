//! The columns of table `jobs`, once: what is read, what is written and how is all made of the macro `job_columns`.
//!
//! A new column is a migration, a field of the job, a line here, and, since a row is sealed, its place in the digest's
//! form ([`chain`](crate::store::history::chain)), whose order is a promise to auditors and is written out there.

use std::fmt::Display;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow, Row as _, SqliteConnection};

use crate::clock::Millis;
use crate::domain::job::{Job, State, Wanted};
use crate::domain::wave::Wave;
use crate::store::backend::bulk::{Query, parts, placeholders};
use crate::store::database::Store;
use crate::store::error::{Result, StoreError};
use crate::store::history::digest::Digest;
use crate::store::queue::field::{Cell, Field, Unreadable};
use crate::store::queue::row_meta::RowMeta;

/// A row of `jobs`, decoded.
#[derive(Debug)]
pub(in crate::store) struct StoredJob {
    pub(in crate::store) job: Job,
    pub(in crate::store) meta: RowMeta,
}

/// Makes of the list of columns the expression that reads them all ([`job_row`]), their names, what decodes a row, and
/// what binds the part of it that is written after loading.
macro_rules! job_columns {
    (
        loaded { $first:ident.$first_field:ident: id; $($loaded:ident.$loaded_field:ident: $loaded_column:ident;)+ }
        written { $($($path:ident).+: $($column:ident),+;)+ }
        digests { $($digest:ident.$digest_field:ident: $digest_column:ident;)+ }
    ) => {
        /// A row of `jobs` as one JSON array: sqlx copies every value that it reads by itself, and for so many of them
        /// that takes longer than all the rest. The last one says whether `duplicate_of`, which no seal is over, is
        /// true: it is set by a migration alone.
        macro_rules! job_row {
            () => {
                concat!(
                    "json_array(jobs.id",
                    $(", jobs.", stringify!($loaded_column),)+
                    $($(", jobs.", stringify!($column),)+)+
                    $(", hex(jobs.", stringify!($digest_column), ")",)+
                    ", jobs.duplicate_of IS NULL OR EXISTS (SELECT 1 FROM jobs AS other \
                    WHERE other.id = jobs.duplicate_of AND other.id <> jobs.id \
                    AND coalesce(other.duplicate_of, 0) <> jobs.id \
                    AND lower(other.project_id) = lower(jobs.project_id) \
                    AND lower(other.cluster_name) = lower(jobs.cluster_name)))"
                )
            };
        }

        /// The columns in the order in which they are read.
        const READ: &[&str] = &[
            "id",
            $(stringify!($loaded_column),)+
            $($(stringify!($column),)+)+
            $(stringify!($digest_column),)+
        ];

        /// The columns that are written after loading, in the order of [`bind_written`].
        pub(super) const WRITTEN: &[&str] = &[$($(stringify!($column),)+)+ $(stringify!($digest_column),)+];

        /// Binds the values of [`WRITTEN`].
        pub(super) fn bind_written(row: &StoredJob, query: Query) -> Query {
            $(let query = Field::bind(&row.$($path).+, query);)+
            $(let query = Field::bind(&row.$digest.$digest_field, query);)+
            query
        }

        fn decode(row: &mut StoredJob, cells: &mut impl Iterator<Item = Cell>) -> Result<(), Misfit> {
            row.$first.$first_field = field(cells, ["id"])?;
            $(row.$loaded.$loaded_field = field(cells, [stringify!($loaded_column)])?;)+
            $(row.$($path).+ = field(cells, [$(stringify!($column)),+])?;)+
            $(row.$digest.$digest_field = field(cells, [stringify!($digest_column)])?;)+
            Ok(())
        }
    };
}

job_columns! {
    loaded {
        job.id: id;
        job.campaign_id: campaign_id;
        job.row: row;
        job.project_id: project_id;
        job.cluster_name: cluster_name;
        meta.wanted: wanted;
        meta.extra: extra;
        meta.wave: wave;
    }
    written {
        job.state: state;
        job.revision: revision;
        job.request.send: send;
        job.request.attempts: attempts;
        job.request.open: open;
        job.request.accepted: accepted;
        job.request.if_not_landed: if_not_landed, if_not_landed_code, if_not_landed_detail;
        job.request.left_at: left_at;
        job.request.sent_at: sent_at;
        job.request.accepted_at: accepted_at;
        job.request.submitted_at: submitted_at;
        job.request.answered_id: answered_id;
        job.finished_at: finished_at;
        job.error: error_code, error_detail;
        job.source: source_id, source_connection_string;
        job.target: target_id, target_connection_string;
        job.observed.streak: streak_since, streak_id, streak_looks;
        job.observed.missing: missing;
        job.observed.alone: alone;
        job.observed.first_look_at: first_look_at;
        job.observed.looked_at: looked_at;
        job.observed.seen: seen;
        job.observed.atlas_name: atlas_name;
        job.observed.unattended_ms: unattended_ms;
        job.schedule.due_at: due_at;
        job.schedule.deferrals: deferrals;
        job.schedule.overdue: overdue;
        job.schedule.asked_until: asked_until;
        meta.claimed_by: claimed_by;
        meta.runner: runner;
        meta.events: events;
    }
    digests {
        meta.head: head;
        meta.seal: seal;
    }
}
pub(in crate::store) use job_row;

/// A column, or several, that hold what nobody writes.
struct Misfit {
    column: &'static str,
    found: String,
}

/// The next value of a row, which is in these columns.
fn field<const N: usize, T: Field<N>>(
    cells: &mut impl Iterator<Item = Cell>,
    columns: [&'static str; N],
) -> Result<T, Misfit> {
    let some = columns.map(|_| cells.next().unwrap_or(Cell::Null));
    T::read(some).map_err(|Unreadable { column, found }| Misfit { column: columns[column], found })
}

/// A row of `jobs` as the database has it: the values of [`READ`], and whether `duplicate_of` is true.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::store) struct JobRow(Vec<Cell>);

impl FromRow<'_, SqliteRow> for JobRow {
    /// Out of the first column, which [`job_row`] has made.
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        from_array(row.try_get(0)?)
    }
}

/// What a JSON array holds.
pub(in crate::store) fn from_array<T: DeserializeOwned>(array: &str) -> sqlx::Result<T> {
    serde_json::from_str(array).map_err(|error| sqlx::Error::Decode(error.into()))
}

impl JobRow {
    fn cell(&self, column: &str) -> &Cell {
        let place = READ.iter().position(|name| *name == column);
        place.and_then(|place| self.0.get(place)).unwrap_or(&Cell::Null)
    }

    /// A number that is in every row.
    fn number(&self, column: &str) -> i64 {
        if let Cell::Number(number) = self.cell(column) { *number } else { 0 }
    }

    /// The row's key.
    pub(in crate::store) fn id(&self) -> i64 {
        self.number("id")
    }

    /// At which revision it is.
    pub(in crate::store) fn revision(&self) -> i64 {
        self.number("revision")
    }

    /// The job as people name it.
    pub(in crate::store) fn name(&self) -> String {
        let text = |column| if let Cell::Text(text) = self.cell(column) { text } else { "" };
        format!("{}/{}", text("project_id"), text("cluster_name"))
    }
}

impl Store {
    /// The job of `row` and the rest of the row, whoever wrote it. What makes no sense is an error, never a guess.
    pub(in crate::store) fn unverified(&self, row: JobRow) -> Result<(Job, RowMeta)> {
        let job = Job::new(0, "", "", Wanted::default(), Millis(0));
        let mut stored = StoredJob { job, meta: RowMeta::default() };
        let mut cells = row.0.into_iter();
        let decoded = decode(&mut stored, &mut cells);
        let StoredJob { mut job, meta } = stored;
        // Its name is read first.
        decoded.map_err(|Misfit { column, found }| self.nonsense(&job.name(), column, found))?;
        job.wanted = serde_json::from_str(&meta.wanted).map_err(|error| self.nonsense(&job.name(), "wanted", error))?;
        if meta.wave != Wave::of(&job.wanted).number() {
            return Err(self.nonsense(&job.name(), "wave", meta.wave));
        }
        if cells.next() != Some(Cell::Number(1)) {
            return Err(self.nonsense(&job.name(), "duplicate_of", "no such other job"));
        }
        Ok((job, meta))
    }

    /// The state called `name`.
    pub(in crate::store) fn state_of(&self, name: &str) -> Result<State> {
        State::of_name(name).ok_or_else(|| self.nonsense(&"a row", "state", name))
    }

    /// The digest of a column that is read as hex.
    pub(in crate::store) fn digest_of(&self, what: &dyn Display, column: &str, hex: &str) -> Result<Digest> {
        Digest::from_hex(hex).ok_or_else(|| self.nonsense(what, column, "not 32 bytes"))
    }

    /// The error for a column that holds what nobody writes.
    pub(in crate::store) fn nonsense(&self, what: &dyn Display, column: &str, found: impl Display) -> StoreError {
        let (what, column) = (what.to_string(), column.to_owned());
        StoreError::Nonsense { database: self.name(), what, column, found: found.to_string() }
    }
}

/// The rows with these keys, unverified; the order is that of the database.
pub(in crate::store) async fn rows_by_id(connection: &mut SqliteConnection, ids: &[i64]) -> sqlx::Result<Vec<JobRow>> {
    let mut rows = Vec::with_capacity(ids.len());
    for (part, room) in parts(ids) {
        let sql = format!("SELECT {} FROM jobs WHERE id IN {}", job_row!(), placeholders(1, room));
        let query = part.iter().fold(sqlx::query_as(AssertSqlSafe(sql)), |query, id| query.bind(*id));
        rows.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(rows)
}
