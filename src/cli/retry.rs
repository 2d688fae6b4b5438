//! `drydock retry`: sends failed and cancelled jobs back, by an operator's word.
//!
//! It needs no runner's lock: a job is written only as it was read, and one that has ended is in nobody's hands.

use std::path::Path;

use crate::app::AppError;
use crate::app::bring_forward::Forward;
use crate::cli::args;
use crate::cli::check;
use crate::cli::context::{Context, campaign_file};
use crate::cli::environment;
use crate::cli::exit::ExitCode;
use crate::cli::lookup::{JobWord, Lookup, no_job_word};
use crate::cli::terminal::Out;
use crate::clock::{Clock, Millis};
use crate::config::Config;
use crate::domain::code::NO_LONGER_IN_FLEET;
use crate::domain::event::Event;
use crate::domain::job::{Job, State};
use crate::domain::policy::Policy;
use crate::domain::summary::Counts;
use crate::domain::waiting;
use crate::engine::Apply;
use crate::plural;
use crate::store::{Campaign, Filter, Origin, Pages, Runner, Store};

/// How many jobs are named one by one.
const NAMED: usize = 10;
/// The jobs that can be sent back.
const UNHAPPY: [State; 2] = [State::Failed, State::Cancelled];

/// Sends back what was selected.
pub(super) async fn run(args: &args::Retry, context: &Context) -> Result<ExitCode, AppError> {
    let Words { campaign: word, jobs } = words(&args.words)?;
    let by_filter = args.all_failed || args.code.is_some() || args.project.is_some();
    if by_filter != jobs.is_empty() {
        let wrong = if by_filter { "select jobs by name or by filter, not both" } else { "say which jobs" };
        return Err(AppError::refused(format!(
            "{wrong}: --all-failed, --code CODE, --project ID (the last two also together), or PROJECT/CLUSTER..."
        )));
    }
    let store = context.store(word).await?;
    let campaign = context.campaign(&store, word).await?;
    let clock = context.clock_of(&store).await?;
    let runner = environment::runner(clock.now());
    let uncertain = uncertain_until(&store, clock).await?;
    let policy = policy(&campaign, word, context).await;
    let reason = args.reason.clone();
    let mut back = Back { store: &store, clock, runner, policy, reason, uncertain, tally: Tally::default() };
    let lookup = Lookup::new(&store, &campaign, context);
    let forward = Forward {
        store: &store,
        campaign_id: campaign.id,
        runner: &back.runner.clone(),
        clock,
        reason: args.reason.as_deref(),
    };
    if by_filter {
        let project = match &args.project {
            Some(word) => Some(lookup.project(word).await?),
            None => None,
        };
        let (states, code) = (UNHAPPY.to_vec(), args.code.clone());
        let filter = Filter { states, project: project.clone(), code, ..Filter::default() };
        let mut pages = Pages::new(&store, campaign.id, filter);
        while let Some(page) = pages.next().await? {
            back.send(page.into_iter().map(|row| row.job).collect()).await?;
        }
        if let Some(project) = project.filter(|_| args.code.is_none()) {
            back.tally.forward = forward.project(&project).await?;
        }
    } else {
        // All of them are looked up first: a slip in the last name shall not leave the others sent back.
        let mut found = Vec::new();
        for word in &jobs {
            let job = lookup.job(word).await?;
            if found.iter().all(|other: &Job| other.id != job.id) {
                found.push(job);
            }
        }
        let (asked, found): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|job| waiting::asked_until(job, clock.now()).is_some());
        back.tally.forward = forward.jobs(&asked.iter().map(|job| job.id).collect::<Vec<_>>()).await?;
        if back.tally.forward > 0 {
            forward.tell_the_run().await?;
        }
        back.send(found).await?;
    }
    back.tally.tell(args, &campaign, word, context)
}

/// What ended until then may have been sent again without this database's knowing, if it was put back from a backup or
/// comes from elsewhere. A copy of one that is still there is refused.
async fn uncertain_until(store: &Store, clock: Clock) -> Result<Option<Millis>, AppError> {
    Ok(match store.origin().await? {
        Origin::Restored { .. } => Some(clock.now()),
        Origin::Same => store.restored_at().await?,
    })
}

/// The campaign's own patience, by its file. A run that is at work may have read that before it was changed, so that of
/// its time-out and the default the longer one counts: what was sent may leave as late as that.
async fn policy(campaign: &Campaign, word: Option<&str>, context: &Context) -> Policy {
    let usual = Policy::default();
    let Some(file) = campaign_file(word).or(campaign.file.as_deref().map(Path::new)) else { return usual };
    if let Ok(Config { policy, .. }) = check::load(file).await {
        return Policy { request_timeout: policy.request_timeout.max(usual.request_timeout), ..policy };
    }
    context.warn(&format!(
        "{} cannot be read or has mistakes, so that {} s count as its atlas.request_timeout: `drydock check` says more",
        file.display(),
        usual.request_timeout.as_secs()
    ));
    usual
}

struct Words<'a> {
    campaign: Option<&'a str>,
    jobs: Vec<JobWord<'a>>,
}

/// Which of the words are jobs, and which is the campaign.
fn words(words: &[String]) -> Result<Words<'_>, AppError> {
    let mut campaign = None;
    let mut jobs = Vec::new();
    for word in words {
        match JobWord::with_project(word) {
            Some(job) if jobs.contains(&job) => {}
            Some(job) => jobs.push(job),
            // A file has an ending, and a cluster's name no dot: this was to be a job.
            None if word.contains('/') && Path::new(word).extension().is_none() => return Err(no_job_word(word)),
            None if campaign.is_none() => campaign = Some(word.as_str()),
            None => return Err(no_job_word(word)),
        }
    }
    Ok(Words { campaign, jobs })
}

/// The way back.
struct Back<'a> {
    store: &'a Store,
    clock: Clock,
    runner: Runner,
    policy: Policy,
    reason: Option<String>,
    /// What ended until then is verified first.
    uncertain: Option<Millis>,
    tally: Tally,
}

impl Back<'_> {
    async fn send(&mut self, jobs: Vec<Job>) -> Result<(), AppError> {
        let (store, clock) = (self.store, self.clock);
        let (runner, policy) = (self.runner.clone(), self.policy.clone());
        let apply = Apply { store, runner: &runner, clock, policy: &policy };
        let written = apply.to_chunks(jobs, async |jobs| self.choose(jobs).await).await?;
        self.tally.back = [self.tally.back, written].into_iter().sum();
        Ok(())
    }

    /// Those of `jobs` that can be sent back, each with the operator's word; the others are told of.
    async fn choose(&mut self, jobs: Vec<Job>) -> Result<Vec<(Job, Event)>, AppError> {
        let ids: Vec<i64> = jobs.iter().map(|job| job.id).collect();
        let asked = self.store.asked_elsewhere(&ids).await?;
        let mut chosen = Vec::with_capacity(jobs.len());
        for job in jobs {
            self.tally.selected += 1;
            if let Some(why) = self.stays(&job).await? {
                self.tally.left.push(why);
                continue;
            }
            let uncertain = self.uncertain.zip(job.finished_at).is_some_and(|(until, ended)| ended <= until);
            let elsewhere = uncertain || asked.contains(&job.id);
            chosen.push((job, Event::Retry { reason: self.reason.clone(), elsewhere }));
        }
        Ok(chosen)
    }

    /// Why a job is left as it is, if it is.
    async fn stays(&self, job: &Job) -> Result<Option<String>, AppError> {
        let name = job.name();
        if !UNHAPPY.contains(&job.state) {
            return Ok(Some(format!("{name} is {}, and left as it is", job.state)));
        }
        if job.error.as_ref().is_some_and(|fault| fault.code == NO_LONGER_IN_FLEET) {
            return Ok(Some(format!("{name} is no longer in the fleet: put its row back to have it upgraded")));
        }
        let live = self.store.live_elsewhere(job).await?;
        Ok(live.map(|other| format!("{name} is live in campaign {other}: let that one end first")))
    }
}

/// What became of the jobs.
#[derive(Default)]
struct Tally {
    selected: u64,
    /// Those that were sent back, by their new state.
    back: Counts,
    /// Live jobs that waited for what Atlas asked for.
    forward: usize,
    left: Vec<String>,
}

impl Tally {
    fn tell(
        &self,
        args: &args::Retry,
        campaign: &Campaign,
        word: Option<&str>,
        context: &Context,
    ) -> Result<ExitCode, AppError> {
        for line in self.left.iter().take(NAMED) {
            context.warn(line);
        }
        if let Some(more) = self.left.len().checked_sub(NAMED).filter(|more| *more > 0) {
            context.warn(&format!("and {} left unchanged", plural::counted(more as u64, "more is", "more are")));
        }
        let name = &campaign.name;
        let mut out = Out::new();
        let (pending, verifying) = (self.back.of(State::Pending), self.back.of(State::Verifying));
        if self.back.total() == 0 && self.forward == 0 {
            if args.all_failed && self.selected == 0 {
                out.line(&format!("{name}: no such job has failed or was cancelled; there is nothing to send back"))?;
                out.done()?;
                return Ok(ExitCode::SUCCESS);
            }
            let why = if self.selected == 0 { ": no failed or cancelled job is like that" } else { "" };
            return Err(AppError::refused(format!("{name}: nothing was sent back{why}")));
        }
        out.line(&format!("{name}: sent back"))?;
        if self.forward > 0 {
            out.line(&format!("  {:>6} brought forward, for which Atlas had asked to wait", self.forward))?;
        }
        if pending > 0 {
            out.line(&format!("  {pending:>6} to pending"))?;
        }
        if verifying > 0 {
            out.line(&format!("  {verifying:>6} to verifying first, since a request may have landed"))?;
        }
        if !self.left.is_empty() {
            out.line(&format!("  {:>6} left unchanged", self.left.len()))?;
        }
        out.line(&format!("next: {}", context.next.run_again(campaign, word)))?;
        out.done()?;
        Ok(ExitCode::SUCCESS)
    }
}
