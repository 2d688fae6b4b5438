//! The one that decides and writes: news of many jobs become one transaction.

mod batch;
mod sleep;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::job::{Job, State};
use crate::engine::apply::reread;
use crate::engine::claim::Claim;
use crate::engine::holds::Holds;
use crate::engine::{DispatcherEvent, Engine, Progress, Recorded};
use crate::store::{Change, StoreError, WriteResults};

pub(super) use batch::RecordRequest;
use batch::{Batch, Decided, Item};
use sleep::Sleep;

/// The most notes that one transaction takes in.
const BATCH: usize = 512;

/// The most batches on their way to the table: the one that is written, the next, and one that is being made.
const BATCHES: usize = 3;

/// How long looks that showed nothing new wait for others.
const QUIET: Duration = Duration::from_millis(250);

/// Batches that are being written, each with what the table said.
type Writing = JoinSet<Result<(Batch, WriteResults), StoreError>>;

pub(super) struct Recorder {
    engine: Engine,
    holds: Holds,
    to_dispatcher: mpsc::UnboundedSender<DispatcherEvent>,
    progress: Progress,
    sleep: Sleep,
    /// Looks that showed nothing new, and when they are written at the latest.
    quiet: Batch,
    quiet_until: Millis,
}

impl Recorder {
    pub(super) fn new(
        engine: Engine,
        holds: Holds,
        to_dispatcher: mpsc::UnboundedSender<DispatcherEvent>,
        progress: Progress,
    ) -> Self {
        Self {
            engine,
            holds,
            to_dispatcher,
            progress,
            sleep: Sleep::default(),
            quiet: Batch::default(),
            quiet_until: Millis(0),
        }
    }

    /// Writes until nobody is left who could hand in more.
    pub(super) async fn run(mut self, notes: mpsc::UnboundedReceiver<RecordRequest>) {
        let mut writing = Writing::new();
        if let Err(error) = self.write_all(notes, &mut writing).await {
            let _gone = self.to_dispatcher.send(DispatcherEvent::Broken(error));
        }
        // What happened is written as far as it goes, and no transaction is left in its middle.
        while writing.join_next().await.is_some() {}
    }

    /// While one batch is written the next is decided, so that the database waits for nobody.
    async fn write_all(
        &mut self,
        mut notes: mpsc::UnboundedReceiver<RecordRequest>,
        writing: &mut Writing,
    ) -> Result<(), StoreError> {
        let mut some = Vec::with_capacity(BATCH);
        let mut more = true;
        while more || !writing.is_empty() || !self.quiet.items.is_empty() {
            tokio::select! {
                biased;
                Some(done) = writing.join_next() => {
                    let Ok(done) = done else { return Ok(()) }; // it panicked: the dispatcher sees that nobody is here
                    let (batch, written) = done?;
                    // A row that somebody else wrote meanwhile is read again, and decided anew.
                    let missed = self.written(batch, written).await?;
                    self.decide(missed, writing);
                }
                count = notes.recv_many(&mut some, BATCH), if more && writing.len() < BATCHES => {
                    more = count > 0;
                    self.decide(some.drain(..).flat_map(RecordRequest::items), writing);
                }
                () = self.engine.clock.sleep_until(self.quiet_until), if !self.quiet.items.is_empty() => {
                    let quiet = std::mem::take(&mut self.quiet);
                    self.begin_to_write(quiet, writing);
                }
            }
        }
        Ok(())
    }

    /// Decides what follows, and begins to write it.
    fn decide(&mut self, items: impl IntoIterator<Item = Item>, writing: &mut Writing) {
        self.sleep.look(&self.engine.clock);
        let doubted = |item: Item| item.unless_put_off(&self.sleep, &self.engine.policy);
        let items: Vec<Item> = items.into_iter().map(doubted).collect();
        let Decided { mut batch, quiet, ready } = Decided::of(items, &self.engine, &self.holds);
        if !ready.is_empty() {
            for one in &ready {
                self.log(one.known, &one.claim.job);
            }
            let _gone = self.to_dispatcher.send(DispatcherEvent::Recorded(ready));
        }
        if self.quiet.items.is_empty() {
            self.quiet_until = self.engine.clock.now().after(QUIET);
        }
        self.quiet.extend(quiet);
        if !batch.items.is_empty() || self.quiet.items.len() >= BATCH {
            batch.extend(std::mem::take(&mut self.quiet));
            self.begin_to_write(batch, writing);
        }
    }

    fn begin_to_write(&self, batch: Batch, writing: &mut Writing) {
        self.engine.store.on_db_thread(writing, batch.write(self.engine.clone()));
    }

    /// Tells of what was written; returns the items whose rows were not as they were read, with the rows as they are.
    async fn written(&mut self, batch: Batch, results: WriteResults) -> Result<Vec<Item>, StoreError> {
        let Batch { items, changes, .. } = batch;
        let (matched, missed) = results.split(items.into_iter().zip(changes));
        let (mut written, mut moves) = (Vec::with_capacity(matched.len()), Vec::new());
        for (item, change) in matched {
            let Change { mut job, keep, .. } = change;
            let Item { mut claim, known, counted, reply, .. } = item;
            job.revision += 1;
            if counted != job.state {
                moves.push((counted, job.state));
            }
            self.log(claim.job.state, &job);
            self.learn(&claim.job, &job);
            // Only who made it so may send.
            let sends = reply.is_some() && claim.job.state == State::Ready && job.state == State::Submitting;
            if let Some(reply) = reply {
                let _gone = reply.send(sends.then(|| job.clone()));
            }
            let table = (counted, job.state);
            *claim = Claim::from(job);
            written.push(Recorded { known, table, claim, kept: keep, sends });
        }
        self.progress.moved(&moves);
        let _gone = self.to_dispatcher.send(DispatcherEvent::Recorded(written));
        let missed = missed.into_iter().map(|(item, _)| item).collect();
        let again = reread(&self.engine.store, missed, |item: &Item| &item.claim.job).await?;
        Ok(again.into_iter().map(|(item, job)| item.with_row(job)).collect())
    }

    /// How long an upgrade took says when to look at the next; but only if it was followed and its end was looked for
    /// in time. Nobody knows when one ended that was noticed after a weekend asleep, or when one began that was over
    /// when a lost answer was looked into.
    fn learn(&mut self, was: &Job, job: &Job) {
        let policy = &mut self.engine.policy;
        let in_time = |at: Millis| was.schedule.due_at.is_some_and(|due| at.since(due) <= policy.max_look);
        if was.state == State::Upgrading
            && job.state == State::Succeeded
            && job.observed.unattended_ms == 0
            && let (Some(begun), Some(finished)) = (policy.begun(job), job.finished_at)
            && in_time(finished)
        {
            policy.experience.note(finished.since(begun));
        }
    }

    fn log(&self, was: State, job: &Job) {
        if was == job.state {
            return;
        }
        let campaign = &*self.engine.campaign;
        let (project, cluster, send) = (&*job.project_id, &*job.cluster_name, job.request.send);
        let failed = job.error.as_ref().filter(|_| job.state == State::Failed);
        if let Some(fault) = failed {
            let (code, detail) = (&*fault.code, &*fault.detail);
            tracing::warn!(campaign, project, cluster, send, code, "{was} -> failed: {detail}");
        } else if let Some(Fault { code, detail }) = job.error.as_ref().filter(|_| job.state == State::Succeeded) {
            tracing::warn!(campaign, project, cluster, send, code, "{was} -> succeeded, but {detail}");
        } else {
            tracing::info!(campaign, project, cluster, send, "{was} -> {}", job.state);
        }
    }
}
