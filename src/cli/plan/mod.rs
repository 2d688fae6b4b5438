//! `drydock plan`: what a run would do to each cluster, to be read, approved, and then run as it stands.

mod words;

use std::io::Write;
use std::path::Path;

use crate::app::plan::{PlanRequest, Planned, plan};
use crate::app::{AppError, inputs};
use crate::cli::args;
use crate::cli::check;
use crate::cli::context::Context;
use crate::cli::environment;
use crate::cli::exit::ExitCode;
use crate::cli::run::no_credentials;
use crate::cli::terminal::Out;
use crate::config;
use crate::domain::hold::Hold;
use crate::files::{Draft, Readers, folder_of};
use crate::planning::{Plan, Verdict};
use crate::text;

/// Plans, and tells or writes the plan.
pub(super) async fn run(args: &args::Plan, context: &Context) -> Result<ExitCode, AppError> {
    let config = check::load(&args.campaign).await?;
    check::warn(&config, context);
    if !config.loopback {
        config::check_proxy(&config.base_url, &environment::variable)?;
    }
    let Some(credentials) = config::credentials(&environment::variable)? else {
        return Err(no_credentials(&config, ""));
    };
    if let Some(folder) = args.out.as_deref().map(folder_of).filter(|folder| !folder.is_dir()) {
        return Err(AppError::refused(format!("--out: there is no directory {}", folder.display())));
    }
    if let Some(file) = &args.out {
        inputs::of(&context.database(Some(&args.campaign))?.url, Some(&config))?.refuse(file)?;
        if !args.force && file.is_file() {
            let file = file.display();
            return Err(AppError::refused(format!("--out: {file} is there already: say --force to write over it")));
        }
    }
    let store = context.store_if_there(&config.file).await?;
    let file = args.campaign.display().to_string();
    let (clock, redactor) = (context.clock, context.redactor.clone());
    let host = environment::host();
    let request = PlanRequest { config, file, store, host, credentials, clock, redactor };
    let notices = context.notices();
    // Whoever interrupts it leaves no rehearsal behind.
    let planned = tokio::select! {
        planned = plan(request, &notices) => planned?,
        () = context.interrupts.first() => return Ok(ExitCode::INTERRUPTED),
    };
    let Planned { plan, survey, recorded, is_held, no_estimate } = planned;
    if let Some(error) = &no_estimate {
        context.tell(error);
        context.say("the plan says nothing of time and requests, since it could not be rehearsed");
    }
    let mut out = Out::new();
    if args.json {
        out.json(&plan)?;
    } else {
        words::tell(&mut out, &plan, &recorded, &survey, args.rows, context)?;
    }
    if let Some(file) = &args.out {
        write(file, &plan)?;
        context.say(&format!("the plan is in {}, with digest {}", file.display(), plan.digest));
        context.say(&format!("to run just that: {}", context.next.command(["run", "--plan", &file.to_string_lossy()])));
    }
    out.done()?;
    Ok(exit_code(&plan, is_held))
}

fn exit_code(plan: &Plan, held: bool) -> ExitCode {
    let wrong =
        [Verdict::NotEligible, Verdict::Busy, Verdict::NotSeen].iter().any(|verdict| plan.counts.contains_key(verdict));
    match (held, wrong) {
        (true, _) => ExitCode::HELD,
        (_, true) => ExitCode::SOME_FAILED,
        _ => ExitCode::SUCCESS,
    }
}

fn write(file: &Path, plan: &Plan) -> Result<(), AppError> {
    let text = serde_json::to_string_pretty(plan).map_err(AppError::internal)?;
    let text = text::json(&text);
    // For its owner alone, since it names hosts.
    let written = Draft::begin(file, Readers::Owner).and_then(|mut draft| {
        draft.out().write_all(text.as_bytes())?;
        draft.out().write_all(b"\n")?;
        draft.done()
    });
    written.map(drop).map_err(|error| AppError::refused(format!("{}: {error}", file.display())))
}

/// A hold of a survey in words.
pub(super) fn closed_words(project: &str, hold: &Hold) -> String {
    format!("project {project} is closed to these credentials: {}: {}", hold.fault.code, hold.fault.detail)
}
