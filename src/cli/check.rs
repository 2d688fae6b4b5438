//! `drydock check`: is the campaign file good, and is every row of the fleet?

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use crate::app::AppError;
use crate::app::fleet::each_chunk;
use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::environment;
use crate::cli::exit::ExitCode;
use crate::cli::input;
use crate::cli::terminal::Out;
use crate::cli::waves;
use crate::config::{self, Config};
use crate::domain::wave::Wave;
use crate::intake::FleetRow;
use crate::plural;

/// Validates; touches neither Atlas nor the database.
pub(super) async fn run(args: &args::Check, context: &Context) -> Result<ExitCode, AppError> {
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
pub(super) async fn load(path: &Path) -> Result<Config, AppError> {
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
