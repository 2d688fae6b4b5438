//! The upgrade request: is it well formed, may it happen, and does it.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::desk::{State, Visit};
use super::reads;
use super::shapes;
use super::versions::{Resource, success};
use super::world::{Shown, Wanted};
use crate::clock::Millis;

const FIELDS: &[&str] = &[
    "name",
    "providerSettings",
    "serverlessBackupOptions",
    "tags",
    "terminationProtectionEnabled",
    // Read only: Atlas takes them and pays no heed.
    "connectionStrings",
    "createDate",
    "groupId",
    "id",
    "links",
    "mongoDBVersion",
    "stateName",
];

/// Answers an upgrade request, and lets it take effect if it may.
pub(super) fn ask(state: &mut State, visit: &Visit, version: &str, now: Millis) -> Answer {
    let (name, wanted) = match read(&visit.parts.headers, &visit.body) {
        Ok(read) => read,
        Err(refusal) => {
            state.tally.broken(refusal.detail());
            return refusal.into();
        }
    };
    match begin(state, visit, &name, wanted, now) {
        Ok(body) => success(visit.resource, version, &body),
        Err(refusal) => refusal.into(),
    }
}

fn begin(state: &mut State, visit: &Visit, name: &str, wanted: Wanted, now: Millis) -> Result<Value, Refusal> {
    let (dice, faults) = (state.world.dice, &state.faults);
    let entry = state.world.entry(&visit.group, name).ok_or_else(|| reads::unknown(visit, name))?;
    let conflict = |code, detail: &str| Refusal::new(StatusCode::CONFLICT, code, detail).with([json!(name)]);
    match entry.shown(now) {
        Shown::Nothing => return Err(reads::unknown(visit, name)),
        Shown::Shared { paused: true, .. } => {
            return Err(conflict("CANNOT_UPDATE_PAUSED_CLUSTER", "The cluster is paused; resume it first."));
        }
        Shown::Shared { idle: false, .. } => {
            return Err(conflict("SIMULATED_UPGRADE_ALREADY_RUNNING", "The cluster is being upgraded already."));
        }
        Shown::Dedicated => return Err(refused(name, "Only a shared cluster can become a serverless instance.")),
        shown @ (Shown::Serverless { .. } | Shown::Flex) => {
            return Err(reads::elsewhere(Resource::Clusters, shown, name));
        }
        Shown::Shared { .. } => {}
    }
    if dice.happens(faults.refuse, &["refuse", &visit.group, name], 0) {
        return Err(refused(name, "This cluster cannot be upgraded."));
    }
    entry.begin(wanted, now, dice, faults);
    Ok(shapes::accepted(entry, dice))
}

fn refused(name: &str, why: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "TENANT_CLUSTER_UPDATE_UNSUPPORTED", why).with([json!(name)])
}

/// The name in a body that need not be well formed, for the books.
pub(super) fn name(body: &[u8]) -> Option<String> {
    let body = serde_json::from_slice::<Value>(body).ok()?;
    Some(body.get("name")?.as_str()?.to_owned())
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<(String, Wanted), Refusal> {
    let sent = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let sent = sent.split(';').next().unwrap_or_default().trim();
    if sent != "application/json" && !(sent.starts_with("application/vnd.atlas.") && sent.ends_with("+json")) {
        let detail = format!("Content-Type must be application/json; it is {sent:?}.");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "UNSUPPORTED_MEDIA_TYPE", detail));
    }
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
        return Err(Refusal::invalid("body", "is not a JSON object"));
    };
    if let Some(field) = body.keys().find(|field| !FIELDS.contains(&field.as_str())) {
        return Err(Refusal::invalid(field, "is not a known field"));
    }
    let name = text(&body, "name")?;
    if !well_named(name) {
        return Err(Refusal::invalid("name", "is no name of a cluster"));
    }
    Ok((name.to_owned(), wanted(&body)?))
}

fn wanted(body: &Map<String, Value>) -> Result<Wanted, Refusal> {
    let Some(Value::Object(provider)) = body.get("providerSettings") else {
        return Err(Refusal::invalid("providerSettings", "is missing or no object"));
    };
    let backing = text(provider, "backingProviderName")?;
    if !["AWS", "AZURE", "GCP"].contains(&backing) {
        return Err(Refusal::invalid("backingProviderName", "is none of AWS, AZURE and GCP"));
    }
    if provider.get("providerName").is_some_and(|name| name != "SERVERLESS") {
        return Err(Refusal::invalid("providerName", "is not SERVERLESS"));
    }
    let continuous_backup = match body.get("serverlessBackupOptions") {
        None => true,
        Some(Value::Object(options)) => flag(options, "serverlessContinuousBackupEnabled", true)?,
        Some(_) => return Err(Refusal::invalid("serverlessBackupOptions", "is no object")),
    };
    Ok(Wanted {
        provider: backing.to_owned(),
        region: text(provider, "regionName")?.to_owned(),
        tags: tags(body)?,
        continuous_backup,
        termination_protection: flag(body, "terminationProtectionEnabled", false)?,
    })
}

fn well_named(name: &str) -> bool {
    let sane = |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '_';
    name.len() <= 64 && name.chars().all(sane) && name.starts_with(|first: char| first.is_ascii_alphanumeric())
}

fn text<'a>(object: &'a Map<String, Value>, field: &str) -> Result<&'a str, Refusal> {
    let text = object.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or_else(|| Refusal::invalid(field, "is missing, empty or no text"))
}

fn flag(object: &Map<String, Value>, field: &str, otherwise: bool) -> Result<bool, Refusal> {
    match object.get(field) {
        None => Ok(otherwise),
        Some(value) => value.as_bool().ok_or_else(|| Refusal::invalid(field, "is neither true nor false")),
    }
}

fn tags(body: &Map<String, Value>) -> Result<Value, Refusal> {
    let tags = body.get("tags").cloned().unwrap_or_else(|| json!([]));
    let sane = |tag: &Value, field| tag[field].as_str().is_some_and(|text| (1..=255).contains(&text.chars().count()));
    match tags.as_array() {
        Some(list) if list.iter().all(|tag| sane(tag, "key") && sane(tag, "value")) => Ok(tags),
        _ => Err(Refusal::invalid("tags", "is no list of keys and values of 1 to 255 characters")),
    }
}
