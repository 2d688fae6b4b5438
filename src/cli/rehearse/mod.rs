//! `drydock rehearse`: the user's own fleet through the real engine, against a simulated Atlas in virtual time.
//!
//! It has a database of its own, which is gone afterwards, and a runtime of its own, whose clock jumps to the next thing
//! that happens.

mod log;
mod play;
mod words;

use std::path::PathBuf;

use crate::cli::args;
use crate::cli::check::{self, each_chunk};
use crate::cli::context::Context;
use crate::cli::exit::{ExitCode, Failure};
use crate::cli::run::fleet::new_job;
use crate::cli::simulate;
use crate::config::{Config, MEDIAN};
use crate::report;
use crate::simulator::{Durations, Settings};
use crate::store::NewJob;

use play::{Play, Played};
use words::Words;

/// Plays the campaign and tells how it went.
pub(super) async fn run(args: &args::Rehearse, context: &Context) -> Result<ExitCode, Failure> {
    let config = check::load(&args.campaign)?;
    let (durations, said) = durations(args, &config, context).await?;
    let mut settings = Settings { seed: args.seed, durations, limit: config.rehearsal.limit, ..Settings::default() };
    settings.faults = config.rehearsal.faults.clone();
    for word in &args.fault {
        simulate::fault(word, &mut settings.faults)?;
    }
    let mut fleet: Vec<NewJob> = Vec::new();
    each_chunk(&config, async |rows| {
        fleet.extend(rows.into_iter().map(new_job));
        Ok(())
    })
    .await?;
    let stem = format!("{}-rehearsal", config.campaign);
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(stem));
    report::prepare(&folder).map_err(Failure::bad_input)?;
    // Whoever interrupts it leaves nothing behind but the directory of the reports.
    let home = tempfile::tempdir()?;
    let clusters = fleet.len();
    let play = Play { config: config.clone(), settings, fleet, folder, start: context.clock.now() };
    let database = home.path().join("rehearsal.db");
    let took = context.clock.uptime();
    let playing = tokio::task::spawn_blocking(move || play.play(&database));
    let played = tokio::select! {
        played = playing => played.map_err(Failure::internal)??,
        Ok(()) = tokio::signal::ctrl_c() => return Ok(ExitCode::INTERRUPTED),
    };
    let took = context.clock.uptime().saturating_sub(took);
    let Played { counts, .. } = &played;
    let code = if counts.unhappy() > 0 || played.unended() { ExitCode::SOME_FAILED } else { ExitCode::SUCCESS };
    Words { config: &config, clusters, said, seed: args.seed, took, played: &played }.tell(args.json)?;
    Ok(code)
}

/// How long upgrades take, and who says so.
async fn durations(args: &args::Rehearse, config: &Config, context: &Context) -> Result<(Durations, String), Failure> {
    if args.recorded {
        let store = context.store().await?;
        let mut seen = store.upgrade_times(config.operation.name).await?;
        seen.sort();
        let (Some(first), Some(last)) = (seen.first(), seen.last()) else {
            let (database, operation) = (store.name(), config.operation.name);
            return Err(Failure::bad_input(format!(
                "{database} knows of no {operation} that succeeded: leave --recorded out, or say [rehearsal] median"
            )));
        };
        let (first, last) = (words::minutes(*first), words::minutes(*last));
        let median = seen.get(seen.len() / 2).copied().unwrap_or_default();
        let count = seen.len();
        let said = format!("{} in the median, as {count} recorded ones: {first} to {last}", words::minutes(median));
        return Ok((Durations::Recorded(seen.into()), said));
    }
    Ok(match &config.rehearsal.durations {
        Some(durations @ Durations::Around { median, spread }) => {
            let (least, most) = (median.div_f64(*spread), median.mul_f64(*spread));
            let range = if least == most {
                String::new()
            } else {
                format!(", {} to {}", words::minutes(least), words::minutes(most))
            };
            (durations.clone(), format!("{} in the median{range}, as [rehearsal] says", words::minutes(*median)))
        }
        Some(other) => (other.clone(), "as [rehearsal] says".to_owned()),
        None => (
            Durations::Around { median: MEDIAN, spread: 1.0 },
            format!("{} each, for want of a word: [rehearsal] median, or --recorded", words::minutes(MEDIAN)),
        ),
    })
}
