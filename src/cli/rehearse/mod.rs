//! `drydock rehearse`: the user's own fleet through the real engine, against a simulated Atlas in virtual time.

mod words;

use std::path::PathBuf;

use crate::app::rehearse::{Rehearsal, Rehearsed, expected_durations, rehearse};
use crate::app::{AppError, fleet, inputs};
use crate::cli::args;
use crate::cli::check;
use crate::cli::context::Context;
use crate::cli::exit::ExitCode;
use crate::cli::simulate;
use crate::config::{Config, MEDIAN};
use crate::report;
use crate::simulator::{Durations, Settings};

use words::Words;

/// Plays the campaign and tells how it went.
pub(super) async fn run(args: &args::Rehearse, context: &Context) -> Result<ExitCode, AppError> {
    let config = check::load(&args.campaign).await?;
    let (durations, said) = durations(args, &config, context).await?;
    let mut settings = Settings { seed: args.seed, durations, limit: config.rehearsal.limit, ..Settings::default() };
    settings.faults = config.rehearsal.faults.clone();
    for word in &args.fault {
        simulate::fault(word, &mut settings.faults)?;
    }
    let fleet = fleet::read(&config).await?;
    let stem = format!("{}-rehearsal", config.campaign);
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(stem));
    inputs::refuse_folder(&inputs::of_campaign(&config), &folder)?;
    report::prepare(&folder).map_err(AppError::refused)?;
    let clusters = fleet.len();
    let rehearsal = Rehearsal::new(&config, settings, fleet, Some(folder));
    let (took, notices) = (context.clock.uptime(), context.notices());
    // Whoever interrupts it leaves nothing behind but the directory of the reports.
    let played = tokio::select! {
        played = rehearse(rehearsal, &notices) => played?,
        () = context.interrupts.first() => return Ok(ExitCode::INTERRUPTED),
    };
    let took = context.clock.uptime().saturating_sub(took);
    let Rehearsed { counts, .. } = &played;
    let code = if counts.unhappy() > 0 || played.unended() { ExitCode::SOME_FAILED } else { ExitCode::SUCCESS };
    let ends_at = context.clock.now().after(played.took());
    Words { config: &config, clusters, said, seed: args.seed, took, ends_at, played: &played }.tell(args.json)?;
    Ok(code)
}

/// How long upgrades take, and who says so.
async fn durations(args: &args::Rehearse, config: &Config, context: &Context) -> Result<(Durations, String), AppError> {
    if args.recorded {
        let store = context.store(args.campaign.to_str()).await?;
        let mut seen = store.upgrade_times(config.operation.name).await?;
        seen.sort();
        let (Some(first), Some(last)) = (seen.first(), seen.last()) else {
            let (database, operation) = (store.name(), config.operation.name);
            return Err(AppError::refused(format!(
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
            expected_durations(config),
            format!("{} each, which is the default: set [rehearsal] median, or use --recorded", words::minutes(MEDIAN)),
        ),
    })
}
