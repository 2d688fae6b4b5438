//! Holds in words, for whoever is paged.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::app::AppError;
use crate::cli::context::Context;
use crate::domain::hold::{Held, Release, Scope};
use crate::domain::wave::Wave;
use crate::plural;
use crate::store::{Released, Store};

/// A hold, and how many jobs that have not begun wait for its end.
pub(super) struct Waiting {
    pub(super) held: Held,
    /// Not known of an organisation, whose projects only Atlas can tell.
    pub(super) jobs: Option<i64>,
}

/// The holds in force in a campaign, the oldest first.
pub(super) async fn waiting(store: &Store, campaign_id: i64) -> Result<Vec<Waiting>, AppError> {
    let holds = store.holds(campaign_id).await?;
    if holds.is_empty() {
        return Ok(Vec::new());
    }
    let left: HashMap<String, i64> = store.not_begun(campaign_id, Wave::REST).await?.into_iter().collect();
    let jobs = |scope: &Scope| match scope {
        Scope::Project(id) => Some(left.get(id).copied().unwrap_or(0)),
        Scope::Campaign => Some(left.values().sum()),
        Scope::Organisation(_) => None,
    };
    Ok(holds.into_iter().map(|held| Waiting { jobs: jobs(&held.scope), held }).collect())
}

/// Says before a run what a former one has left held.
pub(super) async fn remind(store: &Store, campaign: &str, campaign_id: i64, context: &Context) -> Result<(), AppError> {
    let holds = store.holds(campaign_id).await?;
    let waits = holds.iter().filter(|held| held.release == Release::Operator).count();
    if waits > 0 {
        let release = context.next.command(["release", campaign]);
        let holds = plural::counted(waits as u64, "hold is", "holds are");
        context.warn(&format!("{holds} in force, and what is held waits until: {release}"));
    }
    Ok(())
}

impl Waiting {
    /// What is held, since when, why, what to do, and how many jobs wait.
    pub(super) fn words(&self) -> String {
        let Held { scope, release, fault, since } = &self.held;
        let jobs = match self.jobs {
            None => String::new(),
            Some(jobs) => format!(", {}", plural::counted(jobs, "job waits", "jobs wait")),
        };
        let ends = if *release == Release::Probe { " It ends by itself when a request gets through." } else { "" };
        format!("{scope} since {since}{jobs}: {}: {}{ends}", fault.code, fault.detail)
    }

    /// The same for programs (docs/json.md).
    pub(super) fn object(&self) -> Value {
        let Held { scope, release, fault, since } = &self.held;
        json!({
            "scope": scope.kind(),
            "id": (*scope != Scope::Campaign).then(|| scope.id()),
            "code": fault.code,
            "detail": fault.detail,
            "since": since.to_string(),
            "ends_by": release.name(),
            "jobs": self.jobs,
        })
    }
}

/// A hold that is over: who lifted it, and why.
pub(super) fn released_words(over: &Released) -> String {
    let Released { scope, scope_id, code, started_by, host, reason, .. } = over;
    let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let what = if scope_id.is_empty() { "the campaign".to_owned() } else { format!("{scope} {scope_id}") };
    format!("{what} ({code}) at {} by {started_by} on {host}{reason}", over.at())
}

/// The same for programs.
pub(super) fn released_object(over: &Released) -> Value {
    let Released { scope, scope_id, code, started_by, host, reason, .. } = over;
    json!({
        "scope": scope,
        "id": (!scope_id.is_empty()).then_some(scope_id),
        "code": code,
        "at": over.at().to_string(),
        "by": started_by,
        "host": host,
        "reason": reason,
    })
}
