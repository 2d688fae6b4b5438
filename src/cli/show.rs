//! `drydock show`: one job with its whole history.

use serde_json::Value;

use crate::cli::args;
use crate::cli::context::{Context, Next};
use crate::cli::exit::{ExitCode, Failure};
use crate::cli::terminal::{Out, WIDTH, fact, wrap};
use crate::clock::Millis;
use crate::domain::cluster_name::is_same_name;
use crate::domain::job::{Identity, IfNotLanded, Job, State};
use crate::domain::waiting::{Admission, WaitingFor};
use crate::intake::near;
use crate::report::{event_json, job_json};
use crate::store::{Campaign, Filter, Pages, Recorded, Row, Store};

/// How many names an error suggests.
const SUGGESTED: usize = 10;

/// Shows the job that was named.
pub(super) async fn run(args: &args::Show, context: &Context) -> Result<ExitCode, Failure> {
    let (campaign, word) = match args.words.as_slice() {
        [word] => (None, word),
        [campaign, word, ..] => (Some(campaign.as_str()), word),
        [] => return Err(Failure::bad_input("say which job: PROJECT/CLUSTER")),
    };
    let (project, cluster) = job_word(word).ok_or_else(|| no_job_word(word))?;
    let store = context.store().await?;
    let campaign = context.campaign(&store, campaign).await?;
    let job = find(&store, &campaign, &project, cluster, &context.next).await?;
    store.vouched_job(&campaign, job.id).await?;
    let row = with_extra(&store, job).await?;
    let history = store.history(&[row.job.id]).await?;
    let admission = store.admission(campaign.id).await?;
    let mut out = Out::new();
    if args.json {
        let mut object = job_json(&row, &campaign.operation, &admission, &["history"]);
        object.insert("history".into(), history.iter().map(event_json).collect());
        out.line(&Value::Object(object).to_string())?;
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

/// The project and the cluster of a word that names a job: 24 hex digits, a slash, a name.
pub(super) fn job_word(word: &str) -> Option<(String, &str)> {
    let (project, cluster) = word.split_once('/')?;
    let is_project = project.len() == 24 && project.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_project && !cluster.is_empty()).then(|| (project.to_ascii_lowercase(), cluster))
}

/// The error for a word that should have named a job.
pub(super) fn no_job_word(word: &str) -> Failure {
    Failure::bad_input(format!("a job is named PROJECT/CLUSTER, the project by its 24 hex digits ({word:?})"))
}

/// The job of that name, or an error that says which names there are.
pub(super) async fn find(
    store: &Store,
    campaign: &Campaign,
    project: &str,
    cluster: &str,
    next: &Next,
) -> Result<Job, Failure> {
    if let Some(job) = store.job(campaign.id, project, cluster).await? {
        return Ok(job);
    }
    let hint = names(store, campaign, project, cluster, next).await?;
    Err(Failure::bad_input(format!("campaign {} has no job {project}/{cluster}{hint}", campaign.name)))
}

/// What may have been meant: another cluster of the project, or else the cluster in another project.
async fn names(
    store: &Store,
    campaign: &Campaign,
    project: &str,
    cluster: &str,
    next: &Next,
) -> Result<String, Failure> {
    let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
    let mut pages = Pages::new(store, campaign.id, Filter::default());
    while let Some(page) = pages.next().await? {
        for job in page.into_iter().map(|row| row.job) {
            if job.project_id == project {
                here.push(job.cluster_name);
            } else if is_same_name(&job.cluster_name, cluster) && elsewhere.len() < SUGGESTED {
                elsewhere.push(job.name());
            }
        }
    }
    if !here.is_empty() {
        let hint = near::hint(cluster, here.iter().map(String::as_str));
        let more = here.len().saturating_sub(SUGGESTED);
        let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
        here.truncate(SUGGESTED);
        return Ok(format!("{hint}; that project has {}{tail}", here.join(", ")));
    }
    if elsewhere.is_empty() {
        return Ok(format!(", nor any of that project: see `{}`", next.command(&format!("list {}", campaign.name))));
    }
    Ok(format!(", nor any of that project; there is {}", elsewhere.join(", ")))
}

/// The job together with the fleet's own columns, which only a page carries.
async fn with_extra(store: &Store, job: Job) -> Result<Row, Failure> {
    let just_before = Some((job.row, job.id - 1));
    let page = store.page(job.campaign_id, &Filter::default(), just_before, 1).await?;
    // The fleet may have been loaded anew in between, and the row moved.
    Ok(page.into_iter().find(|row| row.job.id == job.id).unwrap_or(Row { job, extra: Vec::new(), history: Vec::new() }))
}

fn facts(out: &mut Out, campaign: &Campaign, row: &Row, admission: &Admission) -> Result<(), Failure> {
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
    let sent = if job.send == 1 { "request" } else { "requests" };
    fact(out, "attempts", &format!("{} ({} {sent} sent)", job.attempts, job.send))?;
    fact(out, "request", &request(job))?;
    if let Some(seen) = &job.seen {
        fact(out, "last seen", seen)?;
    }
    let times = [
        ("first look", job.first_look_at),
        ("last look", job.looked_at),
        ("submitted", job.submitted_at),
        ("accepted", job.accepted_at),
        ("finished", job.finished_at),
        ("due", job.due_at),
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
    let plan = match &job.if_not_landed {
        None => String::new(),
        Some(IfNotLanded::Ready) => "; if it never landed, the job is ready again".to_owned(),
        Some(IfNotLanded::Failed(fault)) => format!("; if it never landed, the job fails with {}", fault.code),
        Some(IfNotLanded::Cancelled) => "; if it never landed, the job is cancelled".to_owned(),
    };
    match (job.send, job.open, job.accepted) {
        (0, ..) => "none sent".to_owned(),
        (send, true, _) => format!("number {send} may still land{plan}"),
        (send, false, true) => format!("number {send} was the newest, and Atlas accepted one{plan}"),
        (send, false, false) => format!("number {send} was the newest, and none landed{plan}"),
    }
}

/// One entry of the history: a line, and the explanation below it where it does not fit behind.
fn tell(out: &mut Out, event: &Recorded) -> Result<(), Failure> {
    let send = event.send.map(|send| format!("#{send}")).unwrap_or_default();
    let code = &wrap(event.code.as_deref().unwrap_or_default(), WIDTH).join(" ");
    // A request's body is JSON without a blank to break it at.
    let detail = &event.detail.as_deref().unwrap_or_default().replace(",\"", ", \"");
    let line = format!("{}  {:11}  {:10}  {send:3}  {code}", stamp(event.at), event.kind, event.state);
    let whole = wrap(&format!("{code} {detail}"), WIDTH.saturating_sub(line.len() - code.len()));
    if let [only] = whole.as_slice() {
        let line = line.strip_suffix(code.as_str()).unwrap_or(&line);
        return out.line(format!("{line}{only}").trim_end());
    }
    out.line(line.trim_end())?;
    wrap(detail, WIDTH - 4).iter().try_for_each(|line| out.line(&format!("    {line}")))
}

/// A time for people, which is UTC as everywhere: `2026-01-01 12:00:00.000`.
fn stamp(at: Millis) -> String {
    at.to_string().replace('T', " ").replace('Z', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_a_project_of_24_hex_digits_and_a_cluster() {
        let project = "5F00000000000000000000aa";
        assert_eq!(job_word(&format!("{project}/one")), Some((project.to_ascii_lowercase(), "one")));
        assert_eq!(job_word("jobs/q4.toml"), None);
        assert_eq!(job_word(&format!("{project}/")), None);
        assert_eq!(job_word(project), None);
    }
}
