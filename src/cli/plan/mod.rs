//! `drydock plan`: what a run would do to each cluster, to be read, approved, and then run as it stands.

mod estimate;
mod recorded;
mod words;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use crate::atlas::{Client, Credentials, EndpointSet, SignInError, Transport};
use crate::cli::args;
use crate::cli::check::{self, each_chunk};
use crate::cli::context::Context;
use crate::cli::environment;
use crate::cli::exit::{ExitCode, Failure};
use crate::cli::inputs;
use crate::cli::run::begin::no_credentials;
use crate::cli::run::fleet::new_job;
use crate::cli::terminal::Out;
use crate::config::{self, Config};
use crate::domain::code::RATE_LIMITED;
use crate::domain::hold::{Hold, Reach, Scope};
use crate::files::{Draft, Readers, folder_of};
use crate::planning::{self, Fingerprint, Plan, Row, Survey, Verdict};
use crate::store::NewJob;
use crate::text;

use recorded::Recorded;

/// Plans, and tells or writes the plan.
pub(super) async fn run(args: &args::Plan, context: &Context) -> Result<ExitCode, Failure> {
    let config = check::load(&args.campaign).await?;
    check::warn(&config, context);
    if !config.loopback {
        config::check_proxy(&config.base_url, &environment::variable)?;
    }
    let credentials: Option<Credentials> = config::credentials(&environment::variable)?;
    let Some(credentials) = credentials else { return Err(no_credentials(&config, "")) };
    if let Some(folder) = args.out.as_deref().map(folder_of).filter(|folder| !folder.is_dir()) {
        return Err(Failure::bad_input(format!("--out: there is no directory {}", folder.display())));
    }
    if let Some(file) = &args.out {
        inputs::of(&context.database(Some(&args.campaign))?.url, Some(&config))?.refuse(file)?;
        if !args.force && file.is_file() {
            let file = file.display();
            return Err(Failure::bad_input(format!("--out: {file} is there already: say --force to write over it")));
        }
    }
    let fleet = fleet(&config).await?;
    let recorded = Recorded::read(&config, &fleet, context).await?;
    let Recorded { known, holds, asked } = &recorded;
    let transport = Transport::sockets(&config.base_url, config.request_timeout).map_err(Failure::internal)?;
    let client =
        Client::sharing(context.redactor.clone(), transport, Some(credentials), context.clock, config.request_timeout);
    let survey = survey(&client, &config, &fleet, context).await?;
    if let Some(fault) = &survey.shut_out {
        return Err(Failure::bad_input(format!("{} is not let in: {}: {}", client.who(), fault.code, fault.detail)));
    }
    let rows = planning::judge(config.operation, &fleet, &survey, known, (&config.policy, context.clock.now()));
    // Whoever interrupts it leaves no rehearsal behind.
    let estimate = tokio::select! {
        estimate = estimate::of(&config, &fleet, &rows, &survey.limits, context) => estimate,
        () = context.interrupts.first() => return Ok(ExitCode::INTERRUPTED),
    };
    let estimate = match estimate {
        Ok(estimate) => estimate,
        Err(failure) => {
            failure.tell(context);
            context.say("the plan says nothing of time and requests, since it could not be rehearsed");
            None
        }
    };
    let held = holds.iter().any(|held| waits(&held.scope, &rows))
        || survey.closed.values().any(|hold| hold.reach != Reach::Project);
    let plan = Plan {
        drydock: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: context.clock.now().to_string(),
        campaign: config.campaign.clone(),
        file: args.campaign.display().to_string(),
        operation: config.operation.name.to_owned(),
        against: config.base_url.clone(),
        signed_in_as: client.who(),
        form: planning::FORM,
        campaign_digest: campaign_digest(&config),
        fleet_digest: fleet_digest(&fleet),
        counts: counts(&rows),
        region_changes: rows.iter().filter(|row| row.moves.is_some()).count(),
        holds: holds.iter().map(planning::Hold::of).collect(),
        asked_until: asked.map(|asked| asked.wait.until.to_string()),
        unseen_projects: survey.unlisted.clone(),
        limits: survey.limits.iter().map(|set| (set.endpoint_set_id.clone(), bucket(set))).collect(),
        retires: survey.retires.clone(),
        changes: config.operation.changes.iter().map(|change| (*change).to_owned()).collect(),
        estimate,
        rows,
        digest: String::new(),
    }
    .sealed();
    client.sign_out().await;
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
    Ok(exit_code(&plan, held))
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

/// All rows of the fleet.
pub(super) async fn fleet(config: &Config) -> Result<Vec<NewJob>, Failure> {
    let mut fleet = Vec::new();
    each_chunk(config, async |rows| {
        fleet.extend(rows.into_iter().map(new_job));
        Ok(())
    })
    .await?;
    Ok(fleet)
}

/// Over what the campaign file says the campaign does, and where.
pub(super) fn campaign_digest(config: &Config) -> String {
    let Config { campaign, operation, base_url, policy, .. } = config;
    Fingerprint::of_campaign(campaign, operation, base_url, policy.allow_region_change)
}

/// Over the rows of the fleet.
pub(super) fn fleet_digest(fleet: &[NewJob]) -> String {
    let mut print = Fingerprint::default();
    for row in fleet {
        print.add(row);
    }
    print.finish()
}

fn counts(rows: &[Row]) -> BTreeMap<Verdict, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.verdict).or_default() += 1;
    }
    counts
}

fn bucket(set: &EndpointSet) -> String {
    let (capacity, refill, seconds) = (set.capacity.value, set.refill_rate.value, set.refill_duration_seconds.value);
    format!("{capacity} requests, {refill} more every {seconds} s")
}

fn write(file: &Path, plan: &Plan) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(plan).map_err(Failure::internal)?;
    let text = text::json(&text);
    // For its owner alone, since it names hosts.
    let written = Draft::begin(file, Readers::Owner).and_then(|mut draft| {
        draft.out().write_all(text.as_bytes())?;
        draft.out().write_all(b"\n")?;
        draft.done()
    });
    written.map(drop).map_err(|error| Failure::bad_input(format!("{}: {error}", file.display())))
}

/// Whether a row that has not begun waits for the end of a hold on this scope.
fn waits(scope: &Scope, rows: &[Row]) -> bool {
    let mut waiting = rows.iter().filter(|row| row.verdict != Verdict::Begun);
    match scope {
        Scope::Project(id) => waiting.any(|row| row.project_id == *id),
        Scope::Organisation(_) | Scope::Campaign => waiting.next().is_some(),
    }
}

async fn survey(client: &Client, config: &Config, fleet: &[NewJob], context: &Context) -> Result<Survey, Failure> {
    let nowhere = |code: &str, detail: &str| Failure::bad_input(format!("there is no plan: {code}: {detail}"));
    if let Some(first) = fleet.first()
        && let Err(error) = client.ready(&first.project_id).await
    {
        let (SignInError::Refused(fault) | SignInError::Later { fault, .. }) = error;
        return Err(Failure::bad_input(format!("{} is not let in: {}: {}", client.who(), fault.code, fault.detail)));
    }
    let pace = (config.pace.requests_per_minute, config.pace.workers);
    planning::survey(client, context.clock, config.operation, pace, fleet).await.map_err(|refusal| {
        let (code, detail) = match refusal.answer.fault() {
            Some(fault) => (fault.code.clone(), fault.detail.clone()),
            None => (RATE_LIMITED.to_owned(), "too many requests".to_owned()),
        };
        nowhere(&code, &format!("{detail} (GET {})", refusal.path))
    })
}

/// A hold of a survey in words.
pub(super) fn closed_words(project: &str, hold: &Hold) -> String {
    format!("project {project} is closed to these credentials: {}: {}", hold.fault.code, hold.fault.detail)
}
