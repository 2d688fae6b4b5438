//! Claims: what is due comes from the table into the buffer. The table takes its time, above all while it is being
//! written, so each claim is a task of its own, and what comes of it is news.

use std::time::Duration;

use crate::clock::Millis;
use crate::domain::event::Event;
use crate::domain::job::{Job, State};
use crate::engine::dispatcher::{CLAIM, Dispatcher};
use crate::engine::recorder::RecordRequest;
use crate::engine::{Claimed, DispatcherEvent, Engine};
use crate::store::{ClaimedJobs, Lane, StoreError};

/// Nothing is due.
pub(super) const NEVER: Millis = Millis(i64::MAX);

/// How long the table is left alone while another process holds it.
const LOCKED: Duration = Duration::from_secs(1);

/// How long no pending job is asked for after none of those that came could be begun.
const IN_VAIN: Duration = Duration::from_millis(100);

/// What is known of a lane of the table.
pub(super) struct LaneState {
    /// When it may have something that is due.
    pub(super) due: Millis,
    /// A claim is on its way. One at a time is enough.
    asked: bool,
}

impl LaneState {
    pub(super) fn new(due: Millis) -> Self {
        Self { due, asked: false }
    }

    /// There is something that is due then.
    pub(super) fn has_at(&mut self, due: Millis) {
        self.due = self.due.min(due);
    }

    pub(super) fn may_be_asked(&self, now: Millis) -> bool {
        !self.asked && now >= self.due
    }

    /// When to ask it again, if no news come before.
    pub(super) fn wake_at(&self) -> Millis {
        if self.asked { NEVER } else { self.due }
    }
}

impl Dispatcher {
    /// Asks `lane` for up to `limit` jobs that are due at `due`.
    pub(super) fn claim(&mut self, lane: Lane, due: Millis, limit: usize) {
        let limit = limit.min(CLAIM);
        if limit == 0 {
            return;
        }
        let state = self.lane_state(lane);
        // What is recorded from now on may be due before the rest.
        (state.asked, state.due) = (true, NEVER);
        let (engine, to_dispatcher) = (self.engine.clone(), self.executor.to_dispatcher.clone());
        self.tasks.spawn(async move {
            let got = engine.take_due(lane, due, limit).await;
            let _gone = to_dispatcher.send(DispatcherEvent::Claimed(Claimed { lane, got }));
        });
    }

    /// Whether a claim is on its way.
    pub(super) fn is_claiming(&self) -> bool {
        self.follow.asked || self.pending.asked
    }

    pub(super) fn claimed(&mut self, Claimed { lane, got }: Claimed) -> Result<(), StoreError> {
        self.lane_state(lane).asked = false;
        let (jobs, next) = match got {
            Err(StoreError::Locked { database }) => {
                self.wait_for_others(&database);
                return Ok(());
            }
            got => got?,
        };
        let now = self.engine.clock.now();
        // There is more; but if all of these belong to projects without a free slot, so may those behind them.
        let may_be_vain = lane != Lane::Rest && next <= now && !self.executor.holds.any();
        let wanted = may_be_vain.then(|| self.wanted());
        let ClaimedJobs { jobs, asked_elsewhere } = jobs;
        self.verify_first(asked_elsewhere);
        for job in jobs {
            self.slots.follow(&job); // another process may have sent it back to be verified
            self.buffer.push(Box::new(job.into()));
        }
        let in_vain = wanted.is_some_and(|wanted| self.wanted() >= wanted);
        self.lane_state(lane).has_at(if in_vain { next.max(now.after(IN_VAIN)) } else { next });
        Ok(())
    }

    /// Jobs that have not begun, and to whose clusters another campaign may have a request under way: the rule book
    /// lets them be verified. Until that is written they count as looked at.
    fn verify_first(&mut self, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        self.out += jobs.len();
        for job in jobs.iter().filter(|job| job.state == State::Pending) {
            *self.looking.entry(job.project_id.clone()).or_default() += 1;
        }
        let news = jobs.into_iter().map(|job| (Box::new(job.into()), Event::SentElsewhere, None)).collect();
        let _gone = self.executor.to_recorder.send(RecordRequest::Happened(news));
    }

    /// Another process holds the database: what is due stays due.
    pub(super) fn wait_for_others(&mut self, database: &str) {
        tracing::warn!(campaign = %self.engine.campaign, "{database} is held by another process; trying again");
        let soon = self.engine.clock.now().after(LOCKED);
        (self.follow.due, self.pending.due) = (soon, soon);
    }

    /// Whatever the table has may be due by now.
    pub(super) fn all_due(&mut self, now: Millis) {
        (self.follow.due, self.pending.due) = (now, now);
        self.buffer.wake_all();
    }

    /// The jobs that may be begun.
    pub(super) fn begins(&self) -> Lane {
        Lane::Pending(self.wave)
    }

    fn lane_state(&mut self, lane: Lane) -> &mut LaneState {
        match lane {
            Lane::Pending(_) => &mut self.pending,
            Lane::Rest => &mut self.follow,
        }
    }
}

impl Engine {
    /// Up to `limit` jobs that are due at `due`, and when there is more that is.
    async fn take_due(&self, lane: Lane, due: Millis, limit: usize) -> Result<(ClaimedJobs, Millis), StoreError> {
        let most = i64::try_from(limit).unwrap_or(i64::MAX);
        let jobs = self.store.claim(self.campaign_id, &self.runner.id, lane, due, most).await?;
        if jobs.jobs.len() + jobs.asked_elsewhere.len() == limit {
            return Ok((jobs, self.clock.now()));
        }
        // Whether or not that can be told now, the jobs are in hand.
        let next = self.next_due(lane).await.unwrap_or_else(|_| self.clock.now());
        Ok((jobs, next))
    }

    /// When `lane` has something that is due and in nobody's hands.
    pub(super) async fn next_due(&self, lane: Lane) -> Result<Millis, StoreError> {
        Ok(self.store.next_due(self.campaign_id, lane).await?.unwrap_or(NEVER))
    }
}
