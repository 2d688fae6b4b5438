//! What the body of an upgrade request wishes for, and whether it is well formed.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::cluster::Way;
use super::versions::Upgrade;

/// What an upgrade request asks for, beyond the name.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) way: Way,
    pub(super) provider: String,
    pub(super) region: String,
    /// Of a dedicated cluster.
    pub(super) size: String,
    pub(super) tags: Value,
    pub(super) backup: bool,
    pub(super) termination_protection: bool,
}

type Object = Map<String, Value>;

/// Reads a request for an upgrade: the name, and what is wished for.
pub(super) fn read(upgrade: Upgrade, headers: &HeaderMap, body: &[u8]) -> Result<(String, Wanted), Refusal> {
    let sent = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let sent = sent.split(';').next().unwrap_or_default().trim();
    if sent != "application/json" && !(sent.starts_with("application/vnd.atlas.") && sent.ends_with("+json")) {
        let detail = format!("Content-Type must be application/json; it is {sent:?}.");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "UNSUPPORTED_MEDIA_TYPE", detail));
    }
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
        return Err(Refusal::invalid("body", "is not a JSON object"));
    };
    let known = |field: &str| READ_ONLY.contains(&field) || fields(upgrade).contains(&field);
    if let Some(field) = body.keys().find(|field| !known(field)) {
        return Err(Refusal::invalid(field, "is not a known field"));
    }
    let name = text(&body, "name")?;
    if !well_named(name) {
        return Err(Refusal::invalid("name", "is no name of a cluster"));
    }
    let wanted = match upgrade {
        Upgrade::ToServerless => serverless(&body),
        Upgrade::OfTenant => tenant(&body),
        Upgrade::OfFlex => flex(&body),
    };
    Ok((name.to_owned(), Wanted { tags: tags(&body)?, ..wanted? }))
}

/// Atlas takes them and pays no heed.
const READ_ONLY: &[&str] =
    &["connectionStrings", "createDate", "groupId", "id", "links", "mongoDBVersion", "stateName"];

fn fields(upgrade: Upgrade) -> &'static [&'static str] {
    match upgrade {
        Upgrade::ToServerless => {
            &["name", "providerSettings", "serverlessBackupOptions", "tags", "terminationProtectionEnabled"]
        }
        Upgrade::OfTenant => {
            // MongoDB's own client sends `autoScaling`.
            &[
                "name",
                "providerSettings",
                "providerBackupEnabled",
                "autoScaling",
                "tags",
                "terminationProtectionEnabled",
            ]
        }
        Upgrade::OfFlex => {
            &["name", "clusterType", "replicationSpecs", "backupEnabled", "tags", "terminationProtectionEnabled"]
        }
    }
}

fn serverless(body: &Object) -> Result<Wanted, Refusal> {
    let settings = object(body, "providerSettings")?;
    if settings.get("providerName").is_some_and(|name| name != "SERVERLESS") {
        return Err(Refusal::invalid("providerName", "is not SERVERLESS"));
    }
    let backup = match body.get("serverlessBackupOptions") {
        None => true,
        Some(_) => flag(object(body, "serverlessBackupOptions")?, "serverlessContinuousBackupEnabled", true)?,
    };
    let provider = cloud(settings, "backingProviderName")?;
    wanted(Way::SharedToServerless, body, settings, provider, String::new(), backup)
}

fn tenant(body: &Object) -> Result<Wanted, Refusal> {
    let settings = object(body, "providerSettings")?;
    let size = text(settings, "instanceSizeName")?.to_owned();
    let backup = flag(body, "providerBackupEnabled", false)?;
    if text(settings, "providerName")? == "FLEX" {
        if size != "FLEX" {
            return Err(Refusal::invalid("instanceSizeName", "is not FLEX"));
        }
        let provider = cloud(settings, "backingProviderName")?;
        return wanted(Way::SharedToFlex, body, settings, provider, String::new(), backup);
    }
    let provider = cloud(settings, "providerName")?;
    dedicated(&size)?;
    wanted(Way::SharedToDedicated, body, settings, provider, size, backup)
}

fn flex(body: &Object) -> Result<Wanted, Refusal> {
    if text(body, "clusterType")? != "REPLICASET" {
        return Err(Refusal::invalid("clusterType", "is not REPLICASET"));
    }
    let region = &body.get("replicationSpecs").unwrap_or(&Value::Null)[0]["regionConfigs"][0];
    let Value::Object(region) = region else {
        return Err(Refusal::invalid("replicationSpecs", "name no region"));
    };
    let specs = object(region, "electableSpecs")?;
    if specs.get("nodeCount") != Some(&json!(3)) || region.get("priority") != Some(&json!(7)) {
        return Err(Refusal::invalid("replicationSpecs", "are not three nodes of priority 7"));
    }
    let size = text(specs, "instanceSize")?.to_owned();
    dedicated(&size)?;
    let backup = flag(body, "backupEnabled", false)?;
    wanted(Way::FlexToDedicated, body, region, cloud(region, "providerName")?, size, backup)
}

fn wanted(
    way: Way,
    body: &Object,
    place: &Object,
    provider: String,
    size: String,
    backup: bool,
) -> Result<Wanted, Refusal> {
    Ok(Wanted {
        way,
        provider,
        region: text(place, "regionName")?.to_owned(),
        size,
        tags: Value::Null,
        backup,
        termination_protection: flag(body, "terminationProtectionEnabled", false)?,
    })
}

fn cloud(object: &Object, field: &str) -> Result<String, Refusal> {
    let cloud = text(object, field)?;
    let known = ["AWS", "AZURE", "GCP"].contains(&cloud);
    if known { Ok(cloud.to_owned()) } else { Err(Refusal::invalid(field, "is none of AWS, AZURE and GCP")) }
}

/// Whether it is M10 or more.
fn dedicated(size: &str) -> Result<(), Refusal> {
    let digits: String =
        size.chars().skip_while(|letter| !letter.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    let large = digits.parse::<u32>().is_ok_and(|size| size >= 10);
    if large { Ok(()) } else { Err(Refusal::invalid("instanceSize", "is no size of a dedicated cluster")) }
}

fn well_named(name: &str) -> bool {
    let sane = |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '_';
    name.len() <= 64 && name.chars().all(sane) && name.starts_with(|first: char| first.is_ascii_alphanumeric())
}

fn object<'a>(object: &'a Object, field: &str) -> Result<&'a Object, Refusal> {
    let inner = object.get(field).and_then(Value::as_object);
    inner.ok_or_else(|| Refusal::invalid(field, "is missing or no object"))
}

fn text<'a>(object: &'a Object, field: &str) -> Result<&'a str, Refusal> {
    let text = object.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or_else(|| Refusal::invalid(field, "is missing, empty or no text"))
}

fn flag(object: &Object, field: &str, otherwise: bool) -> Result<bool, Refusal> {
    match object.get(field) {
        None => Ok(otherwise),
        Some(value) => value.as_bool().ok_or_else(|| Refusal::invalid(field, "is neither true nor false")),
    }
}

fn tags(body: &Object) -> Result<Value, Refusal> {
    let tags = body.get("tags").cloned().unwrap_or_else(|| json!([]));
    let sane = |tag: &Value, field| tag[field].as_str().is_some_and(|text| (1..=255).contains(&text.chars().count()));
    match tags.as_array() {
        Some(list) if list.iter().all(|tag| sane(tag, "key") && sane(tag, "value")) => Ok(tags),
        _ => Err(Refusal::invalid("tags", "is no list of keys and values of 1 to 255 characters")),
    }
}
