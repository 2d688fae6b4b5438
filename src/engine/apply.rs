//! The one way from an event to the table: decide, record, read again what somebody else wrote meanwhile, decide anew.
//!
//! The recorder, which does this for what workers report while it decides the next batch, shares [`reread`].

use crate::clock::{Clock, Millis};
use crate::domain::event::Event;
use crate::domain::job::Job;
use crate::domain::machine::decide;
use crate::domain::policy::Policy;
use crate::domain::summary::Counts;
use crate::store::{Change, Runner, Store, StoreError};

/// How many jobs one transaction takes in.
const CHUNK: usize = 256;

/// What it takes to apply events to jobs.
#[derive(Debug, Clone, Copy)]
pub struct Apply<'a> {
    /// The table.
    pub store: &'a Store,
    /// Who writes.
    pub runner: &'a Runner,
    /// The time.
    pub clock: Clock,
    /// How patient the campaign is.
    pub policy: &'a Policy,
}

impl Apply<'_> {
    /// Applies to each job the event that `event` names for it, if it names one. Returns how many jobs were written, by
    /// the state in which they are now.
    ///
    /// A job that somebody else wrote meanwhile is read again, and `event` is asked again.
    pub async fn to_each(
        &self,
        mut jobs: Vec<Job>,
        mut event: impl FnMut(&Job) -> Option<Event>,
    ) -> Result<Counts, StoreError> {
        let mut counts = Counts::default();
        while let Some(some) = chunk(&mut jobs) {
            let chosen = some.into_iter().filter_map(|job| event(&job).map(|event| (job, event))).collect();
            jobs.extend(self.write(chosen, &mut counts).await?);
        }
        Ok(counts)
    }

    /// The same for events that depend on more than the job: `choose` gets some jobs at a time, as they are now.
    pub async fn to_chunks<E: From<StoreError>>(
        &self,
        mut jobs: Vec<Job>,
        mut choose: impl AsyncFnMut(Vec<Job>) -> Result<Vec<(Job, Event)>, E>,
    ) -> Result<Counts, E> {
        let mut counts = Counts::default();
        while let Some(some) = chunk(&mut jobs) {
            let chosen = choose(some).await?;
            jobs.extend(self.write(chosen, &mut counts).await?);
        }
        Ok(counts)
    }

    /// Writes what follows, and counts it; returns the jobs that somebody else wrote meanwhile, as they are now.
    async fn write(&self, chosen: Vec<(Job, Event)>, counts: &mut Counts) -> Result<Vec<Job>, StoreError> {
        let now = self.clock.now();
        let changes: Vec<Change> = chosen.iter().filter_map(|(job, event)| self.change(job, event, now)).collect();
        let (written, missed) = self.store.record(self.runner, &changes).await?.split(changes);
        for change in &written {
            counts.add(change.job.state, 1);
        }
        Ok(reread(self.store, missed, |change| &change.job).await?.into_iter().map(|(_, job)| job).collect())
    }

    /// What is to be written; nothing where the event changes nothing. A take-over is written all the same, since the
    /// job is claimed by a runner that is dead.
    fn change(&self, job: &Job, event: &Event, now: Millis) -> Option<Change> {
        // No event that comes this way makes a job wait for a backoff, which is all that jitter is for.
        let decision = decide(job, event, now, self.policy, job.id.unsigned_abs());
        let writes = decision.entry.is_some() || matches!(event, Event::TakenOver);
        writes.then(|| Change::new(decision.job, decision.entry, now))
    }
}

/// Takes up to [`CHUNK`] of them out; nothing if there are none.
fn chunk(jobs: &mut Vec<Job>) -> Option<Vec<Job>> {
    let some: Vec<Job> = jobs.drain(..jobs.len().min(CHUNK)).collect();
    (!some.is_empty()).then_some(some)
}

/// Each of `missed`, which were not written, with its job as somebody else wrote it meanwhile.
pub(super) async fn reread<T>(
    store: &Store,
    missed: Vec<T>,
    job: impl Fn(&T) -> &Job,
) -> Result<Vec<(T, Job)>, StoreError> {
    if missed.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = missed.iter().map(|one| job(one).id).collect();
    let rows = store.reload(&ids).await?;
    let with_row = |one: T| match rows.iter().find(|row| row.id == job(&one).id) {
        Some(row) => Ok((one, row.clone())),
        // Drydock removes no row.
        None => Err(StoreError::Edited { database: store.name(), what: job(&one).name() }),
    };
    missed.into_iter().map(with_row).collect()
}
