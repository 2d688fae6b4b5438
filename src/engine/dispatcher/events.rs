//! What the dispatcher hears: steps that are over, and rows that were written.

use crate::atlas::{INSECURE, NO_CONNECTION, WEB_PAGE};
use crate::domain::code::Fault;
use crate::domain::job::State;
use crate::engine::dispatcher::{Dispatcher, FAILING, OperationProbe};
use crate::engine::{DispatcherEvent, Recorded, StepFinished};
use crate::pacing::Purpose;
use crate::store::StoreError;

impl Dispatcher {
    pub(super) fn on_event(&mut self, news: DispatcherEvent) -> Result<(), StoreError> {
        self.heard = true;
        match news {
            DispatcherEvent::StepFinished(freed) => self.freed(freed),
            DispatcherEvent::Recorded(all) => all.into_iter().for_each(|one| self.recorded(one)),
            DispatcherEvent::Claimed(claimed) => self.claimed(claimed)?,
            DispatcherEvent::Stated(buckets) => {
                for (sets, bucket) in buckets {
                    self.pacing.state(sets, bucket);
                }
            }
            DispatcherEvent::Broken(error) => return Err(error),
        }
        Ok(())
    }

    fn freed(&mut self, freed: StepFinished) {
        self.steps -= 1;
        let purpose = if freed.send.is_some() { Purpose::Send } else { Purpose::Look };
        self.pacing.over(&freed.project, self.requests.of(purpose), purpose, &freed.reports);
        self.buffer.wake(&freed.project);
        if let Some(job) = freed.send {
            self.executor.holds.over(job, freed.tried, self.engine.clock.now());
            if self.proof == OperationProbe::Asked {
                self.proof = if freed.proven { OperationProbe::Had } else { OperationProbe::Wanted };
            }
        }
        if let Some(claim) = freed.unsent {
            self.out -= 1;
            self.slots.give_back(claim.job.id, &claim.job.project_id);
            self.buffer.push(claim);
        }
        if freed.send.is_none() {
            self.looks_went(freed.failed);
        }
    }

    /// One look that fails is nothing; many in a row are something that people should know. So is one that never came
    /// as far as Atlas.
    fn looks_went(&mut self, failed: Option<Fault>) {
        self.failing = if failed.is_some() { self.failing + 1 } else { 0 };
        if self.failing == 0 {
            self.trouble = None;
            self.progress.trouble(None);
        }
        if let Some(fault) = failed {
            let lost = self.failing == 1 && [NO_CONNECTION, INSECURE, WEB_PAGE].contains(&&*fault.code);
            let (campaign, code, detail) = (&*self.engine.campaign, &*fault.code, &*fault.detail);
            if lost {
                tracing::warn!(campaign, code, "cannot reach Atlas, Drydock keeps trying: {detail}");
            } else if self.failing == FAILING {
                tracing::warn!(campaign, code, "looks keep failing, Drydock keeps trying: {detail}");
            }
            if lost || self.failing == FAILING {
                self.progress.trouble(Some(code));
                let since = self.trouble.take().map_or_else(|| self.engine.clock.now(), |(_, since)| since);
                self.trouble = Some((code.to_owned(), since));
            }
        }
    }

    /// A task that panicked will never report: better to end, and let the next run verify.
    pub(super) fn check_tasks(&mut self) -> Result<(), StoreError> {
        let mut dead = self.executor.to_recorder.is_closed();
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
        let Recorded { known, table: (was, is), claim, kept, sends } = one;
        let job = &claim.job;
        self.slots.follow(job);
        self.buffer.wake(&job.project_id);
        self.counts.add(was, -1);
        self.counts.add(is, 1);
        // More left a state than we knew of: another process has sent jobs back.
        self.miscounted |= self.counts.of(was) < 0;
        if known == State::Pending
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
            self.buffer.push(claim);
        } else if let Some(due) = job.schedule.due_at {
            let lane = if job.state == State::Pending { &mut self.pending } else { &mut self.follow };
            lane.has_at(due);
        }
    }
}
