//! Decides what is done next. It alone knows pace, slots and buffer, and hears of everything in one order.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::job::State;
use crate::domain::summary::Counts;
use crate::engine::buffer::Buffer;
use crate::engine::launch::Launcher;
use crate::engine::recorder::Note;
use crate::engine::slots::Slots;
use crate::engine::{Control, Ending, Engine, Freed, News, Progress, Recorded};
use crate::pacing::{Pacing, Purpose, Verdict};
use crate::store::{Lane, StoreError};

/// How often the table is looked at for what other processes (an operator's `retry`) put there.
const POLL: Duration = Duration::from_secs(5);

/// For how long rows of a project that has no free slot are put back.
const DEFER: Duration = Duration::from_secs(15);

/// The most rows that one claim takes.
const CLAIM: usize = 512;

/// Looks in a row that were refused before a held run gives up following what is in flight.
const BLIND: u32 = 3;

/// Looks in a row that failed before people are told.
const FAILING: u32 = 5;

/// Whether Atlas is known to serve the operation. Until then, one upgrade request goes at a time: an operation that
/// is gone costs one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    Wanted,
    Asked,
    Had,
}

pub(super) struct Dispatcher {
    engine: Engine,
    launcher: Launcher,
    progress: Progress,
    pacing: Pacing,
    slots: Slots,
    buffer: Buffer,
    workers: Arc<Semaphore>,
    /// The steps' tasks; they end with the dispatcher.
    tasks: JoinSet<()>,
    counts: Counts,
    miscounted: bool,
    proof: Proof,
    hold: Option<Fault>,
    draining: bool,
    /// Steps whose worker has not reported back.
    steps: usize,
    /// Jobs handed to workers whose news are not written yet.
    out: usize,
    /// Pending jobs being looked at, by project.
    looking: HashMap<String, usize>,
    /// Looks in a row that failed, and those that were refused.
    failing: u32,
    blind: u32,
    /// When the table may have something that is due, by lane.
    follow_at: Millis,
    pending_at: Millis,
    polled_at: Millis,
}

impl Dispatcher {
    pub(super) async fn new(
        engine: Engine,
        counts: Counts,
        to_recorder: mpsc::UnboundedSender<Note>,
        to_dispatcher: mpsc::UnboundedSender<News>,
        progress: Progress,
    ) -> Result<Self, StoreError> {
        let in_flight = engine.store.in_flight(engine.campaign_id).await?;
        let proof = if engine.store.accepted_any(engine.campaign_id).await? { Proof::Had } else { Proof::Wanted };
        let now = engine.clock.now();
        Ok(Self {
            pacing: Pacing::new(engine.limits.requests_per_minute, engine.clock),
            slots: Slots::new(engine.limits, in_flight),
            workers: Arc::new(Semaphore::new(engine.limits.workers)),
            tasks: JoinSet::new(),
            launcher: Launcher {
                engine: engine.clone(),
                to_recorder,
                to_dispatcher,
                stopped: Arc::new(AtomicBool::new(false)),
            },
            engine,
            progress,
            buffer: Buffer::default(),
            counts,
            miscounted: false,
            proof,
            hold: None,
            draining: false,
            steps: 0,
            out: 0,
            looking: HashMap::new(),
            failing: 0,
            blind: 0,
            follow_at: now,
            pending_at: now,
            polled_at: now,
        })
    }

    /// Works until the run ends, however it ends.
    pub(super) async fn run(
        mut self,
        mut news: mpsc::UnboundedReceiver<News>,
        mut control: watch::Receiver<Control>,
    ) -> Result<Ending, StoreError> {
        loop {
            while let Ok(one) = news.try_recv() {
                self.hear(one)?;
            }
            self.nobody_died()?;
            if *control.borrow_and_update() == Control::Drain && !self.draining {
                self.draining = true;
                self.launcher.stopped.store(true, Ordering::Relaxed);
                self.progress.draining();
            }
            if !self.draining {
                self.refill_if_possible().await?;
            }
            let blocked_until = self.hand_out();
            if let Some(ending) = self.ending().await? {
                let left = self.buffer.drain();
                let now = self.engine.clock.now();
                self.engine.store.defer(&left, now).await?;
                return Ok(ending);
            }
            self.progress.braked(self.pacing.closed_until());
            let wake = self.wake_at(blocked_until);
            tokio::select! {
                Some(one) = news.recv() => self.hear(one)?,
                () = self.engine.clock.sleep_until(wake) => {}
                Ok(()) = control.changed() => {}
            }
        }
    }

    fn hear(&mut self, news: News) -> Result<(), StoreError> {
        match news {
            News::Freed(freed) => self.freed(freed),
            News::Recorded(all) => all.into_iter().for_each(|one| self.recorded(one)),
            News::Broken(error) => return Err(error),
        }
        Ok(())
    }

    fn freed(&mut self, freed: Freed) {
        self.steps -= 1;
        self.pacing.over(if freed.was_send { Purpose::Send } else { Purpose::Look });
        for report in freed.reports {
            self.pacing.tell(&freed.project, report);
        }
        if freed.was_send && self.proof == Proof::Asked {
            self.proof = if freed.proven { Proof::Had } else { Proof::Wanted };
        }
        if let Some(job) = freed.unsent {
            self.out -= 1;
            self.slots.give_back(job.id, &job.project_id);
            self.buffer.push(*job);
        }
        if !freed.was_send {
            self.looks_went(freed.failed, freed.blind);
        }
        if let Some(fault) = freed.hold {
            self.held(fault);
        }
    }

    /// One look that fails is nothing; many in a row are something that people should know, or act upon.
    fn looks_went(&mut self, failed: Option<Fault>, blind: Option<Fault>) {
        self.failing = if failed.is_some() { self.failing + 1 } else { 0 };
        if self.failing == 0 {
            self.progress.trouble(None);
        }
        if let (FAILING, Some(fault)) = (self.failing, failed) {
            self.progress.trouble(Some(&fault.code));
            let (campaign, code, detail) = (&*self.engine.campaign, &*fault.code, &*fault.detail);
            tracing::warn!(campaign, code, "looks fail again and again, trying on: {detail}");
        }
        self.blind = if blind.is_some() { self.blind + 1 } else { 0 };
        if let (BLIND.., Some(fault)) = (self.blind, blind) {
            self.held(fault);
        }
    }

    /// A task that panicked will never report: better to end, and let the next run verify.
    fn nobody_died(&mut self) -> Result<(), StoreError> {
        let mut dead = self.launcher.to_recorder.is_closed();
        while let Some(ended) = self.tasks.try_join_next() {
            dead |= ended.is_err();
        }
        if dead {
            return Err(StoreError::Other {
                database: self.engine.store.name(),
                source: "a task of the engine died; what was on the wire will be verified by the next run".into(),
            });
        }
        Ok(())
    }

    fn recorded(&mut self, one: Recorded) {
        let Recorded { before, job, kept, hold, sends } = one;
        if let Some(fault) = hold {
            self.held(fault);
        }
        self.slots.follow(&job);
        self.counts.add(before, -1);
        self.counts.add(job.state, 1);
        // More left a state than we knew of: another process has sent jobs back.
        self.miscounted |= self.counts.of(before) < 0;
        if before == State::Pending
            && let Some(looking) = self.looking.get_mut(&job.project_id)
        {
            *looking = looking.saturating_sub(1);
            if *looking == 0 {
                self.looking.remove(&job.project_id);
            }
        }
        if sends {
            return; // its worker still has it
        }
        self.out = self.out.saturating_sub(1);
        if kept {
            self.buffer.push(job);
        } else if let Some(due) = job.due_at {
            let at = if job.state == State::Pending { &mut self.pending_at } else { &mut self.follow_at };
            *at = (*at).min(due);
        }
    }

    fn held(&mut self, fault: Fault) {
        if self.hold.is_none() {
            tracing::error!(campaign = %self.engine.campaign, code = %fault.code, "held: {}", fault.detail);
            self.progress.held(&fault);
            self.launcher.stopped.store(true, Ordering::Relaxed);
            self.hold = Some(fault);
        }
    }

    /// Another process that holds the database for long is waited for; what is due stays due.
    async fn refill_if_possible(&mut self) -> Result<(), StoreError> {
        match self.refill().await {
            Err(StoreError::Locked { database }) => {
                tracing::warn!(campaign = %self.engine.campaign, "{database} is held by another process; trying again");
                let soon = self.engine.clock.now().after(Duration::from_secs(1));
                (self.follow_at, self.pending_at) = (soon, soon);
                Ok(())
            }
            other => other,
        }
    }

    /// Claims what is due: what is followed always, what is pending as far as slots are free.
    async fn refill(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.miscounted) {
            self.counts = self.engine.store.counts(self.engine.campaign_id).await?;
            self.progress.recounted(self.counts);
        }
        let now = self.engine.clock.now();
        if now >= self.polled_at.after(POLL) {
            self.polled_at = now;
            self.follow_at = self.follow_at.min(self.next_due(Lane::Rest).await?);
            self.pending_at = self.pending_at.min(self.next_due(Lane::Pending).await?);
        }
        if self.hold.is_some() {
            // What will not be sent makes room for what is followed.
            let ids = self.buffer.give_up(|_| true);
            self.engine.store.defer(&ids, now.after(DEFER)).await?;
        }
        if now >= self.follow_at && self.buffer.room() > 0 {
            let limit = self.buffer.room().min(CLAIM);
            let claimed = self.claim(Lane::Rest, limit).await?;
            self.follow_at = if claimed == limit { now } else { self.next_due(Lane::Rest).await? };
        }
        if now >= self.pending_at && self.hold.is_none() {
            let wanted = self.wanted();
            if wanted > 0 && self.buffer.room() < wanted {
                self.make_room().await?;
            }
            let limit = wanted.min(self.buffer.room()).min(CLAIM);
            if limit > 0 {
                let claimed = self.claim(Lane::Pending, limit).await?;
                if claimed < limit {
                    self.pending_at = self.next_due(Lane::Pending).await?;
                } else if self.wanted() >= wanted {
                    // All of them belong to projects without a free slot.
                    self.pending_at = now.after(Duration::from_millis(100));
                }
            }
        }
        Ok(())
    }

    async fn claim(&mut self, lane: Lane, limit: usize) -> Result<usize, StoreError> {
        let now = self.engine.clock.now();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let jobs = self.engine.store.claim(self.engine.campaign_id, &self.engine.runner, lane, now, limit).await?;
        let count = jobs.len();
        for job in jobs {
            self.slots.follow(&job); // another process may have sent it back to be verified
            self.buffer.push(job);
        }
        Ok(count)
    }

    async fn next_due(&self, lane: Lane) -> Result<Millis, StoreError> {
        let next = self.engine.store.next_due(self.engine.campaign_id, lane).await?;
        Ok(next.unwrap_or(Millis(i64::MAX)))
    }

    /// How many more pending jobs could be on their way to a slot, besides those that already are.
    fn wanted(&self) -> usize {
        if self.slots.free() == 0 {
            return 0;
        }
        let held = self.buffer.upcoming(|project| self.slots.free_in(project));
        let looking: usize = self.looking.values().sum();
        (self.slots.free() + self.engine.limits.workers).saturating_sub(held + looking)
    }

    /// The buffer is full of jobs whose projects have no free slot: back to the table with them.
    async fn make_room(&mut self) -> Result<(), StoreError> {
        let slots = &self.slots;
        let ids = self.buffer.give_up(|project| slots.free_in(project) == 0);
        let until = self.engine.clock.now().after(DEFER);
        self.pending_at = self.pending_at.min(until);
        self.follow_at = self.follow_at.min(until);
        self.engine.store.defer(&ids, until).await
    }

    /// Hands steps to free workers, project by project, and says until when nothing more can be handed out.
    fn hand_out(&mut self) -> Option<Millis> {
        let mut blocked: Option<Millis> = None;
        if self.draining || self.workers.available_permits() == 0 {
            return None;
        }
        for project in self.buffer.turns() {
            if self.workers.available_permits() == 0 {
                return None;
            }
            // Upgrade requests go before looks where the quota binds.
            if let Some(at) = self.hand_out_sends(&project).or_else(|| self.hand_out_looks(&project)) {
                blocked = Some(blocked.map_or(at, |before| before.min(at)));
            }
        }
        blocked
    }

    fn hand_out_sends(&mut self, project: &str) -> Option<Millis> {
        let now = self.engine.clock.now();
        while self.hold.is_none() && self.proof != Proof::Asked && self.slots.free_in(project) > 0 {
            if !self.buffer.with(project, |queue| queue.has_due_ready(now)).unwrap_or(false) {
                return None;
            }
            let Ok(worker) = self.workers.clone().try_acquire_owned() else { return None };
            match self.pacing.ask(project, 1, Purpose::Send) {
                Verdict::Go => {}
                Verdict::Later(at) => return Some(at),
                Verdict::LookFirst => return self.probe(project, worker),
            }
            let job = self.buffer.with(project, |queue| queue.next_ready(now)).flatten()?;
            if self.proof == Proof::Wanted {
                self.proof = Proof::Asked;
            }
            self.slots.take(job.id, project);
            self.steps += 1;
            self.out += 1;
            self.tasks.spawn(self.launcher.clone().send(job, worker));
        }
        None
    }

    /// The host did not answer the last time: a ready job is looked at once more, to see whether it does again.
    fn probe(&mut self, project: &str, worker: OwnedSemaphorePermit) -> Option<Millis> {
        if let Verdict::Later(at) = self.pacing.ask(project, self.requests_of_a_look(), Purpose::Look) {
            return Some(at);
        }
        let now = self.engine.clock.now();
        let job = self.buffer.with(project, |queue| queue.next_ready(now)).flatten()?;
        self.steps += 1;
        self.out += 1;
        self.tasks.spawn(self.launcher.clone().look(project.to_owned(), vec![job], worker));
        None
    }

    fn requests_of_a_look(&self) -> u32 {
        if self.engine.operation.source == self.engine.operation.target { 1 } else { 2 }
    }

    fn hand_out_looks(&mut self, project: &str) -> Option<Millis> {
        loop {
            let looking = self.looking.get(project).copied().unwrap_or(0);
            let free = if self.hold.is_none() { self.slots.free_in(project) } else { 0 };
            let (ready, looks) = self.buffer.with(project, |queue| queue.outlook())?;
            let pending = free.saturating_sub(ready + looking);
            if !looks.any(pending) {
                return None;
            }
            let Ok(worker) = self.workers.clone().try_acquire_owned() else { return None };
            let requests = self.requests_of_a_look();
            if let Verdict::Later(at) = self.pacing.ask(project, requests, Purpose::Look) {
                return Some(at);
            }
            let jobs = self.buffer.with(project, |queue| queue.next_looks(pending)).unwrap_or_default();
            let starting = jobs.iter().filter(|job| job.state == State::Pending).count();
            if starting > 0 {
                *self.looking.entry(project.to_owned()).or_default() += starting;
            }
            self.steps += 1;
            self.out += jobs.len();
            self.tasks.spawn(self.launcher.clone().look(project.to_owned(), jobs, worker));
        }
    }

    /// Whether the run is over. Before it says so it waits until all news are written.
    async fn ending(&mut self) -> Result<Option<Ending>, StoreError> {
        if self.steps > 0 || self.out > 0 {
            return Ok(None);
        }
        if !Engine::is_done(&self.counts) {
            return Ok(match &self.hold {
                Some(fault) if self.slots.in_flight() == 0 || self.blind >= BLIND => Some(Ending::Held(fault.clone())),
                _ => self.draining.then_some(Ending::Interrupted),
            });
        }
        // Another process may have sent jobs back meanwhile.
        self.counts = self.engine.store.counts(self.engine.campaign_id).await?;
        Ok(Engine::is_done(&self.counts).then_some(Ending::Finished))
    }

    fn wake_at(&self, blocked_until: Option<Millis>) -> Millis {
        let now = self.engine.clock.now();
        let mut wake = now.after(POLL);
        if self.draining {
            return wake; // only news matter now
        }
        if self.buffer.room() > 0 {
            wake = wake.min(self.follow_at);
            if self.hold.is_none() && self.wanted() > 0 {
                wake = wake.min(self.pending_at);
            }
        }
        for at in [blocked_until, self.buffer.earliest(now)].into_iter().flatten() {
            wake = wake.min(at);
        }
        // Never a busy loop: whatever asks for "now" again is asked for in a moment.
        wake.max(now.after(Duration::from_millis(1)))
    }
}
