//! Plans a campaign: what a run would do to each cluster, to be read, approved, and then run as it stands.

mod estimate;
pub mod recorded;

use std::collections::BTreeMap;

use crate::app::{AppError, Notices, fleet};
use crate::atlas::{Client, Credentials, EndpointSet, SignInError, Transport};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::code::RATE_LIMITED;
use crate::domain::hold::{Reach, Scope};
use crate::planning::{self, Fingerprint, Plan, Row, Survey, Verdict};
use crate::redaction::Redactor;
use crate::store::{NewJob, Store};

use recorded::Recorded;

/// What is to be planned.
pub struct PlanRequest {
    /// The campaign.
    pub config: Config,
    /// Its file, as it was named.
    pub file: String,
    /// The job table, if there is one. It is read, and none is made.
    pub store: Option<Store>,
    /// The name of this machine.
    pub host: String,
    /// How to sign in.
    pub credentials: Credentials,
    /// The time.
    pub clock: Clock,
    /// Knows every secret of this process.
    pub redactor: Redactor,
}

/// A plan, and what it rests on.
pub struct Planned {
    /// The plan, sealed.
    pub plan: Plan,
    /// What Atlas showed.
    pub survey: Survey,
    /// What the job table knows.
    pub recorded: Recorded,
    /// Whether rows wait for the end of a hold.
    pub is_held: bool,
    /// Why the plan says nothing of time and requests, where it could not be rehearsed.
    pub no_estimate: Option<AppError>,
}

/// Plans. Atlas is read, and nothing is changed, there or in the job table.
pub async fn plan(request: PlanRequest, notices: &Notices) -> Result<Planned, AppError> {
    let PlanRequest { config, file, store, host, credentials, clock, redactor } = request;
    let fleet = fleet::read(&config).await?;
    let recorded = match &store {
        Some(store) => Recorded::read(store, &config, &fleet, (clock, &host)).await?,
        None => Recorded::default(),
    };
    let Recorded { known, holds, asked } = &recorded;
    let transport = Transport::sockets(&config.base_url, config.request_timeout).map_err(AppError::internal)?;
    let client = Client::sharing(redactor, transport, Some(credentials), clock, config.request_timeout);
    let survey = survey(&client, &config, &fleet, clock).await?;
    if let Some(fault) = &survey.shut_out {
        return Err(AppError::refused(format!("{} is not let in: {}: {}", client.who(), fault.code, fault.detail)));
    }
    let rows = planning::judge(config.operation, &fleet, &survey, known, (&config.policy, clock.now()));
    let (estimate, no_estimate) = match estimate::of(&config, &fleet, &rows, &survey.limits, notices).await {
        Ok(estimate) => (estimate, None),
        Err(error) => (None, Some(error)),
    };
    let is_held = holds.iter().any(|held| waits(&held.scope, &rows))
        || survey.closed.values().any(|hold| hold.reach != Reach::Project);
    let plan = Plan {
        drydock: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: clock.now().to_string(),
        campaign: config.campaign.clone(),
        file,
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
    Ok(Planned { plan, survey, recorded, is_held, no_estimate })
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

/// Whether a row that has not begun waits for the end of a hold on this scope.
fn waits(scope: &Scope, rows: &[Row]) -> bool {
    let mut waiting = rows.iter().filter(|row| row.verdict != Verdict::Begun);
    match scope {
        Scope::Project(id) => waiting.any(|row| row.project_id == *id),
        Scope::Organisation(_) | Scope::Campaign => waiting.next().is_some(),
    }
}

async fn survey(client: &Client, config: &Config, fleet: &[NewJob], clock: Clock) -> Result<Survey, AppError> {
    let nowhere = |code: &str, detail: &str| AppError::refused(format!("there is no plan: {code}: {detail}"));
    if let Some(first) = fleet.first()
        && let Err(error) = client.ready(&first.project_id).await
    {
        let (SignInError::Refused(fault) | SignInError::Later { fault, .. }) = error;
        return Err(AppError::refused(format!("{} is not let in: {}: {}", client.who(), fault.code, fault.detail)));
    }
    let pace = (config.pace.requests_per_minute, config.pace.workers);
    planning::survey(client, clock, config.operation, pace, fleet).await.map_err(|refusal| {
        let (code, detail) = match refusal.answer.fault() {
            Some(fault) => (fault.code.clone(), fault.detail.clone()),
            None => (RATE_LIMITED.to_owned(), "too many requests".to_owned()),
        };
        nowhere(&code, &format!("{detail} (GET {})", refusal.path))
    })
}
