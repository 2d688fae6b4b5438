//! What an answer of Atlas means: a total function of status and body.
//!
//! A wrong *refused* ends a job that may run, a wrong *not now* sends a request twice; so what is not known for
//! certain is [`Answer::Unknown`], and a look at the cluster decides.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::atlas::document::{error_code, fault, oauth_code, object};
use crate::domain::code::Fault;
use crate::domain::event::Answer;
use crate::domain::hold::{Hold, Reach, Release};
use crate::redaction::Redactor;

/// Sorts the answer to an upgrade request; the first rule that fits counts. By status alone: 429, 406, 410. Then
/// a body that is no JSON object is unknown, whatever the status. Then status and `errorCode` together, for
/// `UNEXPECTED_ERROR` comes with 401, 404 and 500.
///
/// `redactor` takes secrets from the words that are for people, and from nothing else.
pub fn classify(status: u16, body: &[u8], retry_after: Option<Duration>, redactor: &Redactor) -> Answer {
    let fault = || fault(status, body, redactor);
    match status {
        429 => return Answer::Throttled { retry_after },
        406 => return Answer::Refused(fault()),
        410 => return Answer::Gone(fault()),
        _ => {}
    }
    let Some(document) = object(body) else { return Answer::Unknown(fault()) };
    if (200..300).contains(&status) {
        return Answer::Accepted { id: id(&document) };
    }
    let Some(code) = known_code(status, &document) else { return Answer::Unknown(fault()) };
    let fault = fault();
    if let Some((reach, release)) = concerns_scope(status, code) {
        return Answer::ScopeHeld(Hold { reach, release, fault });
    }
    match status {
        408 | 425 => Answer::Unknown(fault),
        400..500 => by_code(status, code)(fault),
        _ => Answer::Unknown(fault),
    }
}

/// Whether a 401 says that the role is missing: no fresh token or nonce cures that.
pub(super) fn is_missing_role(body: &[u8]) -> bool {
    let document = object(body).unwrap_or_default();
    error_code(&document).is_some_and(is_role)
}

/// The code by which an answer is sorted. The OAuth shape counts only where authorization is the matter.
fn known_code(status: u16, document: &Map<String, Value>) -> Option<&str> {
    let oauth = || oauth_code(document).filter(|_| matches!(status, 401 | 403));
    error_code(document).or_else(oauth)
}

fn by_code(status: u16, code: &str) -> fn(Fault) -> Answer {
    match (status, code) {
        // The cluster is elsewhere, or its name is taken: perhaps by an upgrade of ours.
        (_, "CLUSTER_NOT_FOUND" | "SERVERLESS_INSTANCE_NOT_FOUND" | "DEFAULT_CONFIG_LIMIT_EXCEPTION") => {
            Answer::Unknown
        }
        (_, "DUPLICATE_CLUSTER_NAME" | "DUPLICATE_CLUSTER_NAME_PREFIX") => Answer::Unknown,
        (_, code) if is_elsewhere(code) => Answer::Unknown,
        (400 | 409, code) if is_for_later(code) => Answer::NotNow,
        (405, "WRITES_NOT_ALLOWED_DURING_APP_UPGRADES") => Answer::NotNow,
        // No documented 409 says "a change is under way", so one that is not listed may say just that.
        (409, code) if !is_permanent_conflict(code) => Answer::Unknown,
        _ => Answer::Refused,
    }
}

/// Whether the code says that the cluster belongs to another tier's API: a signal of state, and no failure.
pub(super) fn is_elsewhere(code: &str) -> bool {
    code.starts_with("CANNOT_USE_") && code.ends_with("_API")
}

fn is_for_later(code: &str) -> bool {
    matches!(
        code,
        "OUT_OF_CAPACITY"
            | "NO_CAPACITY"
            | "ATLAS_CLUSTER_RESTORE_IN_PROGRESS"
            | "CLUSTER_RESTORE_IN_PROGRESS_CANNOT_UPDATE"
            | "TENANT_RESTORE_DESTINATION_UNAVAILABLE"
            | "CLUSTER_RESTART_IN_PROGRESS"
            | "CANNOT_PAUSE_CLUSTER_WITH_PENDING_CHANGES"
            | "CLUSTER_HOSTNAMES_UNAVAILABLE"
    )
}

/// How far an answer reaches that concerns more than one cluster, and what ends it: payment, a billing limit, an access
/// list, a missing role.
///
/// Payment is held by project, although it is the organisation that pays: that another project cannot be paid for
/// either is shown by its own first request, which costs nothing. A key and its access list belong to one organisation,
/// and so does the billing limit (Atlas's documents on API authentication and on limits).
fn concerns_scope(status: u16, code: &str) -> Option<(Reach, Release)> {
    let reach = match (status, code) {
        (402, _) | (404, "GROUP_NOT_FOUND") => Reach::Project,
        (401 | 403, code) if is_role(code) => Reach::Project,
        (403, "HOURLY_BILLING_LIMIT_EXCEEDED") => return Some((Reach::Organisation, Release::Probe)),
        (403, code) if is_access_list(code) => Reach::Organisation,
        (403, "access_denied") => Reach::Campaign,
        // The key does not open this project, or none any more.
        (401, _) => Reach::Organisation,
        _ => return None,
    };
    Some((reach, Release::Operator))
}

fn is_role(code: &str) -> bool {
    matches!(code, "ACCESS_FORBIDDEN" | "USER_UNAUTHORIZED" | "NOT_IN_GROUP" | "USER_CANNOT_ACCESS_GROUP")
}

fn is_access_list(code: &str) -> bool {
    code == "IP_ADDRESS_NOT_ON_ACCESS_LIST"
        || ["_REQUIRES_ACCESS_LIST", "_REQUIRES_WHITELIST"]
            .iter()
            .any(|end| matches!(code.strip_suffix(end), Some("ORG" | "RESOURCE")))
}

fn is_permanent_conflict(code: &str) -> bool {
    matches!(
        code,
        "REGION_UNAVAILABLE"
            | "CANNOT_MODIFY_CLUSTER_WITH_RUNNING_LIVE_IMPORT"
            | "CANNOT_UPDATE_PAUSED_CLUSTER"
            | "CLUSTER_VERSION_INCOMPATIBLE_WITH_EXISTING_CUSTOM_ROLES"
            | "CUSTOM_ROLE_ACTIONS_INVALID_FOR_EXISTING_CLUSTERS"
            | "CLUSTER_INCOMPATIBLE_WITH_EXISTING_PRIVATELINK"
            | "PRIVATELINK_INCOMPATIBLE_TOO_MANY_NODES"
    )
}

/// The id of the cluster that Atlas says it upgrades: at this moment still the old one (recorded August 2026).
fn id(document: &Map<String, Value>) -> Option<String> {
    let id = document.get("id")?.as_str()?;
    (id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| id.to_owned())
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
