//! A plan for people.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app::AppError;
use crate::app::plan::recorded::Recorded;
use crate::cli::context::Context;
use crate::cli::plan::closed_words;
use crate::cli::terminal::{Out, inset_fact, wrap};
use crate::domain::hold::Held;
use crate::planning::{Plan, Row, Survey, Verdict};
use crate::plural;
use crate::plural::span;

/// How many projects, and how many rows that are not eligible, are told one by one.
const NAMED: usize = 20;

/// Tells it.
pub(super) fn tell(
    out: &mut Out,
    plan: &Plan,
    recorded: &Recorded,
    survey: &Survey,
    all: bool,
    context: &Context,
) -> Result<(), AppError> {
    let projects = by_project(plan);
    let Plan { campaign, operation, rows, .. } = plan;
    let (clusters, held_by) =
        (plural::count(rows.len() as u64, "cluster"), plural::count(projects.len() as u64, "project"));
    out.line(&format!("{campaign}: {operation} for {clusters} in {held_by}"))?;
    inset_fact(out, "against", &plan.against)?;
    inset_fact(out, "as", &plan.signed_in_as)?;
    inset_fact(out, "sees", &sees(plan, projects.len()))?;
    for (project, hold) in survey.closed.iter().take(NAMED) {
        inset_fact(out, "", &closed_words(project, hold))?;
    }
    for Held { scope, fault, since, .. } in recorded.holds.iter().take(NAMED) {
        inset_fact(out, "held", &format!("{scope} since {since}: {}: {}", fault.code, fault.detail))?;
    }
    if let Some(asked) = &recorded.asked {
        inset_fact(out, "asked", &asked.words(context.clock.now()))?;
        inset_fact(out, "", &format!("at once: {}", context.next.command(["release", campaign])))?;
    }
    for (verdict, count) in &plan.counts {
        inset_fact(out, "rows", &format!("{count} {}", verdict.words()))?;
    }
    if plan.region_changes > 0 {
        inset_fact(out, "moves", &moves(plan))?;
    }
    for (set, bucket) in &plan.limits {
        inset_fact(out, "limit", &format!("{set}: {bucket}"))?;
    }
    for (resource, retires) in &plan.retires {
        inset_fact(out, "ends", &format!("{resource}: {retires}"))?;
    }
    if let Some(estimate) = &plan.estimate {
        let time = span(Duration::from_secs(estimate.duration_seconds));
        let requests = plural::count(estimate.requests, "request");
        let peak = plural::count(estimate.peak_in_flight, "upgrade");
        let each = span(Duration::from_secs(estimate.upgrade_seconds));
        inset_fact(
            out,
            "takes",
            &format!(
                "{time}, {requests}, {peak} at once at most, rehearsed with upgrades of {each}: say [rehearsal] median"
            ),
        )?;
    }
    out.line("")?;
    out.line("What changes, for good:")?;
    for change in &plan.changes {
        bullet(out, change)?;
    }
    table(out, &projects)?;
    list(out, plan, all)
}

/// How many rows move their cluster, and whether that is allowed.
fn moves(plan: &Plan) -> String {
    let begun = plan.rows.iter().filter(|row| row.moves.is_some() && row.verdict == Verdict::Eligible).count();
    let all = plural::counted(plan.region_changes as u64, "row asks", "rows ask");
    let what = format!("{all} for another region or cloud than the cluster is in");
    match begun {
        0 => format!("{what}; a move cannot be undone, and none is made without [guard] allow_region_change = true"),
        begun => format!("{what}; {begun} would be moved, which cannot be undone"),
    }
}

fn sees(plan: &Plan, projects: usize) -> String {
    let Some(unseen) = &plan.unseen_projects else {
        return format!(
            "the list of projects could not be read; {} looked at, each by itself",
            plural::counted(projects as u64, "was", "were")
        );
    };
    if unseen.is_empty() {
        let all = plural::count(projects as u64, "project");
        return format!("{projects} of {all}; a read does not show whether it may upgrade there");
    }
    let some = unseen.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    format!(
        "{} of {}; not {some}{}",
        projects - unseen.len(),
        plural::count(projects as u64, "project"),
        if unseen.len() > 3 { ", ..." } else { "" }
    )
}

fn bullet(out: &mut Out, text: &str) -> Result<(), AppError> {
    let lines = wrap(text, out.width() - 4);
    lines
        .iter()
        .enumerate()
        .try_for_each(|(place, line)| out.line(&format!("  {} {line}", if place == 0 { "-" } else { " " })))
}

/// The verdicts, in their order, as a table of 80 columns has room for them.
const HEADS: [&str; 7] = ["eligible", "target", "under way", "busy", "not", "unseen", "begun"];

type Counts = BTreeMap<Verdict, usize>;

fn by_project(plan: &Plan) -> Vec<(&str, Counts)> {
    let mut order: Vec<&str> = Vec::new();
    let mut counts: BTreeMap<&str, Counts> = BTreeMap::new();
    for row in &plan.rows {
        let of = counts.entry(&row.project_id).or_insert_with(|| {
            order.push(&row.project_id);
            Counts::new()
        });
        *of.entry(row.verdict).or_default() += 1;
    }
    order.into_iter().map(|project| (project, counts.remove(project).unwrap_or_default())).collect()
}

fn table(out: &mut Out, projects: &[(&str, Counts)]) -> Result<(), AppError> {
    out.line("")?;
    out.line(&format!("  {:24} {}", "project", HEADS.join("  ")))?;
    for (project, counts) in projects.iter().take(NAMED) {
        let cells = Verdict::ALL.iter().map(|verdict| counts.get(verdict).copied().unwrap_or(0));
        let cells = cells.zip(HEADS).map(|(count, head)| format!("{count:>width$}", width = head.len()));
        out.line(&format!("  {project:24} {}", cells.collect::<Vec<_>>().join("  ")))?;
    }
    match projects.len().checked_sub(NAMED).filter(|more| *more > 0) {
        Some(more) => out.line(&format!("  and {more} more: --json has all")),
        None => Ok(()),
    }
}

/// The rows: all, or those that somebody has to think about.
fn list(out: &mut Out, plan: &Plan, all: bool) -> Result<(), AppError> {
    let quiet = [Verdict::Eligible, Verdict::AtTarget, Verdict::UnderWay];
    let told = |row: &&Row| all || row.moves.is_some() || !row.warnings.is_empty() || !quiet.contains(&row.verdict);
    let rows: Vec<&Row> = plan.rows.iter().filter(told).collect();
    if rows.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let most = if all { usize::MAX } else { NAMED };
    let width = out.width() - 6;
    for row in rows.iter().take(most) {
        out.line(&format!("  row {} {}/{}", row.row, row.project_id, row.cluster_name))?;
        let why = match (&row.code, &row.detail) {
            (Some(code), Some(detail)) => format!(": {code}: {detail}"),
            _ => String::new(),
        };
        let moves = row.moves.as_ref().map(|moves| format!(", moves {moves}")).unwrap_or_default();
        for line in wrap(&format!("{} -> {}{moves}: {}{why}", row.is, row.becomes, row.verdict.words()), width) {
            out.line(&format!("      {line}"))?;
        }
        for line in row.warnings.iter().flat_map(|warning| wrap(&format!("but Atlas may refuse it: {warning}"), width))
        {
            out.line(&format!("      {line}"))?;
        }
    }
    match rows.len().checked_sub(most).filter(|more| *more > 0) {
        Some(more) => out.line(&format!("  and {more} more: --rows")),
        None => Ok(()),
    }
}
