//! Holds in words, for whoever is paged.

use serde_json::{Value, json};

use crate::app::AppError;
use crate::app::holds::HeldScope;
use crate::cli::context::Context;
use crate::domain::hold::{Held, Release, Scope};
use crate::plural;
use crate::store::{Released, Store};

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

/// What is held, since when, why, what to do, and how many jobs wait.
pub(super) fn words(hold: &HeldScope) -> String {
    let Held { scope, release, fault, since } = &hold.held;
    let jobs = match hold.jobs {
        None => String::new(),
        Some(jobs) => format!(", {}", plural::counted(jobs, "job waits", "jobs wait")),
    };
    let ends = if *release == Release::Probe { " It ends by itself when a request gets through." } else { "" };
    format!("{scope} since {since}{jobs}: {}: {}{ends}", fault.code, fault.detail)
}

/// The same for programs (docs/json.md).
pub(super) fn object(hold: &HeldScope) -> Value {
    let Held { scope, release, fault, since } = &hold.held;
    json!({
        "scope": scope.kind(),
        "id": (*scope != Scope::Campaign).then(|| scope.id()),
        "code": fault.code,
        "detail": fault.detail,
        "since": since.to_string(),
        "ends_by": release.name(),
        "jobs": hold.jobs,
    })
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
