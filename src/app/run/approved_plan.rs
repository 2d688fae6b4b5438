//! Runs an approved plan: just what was planned, as long as nothing has changed since.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use crate::app::load::{LoadContext, settle};
use crate::app::plan::{campaign_digest, fleet_digest};
use crate::app::{AppError, Notices, fleet};
use crate::config::Config;
use crate::domain::cluster_name::ClusterKey;
use crate::domain::event::Event;
use crate::domain::job::{Identity, Job, State};
use crate::intake::bounded::BoundedReader;
use crate::planning::{FORM, Plan, Row, Verdict};
use crate::plural;
use crate::store::{Filter, NewJob, Pages};

/// How many bytes a plan may have: more than one of a million rows has.
const MOST_BYTES: u64 = 1 << 30;

/// A plan that still fits, with the fleet that it is of.
pub struct ApprovedPlan {
    plan: Plan,
    pub(super) fleet: Vec<NewJob>,
}

/// Reads the plan that is to be run. What was edited, is of another version or has nothing eligible is refused.
pub async fn read(file: &Path) -> Result<Plan, AppError> {
    let name = file.display();
    let path = file.to_owned();
    let plan = tokio::task::spawn_blocking(move || plan_of(&path)).await.map_err(AppError::internal)??;
    if plan.form != FORM {
        let why = "is of another version of drydock, whose plans are tied to a campaign otherwise: plan again";
        return Err(AppError::refused(format!("{name} {why}")));
    }
    if !plan.is_as_written() {
        let why = "was edited after it was written, and so is not what was approved: plan again";
        return Err(AppError::refused(format!("{name} {why}")));
    }
    if ![Verdict::Eligible, Verdict::NotSeen].iter().any(|verdict| plan.counts.contains_key(verdict)) {
        return Err(AppError::refused(format!("{name} finds nothing eligible: there is nothing to run")));
    }
    Ok(plan)
}

/// The plan that a file holds.
fn plan_of(file: &Path) -> Result<Plan, AppError> {
    let name = file.display();
    let unreadable = |error: &dyn fmt::Display| AppError::refused(format!("{name}: {error}"));
    let input = File::open(file).map_err(|error| unreadable(&error))?;
    serde_json::from_reader(BufReader::new(BoundedReader::new(input, MOST_BYTES))).map_err(|error| {
        if error.is_io() {
            return unreadable(&error);
        }
        AppError::refused(format!("{name} is no plan that `drydock plan --out` has written: {error}"))
    })
}

impl ApprovedPlan {
    /// Checks that the plan is of this campaign and this fleet, as they are now.
    pub async fn of(plan: Plan, file: &Path, config: &Config) -> Result<Self, AppError> {
        let name = file.display();
        if plan.against != config.base_url {
            return Err(stale(&format!(
                "the plan is for {}, and this run would be against {}",
                plan.against, config.base_url
            )));
        }
        if plan.campaign_digest != campaign_digest(config) {
            let (made_at, file) = (&plan.made_at, &plan.file);
            let changed = changed(&plan, config);
            return Err(stale(&format!(
                "{name} is not as it was when the plan of {made_at} was made of {file}: {changed}"
            )));
        }
        let fleet = fleet::read(config).await?;
        if plan.fleet_digest != fleet_digest(&fleet) {
            return Err(stale(&format!("the fleet of {name} was changed since the plan of {} was made", plan.made_at)));
        }
        Ok(Self { plan, fleet })
    }

    /// Ties each job that has not begun to the cluster that the plan saw, or leaves it out as the plan does.
    pub(super) async fn apply(
        &self,
        context: &LoadContext<'_>,
        campaign_id: i64,
        notices: &Notices,
    ) -> Result<(), AppError> {
        let key = |row: &Row| ClusterKey::new(&row.project_id, &row.cluster_name);
        let rows: HashMap<ClusterKey, &Row> = self.plan.rows.iter().map(|row| (key(row), row)).collect();
        let (mut tied, mut left, mut unseen) = (0_usize, 0_usize, 0_usize);
        let mut pages = Pages::new(context.store, campaign_id, Filter::default());
        while let Some(page) = pages.next().await? {
            let mut events: Vec<(Job, Event)> = Vec::new();
            for job in page.into_iter().map(|row| row.job) {
                let Some(row) = rows.get(&ClusterKey::new(&job.project_id, &job.cluster_name)) else { continue };
                match self.event(row) {
                    Some(event) => events.push((job, event)),
                    None => unseen += usize::from(matches!(job.state, State::Pending | State::Ready)),
                }
            }
            let (out, in_plan): (Vec<_>, Vec<_>) =
                events.into_iter().partition(|(_, event)| matches!(event, Event::LeftOut { .. }));
            tied += in_plan.iter().filter(|(job, _)| matches!(job.state, State::Pending | State::Ready)).count();
            left += settle(context, out).await?;
            settle(context, in_plan).await?;
        }
        let (digest, made) = (&self.plan.digest, &self.plan.made_at);
        let tied = plural::count(tied as u64, "cluster");
        let unseen = match unseen {
            0 => String::new(),
            1 => ", 1 that it could not see is looked at first".to_owned(),
            unseen => format!(", {unseen} that it could not see are looked at first"),
        };
        notices.info(format!("plan {digest} ({made}): {tied} to be upgraded as it saw them, {left} left out{unseen}"));
        Ok(())
    }

    /// What becomes of a job that has not begun: what is eligible in the plan is upgraded, and only as the plan saw it. What
    /// it could not see is left as it is: the first look decides, as in a run without a plan.
    fn event(&self, row: &Row) -> Option<Event> {
        if row.verdict == Verdict::NotSeen {
            return None;
        }
        if let (Verdict::Eligible, Some(id)) = (row.verdict, &row.cluster_id) {
            let source = Identity { id: id.clone(), connection_string: row.connection_string.clone() };
            return Some(Event::Planned { source, plan: self.plan.digest.clone() });
        }
        let at_target = row.verdict == Verdict::AtTarget;
        let why = match (&row.code, &row.detail) {
            _ if at_target => "nothing was sent: the plan saw the cluster as it should become".to_owned(),
            (Some(code), Some(detail)) => {
                let detail = detail.trim_end_matches('.');
                format!("the plan leaves it out: {code}: {detail}; set it right, then retry it and plan again")
            }
            _ => format!("the plan leaves it out, since it was {}: retry it and plan again", row.verdict.words()),
        };
        Some(Event::LeftOut { why, at_target })
    }
}

/// What a campaign file says otherwise than when the plan was made, where its digest tells that it does.
fn changed(plan: &Plan, config: &Config) -> String {
    let mut changed = Vec::new();
    if plan.campaign != config.campaign {
        changed.push(format!("the campaign was named {}, and is named {}", plan.campaign, config.campaign));
    }
    if plan.operation != config.operation.name {
        changed.push(format!("the operation was {}, and is {}", plan.operation, config.operation.name));
    }
    // The plan does not say what the guard was: of the rest of the digest it is all that is left.
    if changed.is_empty() {
        let now = config.policy.allow_region_change;
        changed.push(format!("[guard] allow_region_change was {}, and is {now}", !now));
    }
    changed.join("; ")
}

fn stale(why: &str) -> AppError {
    AppError::refused(format!("{why}: nothing was started; plan again, and have that approved"))
}
