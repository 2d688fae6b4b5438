//! `drydock show`: one job with its whole history.

use crate::app::AppError;
use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::exit::ExitCode;
use crate::cli::lookup::{JobWord, Lookup, no_job_word};
use crate::cli::terminal::{Out, fact, wrap};
use crate::clock::Millis;
use crate::domain::job::{Identity, IfNotLanded, Job, State};
use crate::domain::report_columns::HISTORY;
use crate::domain::waiting::{Admission, WaitingFor};
use crate::plural;
use crate::report::{event_json, job_json};
use crate::store::{Campaign, Filter, RecordedEvent, Row, Store};

/// An entry of a history does not fit into one line of a terminal that has fewer columns.
const NARROW: usize = 60;

/// Shows the job that was named.
pub(super) async fn run(args: &args::Show, context: &Context) -> Result<ExitCode, AppError> {
    let (campaign, word) = match args.words.as_slice() {
        [word] => (None, word),
        [campaign, word, ..] => (Some(campaign.as_str()), word),
        [] => return Err(AppError::refused("say which job: PROJECT/CLUSTER, or the name of a cluster")),
    };
    let word = JobWord::read(word).ok_or_else(|| no_job_word(word))?;
    let store = context.store(campaign).await?;
    let campaign = context.campaign(&store, campaign).await?;
    let job = Lookup::new(&store, &campaign, context).job(&word).await?;
    store.verify_job(&campaign, job.id).await?;
    let row = with_extra(&store, job).await?;
    let history = store.history(&[row.job.id]).await?;
    let admission = store.admission(campaign.id).await?.at(context.clock_of(&store).await?.now());
    let mut out = Out::new();
    if args.json {
        let history = history.iter().map(event_json).collect();
        out.json(&job_json(&row, &campaign.operation, &admission, [(HISTORY, history)]))?;
    } else {
        facts(&mut out, &campaign, &row, &admission)?;
        out.line("")?;
        for event in &history {
            tell(&mut out, event)?;
        }
    }
    out.done()?;
    Ok(ExitCode::SUCCESS)
}

/// The job together with the fleet's own columns, which only a page carries.
async fn with_extra(store: &Store, job: Job) -> Result<Row, AppError> {
    let just_before = Some((job.row, job.id - 1));
    let page = store.page(job.campaign_id, &Filter::default(), just_before, 1).await?;
    // The fleet may have been loaded anew in between, and the row moved.
    Ok(page.into_iter().find(|row| row.job.id == job.id).unwrap_or(Row { job, extra: Vec::new(), history: Vec::new() }))
}

fn facts(out: &mut Out, campaign: &Campaign, row: &Row, admission: &Admission) -> Result<(), AppError> {
    let job = &row.job;
    fact(out, "job", &job.name())?;
    fact(out, "campaign", &format!("{} ({}), row {}", campaign.name, campaign.operation, job.row))?;
    fact(out, "state", job.state.name())?;
    if let Some(waiting) = WaitingFor::of(job, admission) {
        fact(out, "waits for", &waiting.to_string())?;
    }
    if let Some(error) = &job.error {
        let label = if job.state == State::Succeeded { "warning" } else { "error" };
        fact(out, label, &format!("{}: {}", error.code, error.detail))?;
    }
    fact(out, "attempts", &format!("{} ({} sent)", job.request.attempts, plural::count(job.request.send, "request")))?;
    fact(out, "request", &request(job))?;
    if let Some(seen) = &job.observed.seen {
        fact(out, "last seen", seen)?;
    }
    let times = [
        ("first look", job.observed.first_look_at),
        ("last look", job.observed.looked_at),
        ("submitted", job.request.submitted_at),
        ("accepted", job.request.accepted_at),
        ("finished", job.finished_at),
        ("due", job.schedule.due_at),
    ];
    for (label, at) in times {
        if let Some(at) = at {
            fact(out, label, &at.to_string())?;
        }
    }
    for (label, cluster) in [("before", &job.source), ("after", &job.target)] {
        if let Some(Identity { id, connection_string }) = cluster {
            fact(out, label, &format!("{id} {}", connection_string.as_deref().unwrap_or_default()))?;
        }
    }
    row.extra.iter().try_for_each(|(name, value)| fact(out, name, value))
}

/// What became of the newest request.
fn request(job: &Job) -> String {
    let plan = match &job.request.if_not_landed {
        None => String::new(),
        Some(IfNotLanded::Ready) => "; if it never landed, the job is ready again".to_owned(),
        Some(IfNotLanded::Failed(fault)) => format!("; if it never landed, the job fails with {}", fault.code),
        Some(IfNotLanded::Cancelled) => "; if it never landed, the job is cancelled".to_owned(),
    };
    match (job.request.send, job.request.open, job.request.accepted) {
        (0, ..) => "none sent".to_owned(),
        (send, true, _) => format!("number {send} may still land{plan}"),
        (send, false, true) => format!("number {send} was the newest, and Atlas accepted one{plan}"),
        (send, false, false) => format!("number {send} was the newest, and none landed{plan}"),
    }
}

/// One entry of the history: a line, and the explanation below it where it does not fit behind.
fn tell(out: &mut Out, event: &RecordedEvent) -> Result<(), AppError> {
    let send = event.send.map(|send| format!("#{send}")).unwrap_or_default();
    let code = &wrap(event.code.as_deref().unwrap_or_default(), usize::MAX).join(" ");
    // A request's body is JSON without a blank to break it at.
    let detail = &event.detail.as_deref().unwrap_or_default().replace(",\"", ", \"");
    if out.width() < NARROW {
        out.line(&format!("{}  {}", stamp(event.at), event.kind))?;
        let rest = format!("{} {send} {code} {detail}", event.state);
        return wrap(&rest, out.width() - 4).iter().try_for_each(|line| out.line(&format!("    {line}")));
    }
    let line = format!("{}  {:11}  {:10}  {send:3}  {code}", stamp(event.at), event.kind, event.state);
    let whole = wrap(&format!("{code} {detail}"), out.width().saturating_sub(line.len() - code.len()));
    if let [only] = whole.as_slice() {
        let line = line.strip_suffix(code.as_str()).unwrap_or(&line);
        return out.line(format!("{line}{only}").trim_end());
    }
    out.line(line.trim_end())?;
    wrap(detail, out.width() - 4).iter().try_for_each(|line| out.line(&format!("    {line}")))
}

/// A time for people, which is UTC as everywhere: `2026-01-01 12:00:00.000`.
fn stamp(at: Millis) -> String {
    at.to_string().replace('T', " ").replace('Z', "")
}
