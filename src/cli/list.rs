//! `drydock list`: the jobs of a campaign, a line each, in the fleet's order.

use serde_json::Value;

use crate::app::AppError;
use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::exit::ExitCode;
use crate::cli::lookup::Lookup;
use crate::cli::terminal::{Out, wrap};
use crate::domain::job::State;
use crate::domain::waiting::{Admission, WaitingFor};
use crate::domain::wave::Wave;
use crate::intake::suggest;
use crate::report::job_json;
use crate::store::{Campaign, Filter, Pages, Row, Store};

/// Lists the jobs that the filters let through; or the campaigns, where there are several and nothing says of which.
pub(super) async fn run(args: &args::List, context: &Context) -> Result<ExitCode, AppError> {
    let states = args.state.iter().map(|name| state(name)).collect::<Result<Vec<_>, _>>()?;
    let store = context.store(args.campaign.as_deref()).await?;
    if is_bare(args) {
        let campaigns = store.campaigns().await?;
        if campaigns.len() > 1 {
            return list_campaigns(&store, &campaigns, context).await;
        }
    }
    let campaign = context.campaign(&store, args.campaign.as_deref()).await?;
    let project = match &args.project {
        Some(word) => Some(Lookup::new(&store, &campaign, context).project(word).await?),
        None => None,
    };
    let (code, wave) = (args.code.clone(), args.wave.map(|wave| Wave::numbered(wave.into())));
    let mut pages = Pages::new(&store, campaign.id, Filter { states, project, code, wave });
    let admission = store.admission(campaign.id).await?.at(context.clock_of(&store).await?.now());
    let mut out = Out::new();
    let mut table = None;
    while let Some(page) = pages.next().await? {
        if args.json {
            for row in &page {
                out.json(&object(row, &campaign.operation, &admission))?;
            }
            continue;
        }
        let table = match &table {
            Some(table) => table,
            None => table.insert(Table::begin(&page, &mut out)?),
        };
        page.iter().try_for_each(|row| table.line(row, &admission, &mut out))?;
    }
    out.done()?;
    if !args.json && table.is_none() && !context.quiet {
        context.say("no job is like that");
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether nothing was asked for. Scripts read the objects of one campaign's jobs, and never those of anything else.
fn is_bare(args: &args::List) -> bool {
    let args::List { campaign, state, project, code, wave, json } = args;
    campaign.is_none() && state.is_empty() && project.is_none() && code.is_none() && wave.is_none() && !json
}

/// Name, operation and counts of each campaign.
async fn list_campaigns(store: &Store, campaigns: &[Campaign], context: &Context) -> Result<ExitCode, AppError> {
    let widest = |width: fn(&Campaign) -> usize, least: usize| campaigns.iter().map(width).fold(least, usize::max);
    let name = widest(|campaign| campaign.name.len(), "campaign".len());
    let operation = widest(|campaign| campaign.operation.len(), "operation".len());
    let mut out = Out::new();
    out.line(&format!("{:name$}  {:operation$}  jobs", "campaign", "operation"))?;
    for campaign in campaigns {
        let counts = store.counts(campaign.id).await?;
        let states = counts.iter().filter(|(_, count)| *count > 0);
        let states = states.map(|(state, count)| format!("{count} {state}")).collect::<Vec<_>>().join(", ");
        let Campaign { name: said, operation: does, .. } = campaign;
        out.line(&format!("{said:name$}  {does:operation$}  {}: {states}", counts.total()))?;
    }
    out.done()?;
    if !context.quiet {
        context.say(&format!("the jobs of one: {}", context.next.command(["list", &campaigns[0].name])));
    }
    Ok(ExitCode::SUCCESS)
}

fn state(name: &str) -> Result<State, AppError> {
    let name = name.trim();
    State::of_name(name).ok_or_else(|| {
        let all = State::ALL.map(State::name);
        let hint = suggest::hint(name, all);
        AppError::refused(format!("there is no state {name:?}{hint}; the nine are {}", all.join(", ")))
    })
}

/// A job as one object: its report columns, and what only `list` says of it.
fn object(row: &Row, operation: &str, admission: &Admission) -> Value {
    let due_at = row.job.schedule.due_at.map(|at| at.to_string());
    job_json(row, operation, admission, [("send", row.job.request.send.into()), ("due_at", due_at.into())])
}

/// The widths of a table's columns, which its first page decides: names are copied from it, so none is cut.
struct Table {
    row: usize,
    name: usize,
}

impl Table {
    fn begin(page: &[Row], out: &mut Out) -> Result<Self, AppError> {
        let widest = |width: &dyn Fn(&Row) -> usize, least| page.iter().map(width).max().unwrap_or(0).max(least);
        let row = widest(&|row| row.job.row.to_string().len(), "row".len());
        let name = widest(&|row| row.job.name().len(), "project/cluster".len());
        out.line(&format!(
            "{:>row$}  {:name$}  {:10}  attempts  error, or what it waits for",
            "row", "project/cluster", "state"
        ))?;
        Ok(Self { row, name })
    }

    fn line(&self, row: &Row, admission: &Admission, out: &mut Out) -> Result<(), AppError> {
        let job = &row.job;
        let error = job.error.as_ref().map(|fault| format!("{}: {}", fault.code, fault.detail)).unwrap_or_default();
        // What has ended says why, and what lives what it waits for.
        let error = WaitingFor::of(job, admission).map_or(error, |waiting| waiting.to_string());
        // On one line, so that it can be searched.
        let error = wrap(&error, usize::MAX).join(" ");
        let Self { row: left, name } = self;
        let (project_cluster, state, attempts) = (job.name(), job.state, job.request.attempts);
        let line = format!("{:>left$}  {project_cluster:name$}  {state:10}  {attempts:>8}  {error}", job.row);
        out.line(line.trim_end())
    }
}
