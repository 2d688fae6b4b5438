//! The end of a run in words: what was loaded, how it went, and which report is missing.

use crate::app::AppError;
use crate::app::run::{Begun, Prepared, conclude};
use crate::cli::context::Context;
use crate::cli::exit::ExitCode;
use crate::cli::next::Next;
use crate::cli::run::summary::Summary;
use crate::clock::Millis;
use crate::engine::Ending;
use crate::plural;
use crate::store::SIMULATION;

/// How the work went.
pub(super) struct Work {
    /// When it began.
    pub(super) started: Millis,
    /// No ending means that there was nothing to do. What stopped it was told, and only its exit code is left.
    pub(super) ended: Result<Option<Ending>, ExitCode>,
    /// Somebody asked to stop at once: what is only good manners is left out.
    pub(super) is_hurried: bool,
    /// What to type next.
    pub(super) next: Next,
}

/// How the run went.
pub(super) struct Finished {
    pub(super) code: ExitCode,
    /// Why a report is not there.
    pub(super) unwritten: Option<AppError>,
}

/// How many rows the fleet has, and what has changed in it.
pub(super) fn fleet_words(prepared: &Prepared) -> String {
    let fleet = &prepared.fleet;
    let count = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
    let news = [
        (fleet.added, "new"),
        (fleet.changed, "changed"),
        (count(fleet.returned), "back in the fleet"),
        (count(fleet.left), "no longer in the fleet"),
        (count(fleet.duplicates), "for a cluster that another row names in another case"),
    ];
    let news: Vec<String> =
        news.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let news = if news.is_empty() { "nothing changed".to_owned() } else { news.join(", ") };
    format!("{}: {} in the fleet, {news}", prepared.config.campaign, plural::count(fleet.total, "cluster"))
}

/// Ends the run. It is a task of its own: a report may go to a pipe that nobody reads, and standard output too, and
/// a signal must get through all the same.
pub(super) async fn finish(begun: Begun, work: Work) -> Result<Finished, AppError> {
    let mut concluded = conclude(begun, work.is_hurried).await;
    // What stopped the work matters more than what it did to the reports.
    let ending = match work.ended {
        Ok(ending) => ending,
        Err(code) => return Ok(Finished { code, unwritten: None }),
    };
    let run = &concluded.run;
    let summary = Summary {
        counts: run.counts().await?,
        campaign: &run.config.campaign,
        database: run.store.name(),
        against: &run.against,
        who: run.who(),
        digest: concluded.digest,
        reports: &concluded.reports,
        run_again: work.next.run(&run.config.file, run.against == SIMULATION),
        next: work.next,
        ending,
        span: run.clock.now().since(work.started),
    };
    let code = summary.tell(&run.store, run.campaign_id).await?;
    let unwritten = concluded.unwritten.take();
    concluded.close().await?;
    Ok(Finished { code, unwritten })
}

/// Says that there is no report and how to get one; an ending that needs no attention needs some now.
pub(super) fn tell_unwritten(error: &AppError, campaign: &str, code: ExitCode, context: &Context) -> ExitCode {
    let said = context.tell(error);
    let report = context.next.command(["report", campaign, "--out", &format!("{campaign}-report.csv")]);
    context.say(&format!("when that is set right, without another run: {report}"));
    if code == ExitCode::SUCCESS { said } else { code }
}
