//! The one that decides and writes: news of many jobs become one transaction.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::clock::Millis;
use crate::domain::event::Event;
use crate::domain::history::Kind;
use crate::domain::hold::Held;
use crate::domain::job::{Job, State};
use crate::domain::machine::{Decision, decide};
use crate::domain::operation::Request;
use crate::engine::holds::Holds;
use crate::engine::{Engine, News, Progress, Recorded};
use crate::store::{Call, Change, StoreError};

/// The most notes that one transaction takes in.
const BATCH: usize = 256;

/// A ready or upgrading job that is due so soon stays with this runner's dispatcher instead of going back to the table.
const KEEP: Duration = Duration::from_secs(5);

/// How often a write is tried again while another process holds the database.
const TRIES: u32 = 12;

/// What workers hand in.
pub(super) enum Note {
    /// Write the intent; the answer is the job as it was written, if it may be sent.
    Intent(Box<Job>, oneshot::Sender<Option<Job>>),
    /// This happened.
    Happened(Vec<(Job, Event, Option<Call>)>),
}

struct Item {
    job: Job,
    /// The state that the dispatcher knows, whatever somebody else has written meanwhile.
    known: State,
    event: Event,
    call: Option<Call>,
    reply: Option<oneshot::Sender<Option<Job>>>,
}

pub(super) struct Recorder {
    engine: Engine,
    holds: Holds,
    to_dispatcher: mpsc::UnboundedSender<News>,
    progress: Progress,
}

impl Recorder {
    pub(super) fn new(
        engine: Engine,
        holds: Holds,
        to_dispatcher: mpsc::UnboundedSender<News>,
        progress: Progress,
    ) -> Self {
        Self { engine, holds, to_dispatcher, progress }
    }

    /// Writes until nobody is left who could hand in more.
    pub(super) async fn run(mut self, mut notes: mpsc::UnboundedReceiver<Note>) {
        let mut batch = Vec::with_capacity(BATCH);
        while notes.recv_many(&mut batch, BATCH).await > 0 {
            let mut items = batch.drain(..).flat_map(items).collect::<Vec<_>>();
            // A row that somebody else wrote meanwhile is read again, and decided anew.
            while !items.is_empty() {
                match self.write(items).await {
                    Ok(missed) => items = missed,
                    Err(error) => {
                        let _gone = self.to_dispatcher.send(News::Broken(error));
                        return;
                    }
                }
            }
        }
    }

    /// Decides and writes; returns the items whose rows were not as they were read, with the rows as they are.
    async fn write(&mut self, items: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let now = self.engine.clock.now();
        let (changes, asked): (Vec<_>, Vec<_>) = items
            .iter()
            .map(|item| {
                let jitter = self.engine.jitter(&item.job);
                let Decision { job, entry, hold } = decide(&item.job, &item.event, now, &self.engine.policy, jitter);
                let keep = keeps(&job, now);
                let change = Change { job, entry, at: now, keep, call: item.call.clone() };
                let held = hold.and_then(|hold| self.holds.brought_by(&hold, &item.job.project_id));
                (self.engine.with_request(change), held)
            })
            .unzip();
        let held: Vec<Held> = asked.into_iter().flatten().collect();
        let matched = self.commit(&held, &changes).await?;
        let mut missed = Vec::new();
        let mut written = Vec::new();
        let mut moves = Vec::new();
        for ((item, change), ok) in items.into_iter().zip(changes).zip(matched) {
            if !ok {
                missed.push(item);
                continue;
            }
            let Change { mut job, keep, .. } = change;
            job.revision += 1;
            if item.known != job.state {
                moves.push((item.known, job.state));
            }
            if item.job.state != job.state {
                self.log(&item.job, &job);
            }
            // Only who made it so may send.
            let sends = item.reply.is_some() && item.job.state == State::Ready && job.state == State::Submitting;
            if let Some(reply) = item.reply {
                let _gone = reply.send(sends.then(|| job.clone()));
            }
            self.learn(&item.job, &job);
            written.push(Recorded { before: item.known, job, kept: keep, sends });
        }
        self.progress.moved(&moves);
        let _gone = self.to_dispatcher.send(News::Recorded(written));
        self.reread(missed).await
    }

    /// How long an upgrade took says when to look at the next; but only if its end was looked for in time. Nobody knows
    /// when one ended that was noticed after a weekend asleep.
    fn learn(&mut self, was: &Job, job: &Job) {
        let policy = &mut self.engine.policy;
        let in_time = |at: Millis| was.due_at.is_some_and(|due| at.since(due) <= policy.max_look);
        if let (State::Succeeded, Some(accepted), Some(finished)) = (job.state, job.accepted_at, job.finished_at)
            && in_time(finished)
        {
            policy.experience.note(finished.since(accepted));
        }
    }

    /// Writes, again and again while another process has the database.
    async fn commit(&self, held: &[Held], changes: &[Change]) -> Result<Vec<bool>, StoreError> {
        for _ in 1..TRIES {
            match self.put(held, changes).await {
                Err(StoreError::Locked { database }) => {
                    tracing::warn!(campaign = %self.engine.campaign, "{database} is held by another process; trying again");
                }
                other => return other,
            }
        }
        self.put(held, changes).await
    }

    /// The holds before the jobs, so that after a crash between the two none of the jobs is let go.
    async fn put(&self, held: &[Held], changes: &[Change]) -> Result<Vec<bool>, StoreError> {
        let Engine { store, runner, campaign_id, .. } = &self.engine;
        store.hold(runner, *campaign_id, held).await?;
        store.record(runner, changes).await
    }

    async fn reread(&self, missed: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        if missed.is_empty() {
            return Ok(missed);
        }
        let ids: Vec<i64> = missed.iter().map(|item| item.job.id).collect();
        let rows = self.engine.store.reload(&ids).await?;
        let again = |item: Item| match rows.iter().find(|row| row.id == item.job.id) {
            Some(job) => Ok(Item { job: job.clone(), ..item }),
            // Drydock removes no row.
            None => Err(StoreError::Edited { database: self.engine.store.name(), what: item.job.name() }),
        };
        missed.into_iter().map(again).collect()
    }

    fn log(&self, before: &Job, after: &Job) {
        let campaign = &*self.engine.campaign;
        let (project, cluster, send) = (&*after.project_id, &*after.cluster_name, after.send);
        let failed = after.error.as_ref().filter(|_| after.state == State::Failed);
        if let Some(fault) = failed {
            let (code, detail) = (&*fault.code, &*fault.detail);
            tracing::warn!(campaign, project, cluster, send, code, "{} -> failed: {detail}", before.state);
        } else {
            tracing::info!(campaign, project, cluster, send, "{} -> {}", before.state, after.state);
        }
    }
}

impl Engine {
    /// An intent is kept together with what will be sent.
    fn with_request(&self, mut change: Change) -> Change {
        if let Some(entry) = change.entry.as_mut().filter(|entry| entry.kind == Kind::Intent) {
            let Request { path, body, .. } = self.operation.request(&change.job);
            entry.detail = Some(String::from_utf8_lossy(&body).into_owned());
            change.call = Some(Call { method: "POST", path, status: None, error_code: None, duration_ms: None });
        }
        change
    }
}

fn keeps(job: &Job, now: Millis) -> bool {
    match job.state {
        State::Submitting => true,
        State::Ready | State::Upgrading => job.due_at.is_some_and(|due| due <= now.after(KEEP)),
        _ => false,
    }
}

fn items(note: Note) -> Vec<Item> {
    match note {
        Note::Intent(job, reply) => {
            vec![Item { known: job.state, job: *job, event: Event::Intent, call: None, reply: Some(reply) }]
        }
        Note::Happened(news) => news
            .into_iter()
            .map(|(job, event, call)| Item { known: job.state, job, event, call, reply: None })
            .collect(),
    }
}
