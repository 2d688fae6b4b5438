//! Decides what is done next. It alone knows pace, slots and buffer, and hears of everything in one order.
//!
//! Its loop: hear the news, refill the buffer, hand out steps, see whether the run is over, wait.

mod claims;
mod dispatch;
mod events;
mod held;
mod notes;
mod refill;
mod waves;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::clock::Millis;
use crate::domain::run_notes::{AskedWait, RunNotes};
use crate::domain::summary::Counts;
use crate::domain::wave::Wave;
use crate::engine::buffer::Buffer;
use crate::engine::executor::Executor;
use crate::engine::slots::Slots;
use crate::engine::step_requests::StepRequests;
use crate::engine::{Control, DispatcherEvent, Ending, Engine, Progress, limits};
use crate::pacing::Pacing;
use crate::store::StoreError;

use claims::LaneState;

/// How often the table is looked at for what other processes (an operator's `retry`) put there.
const POLL: Duration = Duration::from_secs(5);

/// For how long rows of a project that has no free slot are put back.
const DEFER: Duration = Duration::from_secs(15);

/// How often it is counted how many pending jobs are wanted: it takes a walk over all projects in hand.
const COUNT: Duration = Duration::from_millis(2);

/// The most rows that one claim takes.
const CLAIM: usize = 512;

/// Looks in a row that failed before people are told.
const FAILING: u32 = 5;

/// Whether Atlas is known to serve the operation. Until then, one upgrade request goes at a time: an operation that
/// is gone costs one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OperationProbe {
    Wanted,
    Asked,
    Had,
}

pub(super) struct Dispatcher {
    engine: Arc<Engine>,
    executor: Executor,
    progress: Progress,
    pacing: Pacing,
    requests: StepRequests,
    slots: Slots,
    buffer: Buffer,
    workers: Arc<Semaphore>,
    /// The steps' tasks; they end with the dispatcher.
    tasks: JoinSet<()>,
    counts: Counts,
    miscounted: bool,
    proof: OperationProbe,
    /// The wave whose jobs may be begun.
    wave: Wave,
    draining: bool,
    /// Steps whose worker has not reported back.
    steps: usize,
    /// Jobs handed to workers whose news are not written yet.
    out: usize,
    /// Jobs that are out of the buffer and not yet back in the table, and when they are due again.
    leaving: Vec<i64>,
    leaving_until: Millis,
    /// Pending jobs being looked at, by project.
    looking: HashMap<String, usize>,
    /// Looks in a row that failed.
    failing: u32,
    /// Why they fail, and since when, where people were told.
    trouble: Option<(String, Millis)>,
    /// What this run has left for other processes to read.
    notes: RunNotes,
    /// What jobs in the table wait for since Atlas asked for it, in this run or an earlier one.
    asked: Option<AskedWait>,
    /// When an operator last wanted no waiting, as the table said at the last look.
    forward_at: Option<Millis>,
    /// What the table has to do: what is followed, and what has not been begun.
    follow: LaneState,
    pending: LaneState,
    /// How many pending jobs were wanted when it was last counted, when it may be counted again, and whether anything
    /// was heard since.
    wanted: usize,
    count_at: Millis,
    heard: bool,
    polled_at: Millis,
    /// When the organisations may be asked for again.
    organisations_at: Millis,
    organisations_asked: u32,
}

impl Dispatcher {
    pub(super) async fn new(
        executor: Executor,
        (counts, wave): (Counts, Wave),
        progress: Progress,
    ) -> Result<Self, StoreError> {
        let engine = executor.engine.clone();
        let in_flight = engine.store.in_flight(engine.campaign_id).await?;
        let proof = if engine.store.accepted_any(engine.campaign_id).await? {
            OperationProbe::Had
        } else {
            OperationProbe::Wanted
        };
        let now = engine.clock.now();
        executor.holds.follow(engine.store.holds(engine.campaign_id).await?, now);
        progress.held(executor.holds.list());
        Ok(Self {
            pacing: Pacing::new(engine.limits.requests_per_minute, engine.clock),
            requests: StepRequests::new(engine.operation),
            slots: Slots::new(engine.limits, in_flight),
            workers: Arc::new(Semaphore::new(engine.limits.workers)),
            tasks: JoinSet::new(),
            executor,
            engine,
            progress,
            buffer: Buffer::default(),
            counts,
            miscounted: false,
            proof,
            wave,
            draining: false,
            steps: 0,
            out: 0,
            leaving: Vec::new(),
            leaving_until: now,
            looking: HashMap::new(),
            failing: 0,
            trouble: None,
            notes: RunNotes::default(),
            asked: None,
            forward_at: None,
            follow: LaneState::new(now),
            pending: LaneState::new(now),
            wanted: 0,
            count_at: now,
            heard: true,
            polled_at: Millis(0),
            organisations_at: now,
            organisations_asked: 0,
        })
    }

    /// Asks Atlas for its rate limits; until it answers, and where it does not, the campaign's own pace counts.
    pub(super) async fn ask_for_limits(&mut self) -> Result<(), StoreError> {
        let engine = self.engine.clone();
        if let Some(project) = engine.store.first_to_begin(engine.campaign_id).await? {
            let to_dispatcher = self.executor.to_dispatcher.clone();
            self.tasks.spawn(async move {
                let stated = limits::ask(&engine.client, engine.operation, &project).await;
                let _gone = to_dispatcher.send(DispatcherEvent::Stated(stated));
            });
        }
        Ok(())
    }

    /// Works until the run ends, however it ends.
    pub(super) async fn run(
        mut self,
        news: &mut mpsc::UnboundedReceiver<DispatcherEvent>,
        mut control: watch::Receiver<Control>,
    ) -> Result<Ending, StoreError> {
        loop {
            // Whoever is ready to go on may have news, too: together they are heard more cheaply.
            tokio::task::yield_now().await;
            while let Ok(one) = news.try_recv() {
                self.on_event(one)?;
            }
            self.check_tasks()?;
            if *control.borrow_and_update() == Control::Drain && !self.draining {
                self.draining = true;
                self.executor.draining.store(true, Ordering::Relaxed);
                self.progress.draining();
            }
            self.note_holds_if_possible().await?;
            if !self.draining {
                self.refill_if_possible().await?;
            }
            let blocked_until = self.dispatch();
            if let Some(ending) = self.ending().await? {
                let leaving = self.buffer.drain();
                self.leave(leaving, self.engine.clock.now()).await?;
                self.take_notes_back().await;
                return Ok(ending);
            }
            self.progress.closed(self.pacing.closed());
            self.progress.asked(self.asked());
            let wake = self.wake_at(blocked_until);
            tokio::select! {
                // In a fixed order, so that a seed gives one history. Each turn of the loop looks at all of them anyway.
                biased;
                Some(one) = news.recv() => self.on_event(one)?,
                () = self.engine.clock.sleep_until(wake) => {}
                Ok(()) = control.changed() => {}
            }
        }
    }

    /// Whether the run is over. Before it says so it waits until all news are written.
    async fn ending(&mut self) -> Result<Option<Ending>, StoreError> {
        if self.steps > 0 || self.out > 0 || self.is_claiming() {
            return Ok(None);
        }
        if !Engine::is_done(&self.counts) {
            if self.is_held().await? {
                self.note_holds().await?;
                return Ok(Some(Ending::Held(self.executor.holds.list())));
            }
            return Ok(self.draining.then_some(Ending::Interrupted));
        }
        // Another process may have sent jobs back meanwhile.
        self.counts = self.engine.store.counts(self.engine.campaign_id).await?;
        Ok(Engine::is_done(&self.counts).then_some(Ending::Finished))
    }

    fn wake_at(&mut self, blocked_until: Option<Millis>) -> Millis {
        let now = self.engine.clock.now();
        let mut wake = now.after(POLL);
        if self.draining {
            return wake; // only news matter now
        }
        if self.buffer.room() > 0 {
            wake = wake.min(self.follow.wake_at());
            if !self.executor.holds.stop_all() && (self.heard || self.wanted > 0) {
                wake = wake.min(self.pending.wake_at().max(self.count_at));
            }
        }
        let probe = self.executor.holds.next_probe(now);
        for at in [blocked_until, self.buffer.earliest(), probe].into_iter().flatten() {
            wake = wake.min(at);
        }
        // Never a busy loop: whatever asks for "now" again is asked for in a moment.
        wake.max(now.after(Duration::from_millis(1)))
    }
}
