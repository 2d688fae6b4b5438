//! Bringing forward what waits for what Atlas asked for: jobs, and what only a run at work knows.

use crate::app::AppError;
use crate::clock::{Clock, Millis};
use crate::domain::event::Event;
use crate::domain::job::Job;
use crate::domain::policy::Policy;
use crate::domain::run_notes::{AskedWait, RunNotes};
use crate::domain::waiting;
use crate::engine::Apply;
use crate::plural;
use crate::store::{Holder, Runner, Store, Vitals};

/// How many jobs are looked up at once.
const CHUNK: i64 = 256;

/// What waits, and whose word it is that it shall not.
pub struct Forward<'a> {
    /// The job table.
    pub store: &'a Store,
    /// The campaign's key.
    pub campaign_id: i64,
    /// Whose word it is.
    pub runner: &'a Runner,
    /// The time.
    pub clock: Clock,
    /// Why, in the operator's words.
    pub reason: Option<&'a str>,
}

/// What a run has left that is alive. One that is dead or stopped cannot say that all is well again.
pub async fn live_notes(
    store: &Store,
    campaign_id: i64,
    runner: Option<&(Holder, Vitals)>,
) -> Result<Option<RunNotes>, AppError> {
    let Some((id, notes)) = store.run_notes(campaign_id).await? else { return Ok(None) };
    let is_alive =
        runner.is_some_and(|(holder, vitals)| holder.runner == id && matches!(vitals, Vitals::Works | Vitals::Unknown));
    Ok(is_alive.then_some(notes))
}

/// What Atlas asked for in a campaign.
#[derive(Debug, Clone, Copy)]
pub struct AskedOf {
    /// How many jobs wait for that; none, if only the run that is at work does.
    pub jobs: i64,
    /// Until when.
    pub wait: AskedWait,
}

/// What Atlas asked for in a campaign and is not over, by its jobs or by what the run that is at work has `noted`.
pub async fn asked(
    store: &Store,
    campaign_id: i64,
    noted: Option<AskedWait>,
    now: Millis,
) -> Result<Option<AskedOf>, AppError> {
    let of_jobs = store.asked_wait(campaign_id, now).await?;
    let noted = noted.filter(|wait| wait.again > now).map(|wait| (0, wait));
    Ok(of_jobs.or(noted).map(|(jobs, wait)| AskedOf { jobs, wait }))
}

impl AskedOf {
    /// In words.
    pub fn words(&self, now: Millis) -> String {
        let jobs = match self.jobs {
            0 => String::new(),
            jobs => format!(", {} for that", plural::counted(jobs, "job waits", "jobs wait")),
        };
        let again = plural::span(self.wait.again.since(now));
        format!("{}{jobs}; asked again in {again}", waiting::asked_words(self.wait.until))
    }
}

impl Forward<'_> {
    /// Brings forward the jobs of one project, or (where it is empty) of all, and says how many there were. A run that
    /// is at work goes on with them within seconds.
    pub async fn project(&self, project: &str) -> Result<usize, AppError> {
        let (mut brought, mut after) = (0, 0);
        loop {
            let ids = self.store.asked(self.campaign_id, project, self.clock.now(), (after, CHUNK)).await?;
            let Some(last) = ids.last() else { break };
            after = *last;
            brought += self.jobs(&ids).await?;
        }
        if brought > 0 {
            self.tell_the_run().await?;
        }
        Ok(brought)
    }

    /// Brings these jobs forward, as far as they wait for that, and says how many did.
    pub async fn jobs(&self, ids: &[i64]) -> Result<usize, AppError> {
        let jobs = self.store.reload(ids).await?;
        // Nothing in what is decided here depends on the campaign's patience.
        let policy = Policy::default();
        let apply = Apply { store: self.store, runner: self.runner, clock: self.clock, policy: &policy };
        let event = |_: &Job| Some(Event::BroughtForward { reason: self.reason.map(str::to_owned) });
        let brought = apply.to_each(jobs, event).await?;
        Ok(usize::try_from(brought.total()).unwrap_or(0))
    }

    /// A run at work has waits of its own, of which no row tells. It forgets them by this.
    pub async fn tell_the_run(&self) -> Result<(), AppError> {
        Ok(self.store.bring_forward(self.campaign_id, self.clock.now()).await?)
    }
}
