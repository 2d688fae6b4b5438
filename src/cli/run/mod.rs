//! `drydock run`: load the fleet, work until every job has ended, write the reports.

mod confirm;
mod finish;
mod progress;
mod region_moves;
mod request;
mod signals;
mod summary;

use std::convert::Infallible;
use std::time::Duration;

use tokio::sync::watch;

use crate::app::AppError;
use crate::app::run::{Begun, prepare};
use crate::cli::args::{self, ProgressStyle};
use crate::cli::context::Context;
use crate::cli::exit::ExitCode;
use crate::cli::holds;
use crate::engine::{Control, Ending, Progress};

use finish::Work;
use signals::Signals;

pub(super) use request::no_credentials;

/// The end of most runs is over by then.
const SOON: Duration = Duration::from_secs(2);

/// Runs a campaign.
pub(super) async fn run(args: args::Run, context: &Context) -> Result<ExitCode, AppError> {
    let mut signals = Signals::listen();
    let begun = tokio::select! {
        begun = begin(&args, context) => begun?,
        () = signals.next() => {
            context.say("interrupted before the work began; run it again to go on");
            return Ok(ExitCode::INTERRUPTED);
        }
    };
    let started = begun.clock.now();
    // Told at once: whoever is in a hurry below may never see the end.
    let ended = work(&begun, &args, context, &mut signals).await.map_err(|error| context.tell(&error));
    let work = Work { started, ended, is_hurried: signals.came() > 1, next: context.next.clone() };
    let campaign = begun.config.campaign.clone();
    let finishing = tokio::spawn(finish::finish(begun, work));
    tokio::select! {
        biased;
        finished = finishing => {
            let finished = finished.map_err(AppError::internal)??;
            let code = finished.code;
            Ok(finished.unwritten.map_or(code, |why| finish::tell_unwritten(&why, &campaign, code, context)))
        }
        () = signals.hurry(context) => {
            context.say("stopped; the reports are not all written: the next run writes them");
            Ok(ExitCode::INTERRUPTED)
        }
        never = tell_what_takes_long(context) => match never {},
    }
}

/// Makes everything ready, and asks. Nothing is sent, but for signing in and a few reads.
async fn begin(args: &args::Run, context: &Context) -> Result<Begun, AppError> {
    let request = request::of(args, context).await?;
    let notices = context.notices();
    let prepared = prepare(request, &notices).await?;
    if !context.quiet {
        context.say(&finish::fleet_words(&prepared));
    }
    // An approved plan has told its facts, and nobody is asked of a simulation.
    let is_to_be_told = !prepared.is_planned() && !prepared.is_simulated();
    if is_to_be_told && !prepared.config.loopback && !args.yes {
        confirm::ask(&prepared, context).await?;
    }
    prepared.sign_in().await?;
    if is_to_be_told && args.yes && !context.quiet {
        confirm::tell(&prepared, context).await?;
    }
    let begun = prepared.begin(&notices).await?;
    holds::remind(&begun.store, &begun.config.campaign, begun.campaign_id, context).await?;
    Ok(begun)
}

/// Of a large fleet the end takes its time, and whoever sees nothing move would stop it.
async fn tell_what_takes_long(context: &Context) -> Infallible {
    tokio::time::sleep(SOON).await;
    if !context.quiet {
        context.say("the work is over; auditing every job and writing the reports");
    }
    std::future::pending().await
}

/// Works, shows progress and listens to signals. No ending means that there was nothing to do.
async fn work(
    begun: &Begun,
    args: &args::Run,
    context: &Context,
    signals: &mut Signals,
) -> Result<Option<Ending>, AppError> {
    if begun.is_done().await? {
        return Ok(None);
    }
    let (control, listening) = watch::channel(Control::Run);
    let progress = Progress::default();
    let style = if context.quiet { ProgressStyle::None } else { args.progress };
    let shown = progress::show(style, &progress, begun.clock, context);
    let ended = tokio::select! {
        ended = begun.work(listening, progress.clone()) => ended,
        () = signals.drain(&control, context) => Ok(Ending::Interrupted),
    };
    shown.finish().await;
    ended.map(Some)
}
