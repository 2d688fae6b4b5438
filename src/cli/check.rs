//! `drydock check`: is the campaign file good, and is every row of the fleet?

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use tokio::sync::mpsc;

use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::environment;
use crate::cli::exit::{ExitCode, Failure};
use crate::cli::input;
use crate::cli::terminal::Out;
use crate::cli::waves;
use crate::config::{self, Config};
use crate::domain::wave::Wave;
use crate::intake::{self, FleetRow, Plan};
use crate::plural;

/// Validates; touches neither Atlas nor the database.
pub(super) async fn run(args: &args::Check, context: &Context) -> Result<ExitCode, Failure> {
    let config = load(&args.campaign).await?;
    warn(&config, context);
    let (mut projects, mut waves) = (HashSet::new(), BTreeMap::new());
    let clusters = each_chunk(&config, async |rows: Vec<FleetRow>| {
        for row in rows {
            *waves.entry(Wave::of(&row.wanted)).or_default() += 1;
            projects.insert(row.project_id);
        }
        Ok(())
    })
    .await?;
    let mut out = Out::new();
    out.line(&format!(
        "{}: {} in {}, {}: the campaign file and every row are good",
        config.campaign,
        plural::count(clusters, "cluster"),
        plural::count(projects.len() as u64, "project"),
        config.operation.title
    ))?;
    if let Some(sizes) = waves::sizes(&waves) {
        out.line(&format!("waves {sizes}; each begins when all jobs of those before it have ended"))?;
    }
    out.done()?;
    Ok(ExitCode::SUCCESS)
}

/// Reads the campaign file.
pub(super) async fn load(path: &Path) -> Result<Config, Failure> {
    let path = path.to_owned();
    Ok(input::blocking(move || config::load(&path, &environment::variable)).await??)
}

/// Says what the campaign file should not have been meant to say.
pub(super) fn warn(config: &Config, context: &Context) {
    for warning in &config.warnings {
        context.warn(warning);
    }
    if let Some(when) = config.operation.retired {
        context.note(&format!(
            "{}: live Atlas stopped serving this operation in {when} and is expected to answer 410",
            config.operation.name
        ));
    }
}

/// Streams the fleet's rows, a chunk at a time; returns how many there were, if they are no more than the guard lets
/// through. What `work` has done when a row turns
/// out to be bad must be undone by it.
pub(super) async fn each_chunk(
    config: &Config,
    mut work: impl AsyncFnMut(Vec<FleetRow>) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let plan = Plan { operation: config.operation, defaults: &config.defaults, columns: &config.columns };
    let (sink, mut rows) = mpsc::channel(4);
    // The receiver moves into its block: a failure there drops it, and a reader that is still at it stops.
    let working = async move {
        while let Some(chunk) = rows.recv().await {
            work(chunk).await?;
        }
        Ok::<(), Failure>(())
    };
    let (read, worked) = tokio::join!(intake::read(&config.source, &plan, sink), working);
    worked?;
    let clusters = read?;
    match config.max_clusters {
        Some(most) if clusters > most => Err(Failure::bad_input(format!(
            "the fleet has {}, and guard.max_clusters of {} is {most}: nothing was started; if the fleet \
             is what you mean, raise it",
            plural::count(clusters, "cluster"),
            config.file.display()
        ))),
        _ => Ok(clusters),
    }
}
