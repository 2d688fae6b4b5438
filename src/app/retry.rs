//! Sends failed and cancelled jobs back, by an operator's word.
//!
//! It needs no runner's lock: a job is written only as it was read, and one that has ended is in nobody's hands.

use crate::app::AppError;
use crate::app::bring_forward::Forward;
use crate::clock::{Clock, Millis};
use crate::domain::code::NO_LONGER_IN_FLEET;
use crate::domain::event::Event;
use crate::domain::job::{Job, State};
use crate::domain::policy::Policy;
use crate::domain::summary::Counts;
use crate::domain::waiting;
use crate::engine::Apply;
use crate::store::{Filter, Origin, Pages, Runner, Store};

/// The jobs that can be sent back.
const UNSUCCESSFUL: [State; 2] = [State::Failed, State::Cancelled];

/// Which jobs are meant.
pub enum Selection {
    /// These.
    Jobs(Vec<Job>),
    /// All that have failed or were cancelled, in this project and with this code, if any is named.
    Matching {
        /// The project's id.
        project: Option<String>,
        /// The error code.
        code: Option<String>,
    },
}

/// What is asked for, and by whom.
pub struct RetryRequest {
    /// The campaign's key.
    pub campaign_id: i64,
    /// Which jobs.
    pub selection: Selection,
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// How patient the campaign is.
    pub policy: Policy,
    /// Who asks.
    pub runner: Runner,
    /// The time.
    pub clock: Clock,
}

/// What became of the jobs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retried {
    /// How many were meant.
    pub selected: u64,
    /// Those that were sent back, by their new state.
    pub sent_back: Counts,
    /// Live jobs that waited for what Atlas asked for, and wait no more.
    pub brought_forward: usize,
    /// Why others were left as they are, a line each.
    pub left: Vec<String>,
}

/// Sends back what was selected. What may have been sent without this job table's knowing is verified first.
pub async fn retry(store: &Store, request: RetryRequest) -> Result<Retried, AppError> {
    let uncertain_until = uncertain_until(store, request.clock).await?;
    let RetryRequest { campaign_id, selection, reason, policy, runner, clock } = request;
    let forward = Forward { store, campaign_id, runner: &runner, clock, reason: reason.as_deref() };
    let apply = Apply { store, runner: &runner, clock, policy: &policy };
    let mut retry = Retry { apply, reason: reason.clone(), uncertain_until, retried: Retried::default() };
    match selection {
        Selection::Jobs(jobs) => {
            let waits = |job: &Job| waiting::asked_until(job, clock.now()).is_some();
            let (waiting, ended): (Vec<_>, Vec<_>) = jobs.into_iter().partition(waits);
            let ids: Vec<i64> = waiting.iter().map(|job| job.id).collect();
            retry.retried.brought_forward = forward.jobs(&ids).await?;
            if retry.retried.brought_forward > 0 {
                forward.tell_the_run().await?;
            }
            retry.send_back(ended).await?;
        }
        Selection::Matching { project, code } => {
            let filter = Filter {
                states: UNSUCCESSFUL.to_vec(),
                project: project.clone(),
                code: code.clone(),
                ..Filter::default()
            };
            let mut pages = Pages::new(store, campaign_id, filter);
            while let Some(page) = pages.next().await? {
                retry.send_back(page.into_iter().map(|row| row.job).collect()).await?;
            }
            if let Some(project) = project.filter(|_| code.is_none()) {
                retry.retried.brought_forward = forward.project(&project).await?;
            }
        }
    }
    Ok(retry.retried)
}

/// What ended until then may have been sent again without this database's knowing, if it was put back from a backup or
/// comes from elsewhere. A copy of one that is still there is refused.
async fn uncertain_until(store: &Store, clock: Clock) -> Result<Option<Millis>, AppError> {
    Ok(match store.origin().await? {
        Origin::Restored { .. } => Some(clock.now()),
        Origin::Same => store.restored_at().await?,
    })
}

struct Retry<'a> {
    apply: Apply<'a>,
    reason: Option<String>,
    /// What ended until then is verified first.
    uncertain_until: Option<Millis>,
    retried: Retried,
}

impl Retry<'_> {
    async fn send_back(&mut self, jobs: Vec<Job>) -> Result<(), AppError> {
        let apply = self.apply;
        let written = apply.to_chunks(jobs, async |jobs| self.choose(jobs).await).await?;
        self.retried.sent_back = [self.retried.sent_back, written].into_iter().sum();
        Ok(())
    }

    /// Those of `jobs` that can be sent back, each with the operator's word; the others are told of.
    async fn choose(&mut self, jobs: Vec<Job>) -> Result<Vec<(Job, Event)>, AppError> {
        let ids: Vec<i64> = jobs.iter().map(|job| job.id).collect();
        let asked = self.apply.store.asked_elsewhere(&ids).await?;
        let mut chosen = Vec::with_capacity(jobs.len());
        for job in jobs {
            self.retried.selected += 1;
            if let Some(why) = self.why_left(&job).await? {
                self.retried.left.push(why);
                continue;
            }
            let uncertain = self.uncertain_until.zip(job.finished_at).is_some_and(|(until, ended)| ended <= until);
            let elsewhere = uncertain || asked.contains(&job.id);
            chosen.push((job, Event::Retry { reason: self.reason.clone(), elsewhere }));
        }
        Ok(chosen)
    }

    /// Why a job is left as it is, if it is.
    async fn why_left(&self, job: &Job) -> Result<Option<String>, AppError> {
        let name = job.name();
        if !UNSUCCESSFUL.contains(&job.state) {
            return Ok(Some(format!("{name} is {}, and left as it is", job.state)));
        }
        if job.error.as_ref().is_some_and(|fault| fault.code == NO_LONGER_IN_FLEET) {
            return Ok(Some(format!("{name} is no longer in the fleet: put its row back to have it upgraded")));
        }
        let live = self.apply.store.live_elsewhere(job).await?;
        Ok(live.map(|other| format!("{name} is live in campaign {other}: let that one end first")))
    }
}
