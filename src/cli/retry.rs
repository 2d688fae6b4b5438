//! `drydock retry`: sends failed and cancelled jobs back, by an operator's word.

use std::path::Path;

use crate::app::AppError;
use crate::app::retry::{Retried, RetryRequest, Selection, retry};
use crate::cli::args;
use crate::cli::check;
use crate::cli::context::{Context, campaign_file};
use crate::cli::environment;
use crate::cli::exit::ExitCode;
use crate::cli::lookup::{JobWord, Lookup, no_job_word};
use crate::cli::terminal::Out;
use crate::config::Config;
use crate::domain::job::{Job, State};
use crate::domain::policy::Policy;
use crate::plural;
use crate::store::Campaign;

/// How many jobs are named one by one.
const NAMED: usize = 10;

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
    let request = RetryRequest {
        campaign_id: campaign.id,
        selection: selection(args, &jobs, &Lookup::new(&store, &campaign, context)).await?,
        reason: args.reason.clone(),
        policy: policy(&campaign, word, context).await,
        runner: environment::runner(clock.now()),
        clock,
    };
    let retried = retry(&store, request).await?;
    tell(&retried, args, (&campaign, word), context)
}

/// The jobs that are meant. All of them are looked up first: a slip in the last name shall not leave the others sent back.
async fn selection(args: &args::Retry, words: &[JobWord<'_>], lookup: &Lookup<'_>) -> Result<Selection, AppError> {
    if words.is_empty() {
        let project = match &args.project {
            Some(word) => Some(lookup.project(word).await?),
            None => None,
        };
        return Ok(Selection::Matching { project, code: args.code.clone() });
    }
    let mut found: Vec<Job> = Vec::new();
    for word in words {
        let job = lookup.job(word).await?;
        if found.iter().all(|other| other.id != job.id) {
            found.push(job);
        }
    }
    Ok(Selection::Jobs(found))
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

/// What became of the jobs, in words.
fn tell(
    retried: &Retried,
    args: &args::Retry,
    (campaign, word): (&Campaign, Option<&str>),
    context: &Context,
) -> Result<ExitCode, AppError> {
    let Retried { selected, sent_back, brought_forward, left } = retried;
    for line in left.iter().take(NAMED) {
        context.warn(line);
    }
    if let Some(more) = left.len().checked_sub(NAMED).filter(|more| *more > 0) {
        context.warn(&format!("and {} left unchanged", plural::counted(more as u64, "more is", "more are")));
    }
    let name = &campaign.name;
    let mut out = Out::new();
    let (pending, verifying) = (sent_back.of(State::Pending), sent_back.of(State::Verifying));
    if sent_back.total() == 0 && *brought_forward == 0 {
        if args.all_failed && *selected == 0 {
            out.line(&format!("{name}: no such job has failed or was cancelled; there is nothing to send back"))?;
            out.done()?;
            return Ok(ExitCode::SUCCESS);
        }
        let why = if *selected == 0 { ": no failed or cancelled job is like that" } else { "" };
        return Err(AppError::refused(format!("{name}: nothing was sent back{why}")));
    }
    out.line(&format!("{name}: sent back"))?;
    if *brought_forward > 0 {
        out.line(&format!("  {brought_forward:>6} brought forward, for which Atlas had asked to wait"))?;
    }
    if pending > 0 {
        out.line(&format!("  {pending:>6} to pending"))?;
    }
    if verifying > 0 {
        out.line(&format!("  {verifying:>6} to verifying first, since a request may have landed"))?;
    }
    if !left.is_empty() {
        out.line(&format!("  {:>6} left unchanged", left.len()))?;
    }
    out.line(&format!("next: {}", context.next.run_again(campaign, word)))?;
    out.done()?;
    Ok(ExitCode::SUCCESS)
}
