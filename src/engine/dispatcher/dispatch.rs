//! Hands out steps: what the buffer holds goes to free workers, as far as pace and slots allow.

use tokio::sync::OwnedSemaphorePermit;

use crate::clock::Millis;
use crate::domain::job::State;
use crate::engine::claim::Claim;
use crate::engine::dispatcher::{Dispatcher, OperationProbe};
use crate::pacing::{Permission, Purpose};

/// How a project's turn ended.
enum Turn {
    /// There is nothing to do until something changes for the project itself.
    Over,
    /// There is more to do as soon as others are done, or what was begun here is; or nobody is free to do it.
    Cut,
    /// There is something to do, but the pace allows it only then.
    Waits(Millis),
}

impl Turn {
    /// How it ended if a part of it ended like this, and the part before like that.
    fn or(self, before: Self) -> Self {
        if matches!(self, Self::Over) { before } else { self }
    }
}

impl Dispatcher {
    /// Hands steps to free workers, project by project, and says until when nothing more can be handed out.
    pub(super) fn dispatch(&mut self) -> Option<Millis> {
        let mut blocked: Option<Millis> = None;
        let awake = self.buffer.wake_due(self.engine.clock.now());
        if self.draining {
            return None;
        }
        for _ in 0..awake {
            if self.workers.available_permits() == 0 {
                return None;
            }
            let Some(project) = self.buffer.next_turn() else { break };
            // A hold may end without a word to the projects that it covers.
            let held = self.executor.holds.room_in(&project, self.engine.clock.now()) < usize::MAX;
            // Upgrade requests go before looks where the quota binds.
            let turn = match self.dispatch_sends(&project) {
                Turn::Waits(at) => Turn::Waits(at),
                sends => self.dispatch_looks(&project).or(sends),
            };
            match turn {
                Turn::Over if !held => self.buffer.rest(&project),
                Turn::Over | Turn::Cut => self.buffer.go_on(project),
                Turn::Waits(at) => {
                    self.buffer.go_on(project);
                    blocked = Some(blocked.map_or(at, |before| before.min(at)));
                }
            }
        }
        blocked
    }

    fn dispatch_sends(&mut self, project: &str) -> Turn {
        let now = self.engine.clock.now();
        loop {
            if !self.buffer.with(project, |queue| queue.has_due_ready(now)).unwrap_or(false) {
                return Turn::Over;
            }
            if self.proof == OperationProbe::Asked || self.slots.free() == 0 {
                return Turn::Cut;
            }
            if self.free_in(project) == 0 {
                return Turn::Over;
            }
            let Ok(worker) = self.workers.clone().try_acquire_owned() else { return Turn::Cut };
            match self.pacing.ask(project, self.requests.of(Purpose::Send), Purpose::Send) {
                Permission::Go => {}
                Permission::Later(at) => return Turn::Waits(at),
                Permission::LookFirst => return self.probe(project, worker),
            }
            let Some(claim) = self.buffer.with(project, |queue| queue.next_ready(now)).flatten() else {
                return Turn::Over;
            };
            if self.proof == OperationProbe::Wanted {
                self.proof = OperationProbe::Asked;
            }
            self.slots.take(claim.job.id, project);
            self.executor.holds.sends(claim.job.id, project, now);
            self.steps += 1;
            self.out += 1;
            self.tasks.spawn(self.executor.clone().send(claim, worker));
        }
    }

    /// The host did not answer the last time: a ready job is looked at once more, to see whether it does again.
    fn probe(&mut self, project: &str, worker: OwnedSemaphorePermit) -> Turn {
        if let Permission::Later(at) = self.ask_to_look(project) {
            return Turn::Waits(at);
        }
        let now = self.engine.clock.now();
        if let Some(claim) = self.buffer.with(project, |queue| queue.next_ready(now)).flatten() {
            self.launch_look(project, vec![claim], worker);
        }
        Turn::Cut
    }

    fn launch_look(&mut self, project: &str, claims: Vec<Box<Claim>>, worker: OwnedSemaphorePermit) {
        self.steps += 1;
        self.out += claims.len();
        self.tasks.spawn(self.executor.clone().look(project.to_owned(), claims, worker));
    }

    /// How many more jobs of `project` may be begun.
    pub(super) fn free_in(&self, project: &str) -> usize {
        self.slots.free_in(project).min(self.executor.holds.room_in(project, self.engine.clock.now()))
    }

    fn ask_to_look(&mut self, project: &str) -> Permission {
        self.pacing.ask(project, self.requests.of(Purpose::Look), Purpose::Look)
    }

    fn dispatch_looks(&mut self, project: &str) -> Turn {
        loop {
            let now = self.engine.clock.now();
            let looking = self.looking.get(project).copied().unwrap_or(0);
            let free = self.free_in(project);
            let Some((ready, looks)) = self.buffer.with(project, |queue| queue.outlook(now)) else { return Turn::Over };
            let pending = free.saturating_sub(ready + looking);
            if !looks.any(pending) {
                let limited_by_all = self.slots.free() <= ready + looking;
                return if looks.any(1) && limited_by_all { Turn::Cut } else { Turn::Over };
            }
            let Ok(worker) = self.workers.clone().try_acquire_owned() else { return Turn::Cut };
            if let Permission::Later(at) = self.ask_to_look(project) {
                return Turn::Waits(at);
            }
            let soon = now.after(self.engine.soon());
            let claims = self.buffer.with(project, |queue| queue.next_looks(now, soon, pending)).unwrap_or_default();
            let starting = claims.iter().filter(|claim| claim.job.state == State::Pending).count();
            if starting > 0 {
                self.executor.holds.begins(project, self.engine.clock.now());
                *self.looking.entry(project.to_owned()).or_default() += starting;
            }
            self.launch_look(project, claims, worker);
        }
    }
}
