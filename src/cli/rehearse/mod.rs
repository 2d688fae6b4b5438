//! `drydock rehearse`: the user's own fleet through the real engine, against a simulated Atlas in virtual time.
//!
//! It has a database of its own, which is gone afterwards, and a runtime of its own, whose clock jumps to the next
//! thing that happens.

mod log;
mod play;
mod words;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::args;
use crate::cli::check;
use crate::cli::context::Context;
use crate::cli::exit::{ExitCode, Failure};
use crate::cli::inputs;
use crate::cli::plan;
use crate::cli::simulate;
use crate::config::{Config, MEDIAN};
use crate::plural;
use crate::report;
use crate::simulator::{Durations, Settings};

pub(super) use play::Play;
use play::Played;
use words::Words;

/// Plays the campaign and tells how it went.
pub(super) async fn run(args: &args::Rehearse, context: &Context) -> Result<ExitCode, Failure> {
    let config = check::load(&args.campaign).await?;
    let (durations, said) = durations(args, &config, context).await?;
    let mut settings = Settings { seed: args.seed, durations, limit: config.rehearsal.limit, ..Settings::default() };
    settings.faults = config.rehearsal.faults.clone();
    for word in &args.fault {
        simulate::fault(word, &mut settings.faults)?;
    }
    let fleet = plan::fleet(&config).await?;
    let stem = format!("{}-rehearsal", config.campaign);
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("reports").join(stem));
    inputs::refuse_folder(&inputs::of_campaign(&config), &folder)?;
    report::prepare(&folder).map_err(Failure::bad_input)?;
    // Whoever interrupts it leaves nothing behind but the directory of the reports.
    let home = home(fleet.len())?;
    let clusters = fleet.len();
    let play = Play::new(&config, settings, fleet, Some(folder));
    let took = context.clock.uptime();
    let played = tokio::select! {
        played = self::play(play, home.path(), context) => played?,
        () = context.interrupts.first() => return Ok(ExitCode::INTERRUPTED),
    };
    let took = context.clock.uptime().saturating_sub(took);
    let Played { counts, .. } = &played;
    let code = if counts.unhappy() > 0 || played.unended() { ExitCode::SOME_FAILED } else { ExitCode::SUCCESS };
    let ends_at = context.clock.now().after(played.took());
    Words { config: &config, clusters, said, seed: args.seed, took, ends_at, played: &played }.tell(args.json)?;
    Ok(code)
}

/// How often people are told how far it is.
const SAYING: Duration = Duration::from_secs(5);

/// The job table of so many clusters has room in memory, also in a container's.
const SMALL: usize = 2000;

/// A directory for the job table of a rehearsal, which goes with it: in memory where the system has such a place, since
/// nobody needs its commits on a disk.
pub(super) fn home(clusters: usize) -> std::io::Result<tempfile::TempDir> {
    if clusters > SMALL {
        return tempfile::tempdir();
    }
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())
}

/// Plays it on a thread of its own, with a database in `home`, and says now and then how far it is.
pub(super) async fn play(play: Play, home: &Path, context: &Context) -> Result<Played, Failure> {
    let (database, shots) = (home.join("rehearsal.db"), play.progress.watch());
    let mut playing = tokio::task::spawn_blocking(move || play.play(&database));
    loop {
        match tokio::time::timeout(SAYING, &mut playing).await {
            Ok(played) => return played.map_err(Failure::internal)?,
            Err(_) if context.quiet => {}
            Err(_) => {
                let counts = shots.borrow().counts;
                let (ended, total) = (counts.ended(), counts.total());
                let how_far = if total == 0 { "loading".to_owned() } else { plural::ended(ended, total) };
                context.say(&format!("playing the campaign against a simulated Atlas: {how_far}"));
            }
        }
    }
}

/// How long upgrades are expected to take where nobody looks them up.
pub(super) fn expected(config: &Config) -> Durations {
    config.rehearsal.durations.clone().unwrap_or(Durations::Around { median: MEDIAN, spread: 1.0 })
}

/// How long upgrades take, and who says so.
async fn durations(args: &args::Rehearse, config: &Config, context: &Context) -> Result<(Durations, String), Failure> {
    if args.recorded {
        let store = context.store(args.campaign.to_str()).await?;
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
            expected(config),
            format!("{} each, for want of a word: [rehearsal] median, or --recorded", words::minutes(MEDIAN)),
        ),
    })
}
