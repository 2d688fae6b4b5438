//! `drydock run`: load the fleet, work until every job has ended, write the reports.

pub(super) mod begin;
mod binding;
mod confirm;
mod finish;
mod first_read;
pub(super) mod fleet;
mod moves;
mod progress;
pub(super) mod reports;
mod restored;
mod signals;
mod summary;
mod trouble;
pub(super) mod world;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::cli::args::{self, ProgressStyle};
use crate::cli::context::Context;
use crate::cli::exit::{ExitCode, Failure};
use crate::engine::{Control, Ending, Engine, Progress};
use crate::store::{Store, StoreError};

use begin::Begun;
use finish::Work;
use signals::Signals;

/// The end of most runs is over by then.
const SOON: Duration = Duration::from_secs(2);

/// Runs a campaign.
pub(super) async fn run(args: args::Run, context: &Context) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen();
    let begun = tokio::select! {
        begun = begin::begin(&args, context) => begun?,
        () = signals.next() => {
            context.say("interrupted before the work began; run it again to go on");
            return Ok(ExitCode::INTERRUPTED);
        }
    };
    let started = begun.clock.now();
    // Told at once: whoever is in a hurry below may never see the end.
    let ended = work(engine(&begun), &args, context, &mut signals).await.map_err(|failure| failure.told(context));
    let work = Work { started, ended, hurried: signals.came() > 1, next: context.next.clone() };
    let campaign = begun.config.campaign.clone();
    let finishing = tokio::spawn(finish::finish(begun, work));
    tokio::select! {
        biased;
        finished = finishing => {
            let finished = finished.map_err(Failure::internal)??;
            Ok(finished.unwritten.map_or(finished.code, |why| reports::without(why, &campaign, finished.code, context)))
        }
        () = signals.hurry(context) => {
            context.say("stopped; the reports are not all written: the next run writes them");
            Ok(ExitCode::INTERRUPTED)
        }
        never = tell_what_takes_long(context) => match never {},
    }
}

/// Of a large fleet the end takes its time, and whoever sees nothing move would stop it.
async fn tell_what_takes_long(context: &Context) -> Infallible {
    tokio::time::sleep(SOON).await;
    if !context.quiet {
        context.say("the work is over; auditing every job and writing the reports");
    }
    std::future::pending().await
}

fn engine(begun: &Begun) -> Engine {
    let Begun { config, store, client, clock, campaign_id, runner, .. } = begun;
    Engine {
        store: store.clone(),
        client: client.clone(),
        clock: *clock,
        campaign_id: *campaign_id,
        campaign: Arc::from(config.campaign.as_str()),
        operation: config.operation,
        policy: config.policy.clone(),
        limits: config.pace,
        runner: Arc::new(runner.clone()),
        seed: clock.now().0.unsigned_abs() ^ u64::from(std::process::id()).rotate_left(32),
    }
}

/// Works, shows progress and listens to signals. No ending means that there was nothing to do. Whatever stops it
/// here strikes in the middle of the work, so that no failure may claim that nothing was started.
async fn work(
    engine: Engine,
    args: &args::Run,
    context: &Context,
    signals: &mut Signals,
) -> Result<Option<Ending>, Failure> {
    if Engine::is_done(&engine.store.counts(engine.campaign_id).await?) {
        return Ok(None);
    }
    let (control, listening) = watch::channel(Control::Run);
    let progress = Progress::default();
    let style = if context.quiet { ProgressStyle::None } else { args.progress };
    let shown = progress::show(style, &progress, engine.clock, context);
    let (store, campaign) = (engine.store.clone(), engine.campaign.clone());
    let ending = tokio::select! {
        ending = engine.run(listening, progress.clone()) => ending,
        () = signals.drain(&control, context) => Ok(Ending::Interrupted),
        error = unfit(&store, &campaign) => Err(error),
    };
    shown.finish().await;
    match ending {
        Ok(ending) => Ok(Some(ending)),
        Err(error) => Err(trouble::failure(error, &store).await),
    }
}

/// Audits the campaign beside the work, so that what was edited before is found before much is done; returns if it is.
async fn unfit(store: &Store, campaign: &str) -> StoreError {
    if let Ok(Some(campaign)) = store.campaign(campaign).await
        && let Err(error @ StoreError::Unfit { .. }) = store.verified_digest(&campaign).await
    {
        return error;
    }
    std::future::pending().await
}
