//! What is to be run: out of the command line, the campaign file and the environment.

use std::path::{Path, PathBuf};

use crate::app::AppError;
use crate::app::inputs;
use crate::app::run::approved_plan::{self, ApprovedPlan};
use crate::app::run::{RunAgainst, RunRequest};
use crate::cli::args;
use crate::cli::check;
use crate::cli::context::Context;
use crate::cli::database::{Database, Source};
use crate::cli::environment;
use crate::config::{self, Config};

/// Reads what `args` name, and says which database it is.
pub(super) async fn of(args: &args::Run, context: &Context) -> Result<RunRequest, AppError> {
    let plan = match &args.plan {
        Some(file) => Some(approved_plan::read(file).await?),
        None => None,
    };
    // The plan's own campaign file, if none was named.
    let planned = plan.as_ref().map(|plan| PathBuf::from(&plan.file));
    let file = args.campaign.clone().or(planned).unwrap_or_default();
    let config = check::load(&file).await?;
    let plan = match plan {
        Some(plan) => Some(ApprovedPlan::of(plan, &file, &config).await?),
        None => None,
    };
    let database = context.database(Some(&file))?;
    if !context.quiet {
        context.say(&format!("{}: the database is {}", config.campaign, words(&database)));
    }
    if !args.simulate {
        check::warn(&config, context); // all of it is about Atlas
    }
    let atlas = against(args, &config)?;
    let store = context.open(&database).await?;
    let mut inputs = inputs::of(&database.url, Some(&config))?;
    if let Some(plan) = &args.plan {
        inputs.add(plan, "the plan");
    }
    Ok(RunRequest {
        absolute_file: environment::absolute(&config.file),
        folder: folder(args.out.as_deref(), &config),
        plan,
        store,
        inputs,
        atlas,
        runner: environment::runner(context.clock.now()),
        clock: context.clock,
        redactor: context.redactor.clone(),
        config,
    })
}

fn folder(out: Option<&Path>, config: &Config) -> PathBuf {
    out.map_or_else(|| PathBuf::from("reports").join(&config.campaign), Path::to_owned)
}

/// The database, and how it comes to be this one where that is not plain.
fn words(database: &Database) -> String {
    let how = match database.source {
        Source::Option | Source::Found => "",
        Source::Environment => ", as DATABASE_URL says",
        Source::ToBeMade => ", which is new",
    };
    format!("{}{how}", database.url)
}

fn against(args: &args::Run, config: &Config) -> Result<RunAgainst, AppError> {
    if args.simulate {
        return Ok(RunAgainst::Simulation);
    }
    if !config.loopback {
        config::check_proxy(&config.base_url, &environment::variable)?;
    }
    let found = config::credentials(&environment::variable)?;
    found.map(RunAgainst::Host).ok_or_else(|| no_credentials(config, " (or try it with --simulate)"))
}

/// What to set, so that somebody is let in.
pub(in crate::cli) fn no_credentials(config: &Config, or: &str) -> AppError {
    AppError::refused(format!(
        "no credentials for {}: set MONGODB_ATLAS_ACCESS_TOKEN, or MONGODB_ATLAS_CLIENT_ID and \
         MONGODB_ATLAS_CLIENT_SECRET, or MONGODB_ATLAS_PUBLIC_API_KEY and MONGODB_ATLAS_PRIVATE_API_KEY{or}",
        config.base_url
    ))
}
