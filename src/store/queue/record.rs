//! Writing what was decided: job rows and their history, together or not at all.
//!
//! What the chain goes on from is known of a row in the claim cache; any other is read first. The write itself says at which
//! revision and under which seal the row must be, so that whatever somebody else wrote meanwhile stays.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::SqliteConnection;

use crate::clock::Millis;
use crate::domain::history::{Entry, Kind};
use crate::domain::job::Job;
use crate::store::database::Store;
use crate::store::database_file::identity;
use crate::store::error::{Result, StoreError};
use crate::store::history::chain::{self, ChainedEvent};
use crate::store::history::digest::Digest;
use crate::store::history::runner::Runner;
use crate::store::queue::change::{Before, Call, Change, WriteResults};
use crate::store::queue::claim_cache::CachedRow;
use crate::store::queue::columns::{JobRow, StoredJob, rows_by_id};
use crate::store::queue::row_meta::RowMeta;
use crate::store::queue::statements;
use crate::store::queue::statements::{AppendedEvent, RowUpdate, Statement};

pub(in crate::store) const TOUCH: &str = "UPDATE campaigns SET touched_at = $2 WHERE id = $1 AND touched_at < $2";

impl Store {
    /// Writes all `changes` in one transaction, which is on the disk when this returns, and says for each whether it
    /// was written. It was not if the row's revision has moved on since the job was read; then its history was not
    /// written either. A change that breaks a rule of the tables is an error, and nothing is written. A row that
    /// somebody edited is an error, too ([`StoreError::Edited`]), but what happened to the others is written first.
    pub async fn record(&self, runner: &Runner, changes: &[Change]) -> Result<WriteResults> {
        if changes.is_empty() {
            return Ok(WriteResults::default());
        }
        // Before the transaction begins, while another one may be at work.
        let cached = |change: &Change| self.claim_cache.take(&change.job);
        match self.write(runner, pieces(changes, runner, cached)).await? {
            Some(written) => Ok(written),
            // A cached row is not as it was: all are read.
            None => self
                .write(runner, pieces(changes, runner, |_| None))
                .await?
                .ok_or_else(|| StoreError::other(self.name(), "a row changed within the transaction that had read it")),
        }
    }

    /// Writes what it can; nothing if a cached row is not as it was.
    async fn write(&self, runner: &Runner, mut pieces: Vec<Piece<'_>>) -> Result<Option<WriteResults>> {
        let mut tx = self.begin().await?;
        let frozen = self.freeze_clock();
        if !self.claim_cache.is_enlisted(&runner.id) {
            self.explained(runner.enlist(&mut tx).await)?;
        }
        let mut integrity_error = None;
        for piece in &mut pieces {
            let statements = if let Some(made) = piece.statements.take() {
                made
            } else {
                self.read(&mut tx, runner, piece, &mut integrity_error).await?;
                make_statements(&piece.known)
            };
            if !self.explained(statements::run(&mut tx, statements).await)? {
                self.explained(tx.rollback().await)?;
                return Ok(None);
            }
        }
        self.touch(&mut tx, pieces.iter().flat_map(Piece::written)).await?;
        let intended_at = pieces.iter().flat_map(Piece::written).filter_map(intended_at).max();
        if let Some(at) = intended_at {
            self.explained(identity::intend(&mut tx, at).await)?;
        }
        self.commit(tx).await?;
        if let Some(at) = intended_at {
            self.note_sends(at)?;
        }
        drop(frozen);
        self.claim_cache.enlisted(&runner.id);
        let known: Vec<_> = pieces.into_iter().flat_map(|piece| piece.known).collect();
        let written = WriteResults::new(known.iter().map(Option::is_some).collect());
        let rows = known.into_iter().flatten().map(|(row, _)| row);
        self.claim_cache.insert(rows.filter(|row| row.row.meta.claimed_by.is_some()).map(RowUpdate::cached));
        integrity_error.map_or(Ok(Some(written)), Err)
    }

    /// Reads the rows of a piece that are not known, those that are still at the revision at which they were read and
    /// fit their seals; the error of the first that does not is left in `integrity_error`.
    async fn read<'a>(
        &self,
        connection: &mut SqliteConnection,
        runner: &'a Runner,
        Piece { changes, known, .. }: &mut Piece<'a>,
        integrity_error: &mut Option<StoreError>,
    ) -> Result<()> {
        let unread = changes.iter().zip(&*known).filter(|(_, row)| row.is_none());
        let unread: Vec<i64> = unread.map(|(change, _)| change.job.id).collect();
        let rows = self.explained(rows_by_id(connection, &unread).await)?;
        let mut found: HashMap<i64, JobRow> = rows.into_iter().map(|row| (row.id(), row)).collect();
        for (change, place) in changes.iter().zip(known) {
            let Some(row) = found.remove(&change.job.id).filter(|row| row.revision() == change.job.revision) else {
                continue;
            };
            match self.verified(row) {
                Ok((was, meta)) => {
                    *place = Some(follow(CachedRow { revision: was.revision, row: was.row, meta }, runner, change));
                }
                Err(error) => drop(integrity_error.get_or_insert(error)),
            }
        }
        Ok(())
    }

    /// Each campaign knows when it was last written to.
    async fn touch(&self, connection: &mut SqliteConnection, changes: impl Iterator<Item = &Change>) -> Result<()> {
        let mut newest: BTreeMap<i64, Millis> = BTreeMap::new();
        for change in changes {
            let at = newest.entry(change.job.campaign_id).or_insert(change.at);
            *at = change.at.max(*at);
        }
        for (campaign_id, at) in newest {
            let touched = sqlx::query(TOUCH).bind(campaign_id).bind(at.0).execute(&mut *connection).await;
            self.explained(touched)?;
        }
        Ok(())
    }
}

/// Changes of which each is to another job.
struct Piece<'a> {
    changes: &'a [Change],
    /// The rows as far as they are known, as they shall be.
    known: Vec<Option<Followed<'a>>>,
    /// What writes them, if all are known.
    statements: Option<Vec<Statement>>,
}

/// The row as it shall be, and what comes behind its history.
type Followed<'a> = (RowUpdate, Vec<AppendedEvent<'a>>);

impl Piece<'_> {
    /// The changes that were written.
    fn written(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().zip(&self.known).filter(|(_, known)| known.is_some()).map(|(change, _)| change)
    }
}

/// Cuts changes where a job comes again: it stands then as the piece before has left it. Of some rows it is known how
/// they stand now.
fn pieces<'a>(
    mut changes: &'a [Change],
    runner: &'a Runner,
    cached: impl Fn(&Change) -> Option<CachedRow>,
) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    while !changes.is_empty() {
        let mut seen = HashSet::with_capacity(changes.len());
        let length = changes.iter().take_while(|change| seen.insert(change.job.id)).count();
        let (some, rest) = changes.split_at(length);
        let known: Vec<_> = some.iter().map(|change| Some(follow(cached(change)?, runner, change))).collect();
        let statements = known.iter().all(Option::is_some).then(|| make_statements(&known));
        pieces.push(Piece { changes: some, known, statements });
        changes = rest;
    }
    pieces
}

/// When the intent to send was written that a change has, if it has one.
fn intended_at(change: &Change) -> Option<Millis> {
    change.entry.as_ref().filter(|entry| entry.kind == Kind::Intent).map(|_| change.at)
}

fn make_statements(known: &[Option<Followed<'_>>]) -> Vec<Statement> {
    let rows: Vec<&RowUpdate> = known.iter().flatten().map(|(row, _)| row).collect();
    let events: Vec<&AppendedEvent<'_>> = known.iter().flatten().flat_map(|(_, events)| events).collect();
    let mut all = statements::rows(&rows);
    all.extend(statements::append(&events));
    all
}

fn follow<'a>(CachedRow { revision, row, meta }: CachedRow, runner: &'a Runner, change: &'a Change) -> Followed<'a> {
    let Change { job, entry, at, keep, call, before } = change;
    let (mut events, mut head, mut appended) = (meta.events, meta.head, Vec::with_capacity(2));
    let mut append = |entry: &'a Entry, call: Option<&'a Call>, told: (&Job, Millis), what: Digest| {
        events += 1;
        let event = chained(entry, call, told, runner, ChainPosition { seq: events, job: what, previous: head });
        head = event.digest();
        appended.push(AppendedEvent { job_id: job.id, event, digest: head });
    };
    if let Some(Before { job, entry, at }) = before {
        append(entry, None, (job, *at), chain::job(job, meta.loaded()));
    }
    let what = chain::job(job, meta.loaded());
    if let Some(entry) = entry {
        append(entry, call.as_ref(), (job, *at), what);
    }
    // `overdue` counts what one process has seen, so another runner's first write starts it again.
    let mut job = Job { row, revision: revision + 1, ..job.clone() };
    if meta.runner.as_deref() != Some(&runner.id) {
        job.schedule.overdue = 0;
    }
    let seal = chain::seal(&job, what, (events, head), Some(&runner.id));
    let claimed_by = (*keep && !job.state.is_ended()).then(|| runner.id.clone());
    let was = meta.seal;
    let meta = RowMeta { claimed_by, runner: Some(runner.id.clone()), events, head, seal, ..meta };
    (RowUpdate { row: StoredJob { job, meta }, was }, appended)
}

/// Where an event comes in a chain.
pub(in crate::store) struct ChainPosition {
    pub(in crate::store) seq: i64,
    /// What the job is then.
    pub(in crate::store) job: Digest,
    /// The event before.
    pub(in crate::store) previous: Digest,
}

/// An entry as the next event of a job's chain: its place, what the job is then, and the event before.
pub(in crate::store) fn chained<'a>(
    entry: &'a Entry,
    call: Option<&'a Call>,
    (job, at): (&Job, Millis),
    runner: &'a Runner,
    ChainPosition { seq, job: what, previous }: ChainPosition,
) -> ChainedEvent<'a> {
    ChainedEvent {
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
