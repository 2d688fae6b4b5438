//! The body of an upgrade request: what all bodies have in common, and the parts that they are read from.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use crate::simulator::protocol::response::ApiError;
use crate::simulator::world::cluster::UpgradePath;
use crate::simulator::world::upgrade_request::UpgradeRequest;

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// How the body of one path is read.
pub(super) struct BodyFormat {
    /// The fields that it may have, beside those of every body and those that Atlas ignores.
    pub(super) fields: &'static [&'static str],
    /// Reads all but the name and the tags.
    pub(super) read: fn(&Object) -> Result<UpgradeRequest, ApiError>,
}

/// Fields that every body may have.
const COMMON: &[&str] = &["name", "tags", "terminationProtectionEnabled"];

/// Fields that Atlas accepts and ignores.
const READ_ONLY: &[&str] =
    &["connectionStrings", "createDate", "groupId", "id", "links", "mongoDBVersion", "stateName"];

/// Reads a body: the name of the cluster, and what is asked for.
pub(super) fn read(
    format: &BodyFormat,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(String, UpgradeRequest), ApiError> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let is_atlas = media_type.starts_with("application/vnd.atlas.") && media_type.ends_with("+json");
    if media_type != "application/json" && !is_atlas {
        let detail = format!("Content-Type must be application/json; it is {media_type:?}.");
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "UNSUPPORTED_MEDIA_TYPE", detail));
    }
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
        return Err(ApiError::invalid("body", "is not a JSON object"));
    };
    let is_known = |field: &str| [COMMON, READ_ONLY, format.fields].iter().any(|fields| fields.contains(&field));
    if let Some(field) = body.keys().find(|field| !is_known(field)) {
        return Err(ApiError::invalid(field, "is not a known field"));
    }
    let name = text(&body, "name")?;
    if !is_cluster_name(name) {
        return Err(ApiError::invalid("name", "is not a valid cluster name"));
    }
    let requested = (format.read)(&body);
    Ok((name.to_owned(), UpgradeRequest { tags: tags(&body)?, ..requested? }))
}

/// What is asked for, with the fields that every body has.
pub(super) fn upgrade_request(
    path: UpgradePath,
    body: &Object,
    region: &Object,
    provider: String,
    size: String,
    backup: bool,
) -> Result<UpgradeRequest, ApiError> {
    Ok(UpgradeRequest {
        path,
        provider,
        region: text(region, "regionName")?.to_owned(),
        size,
        tags: Value::Null,
        backup,
        termination_protection: flag(body, "terminationProtectionEnabled", false)?,
    })
}

/// The cloud in a field.
pub(super) fn cloud(object: &Object, field: &str) -> Result<String, ApiError> {
    let cloud = text(object, field)?;
    let is_known = ["AWS", "AZURE", "GCP"].contains(&cloud);
    if is_known { Ok(cloud.to_owned()) } else { Err(ApiError::invalid(field, "is none of AWS, AZURE and GCP")) }
}

/// Refuses a size that is less than M10.
pub(super) fn check_dedicated_size(size: &str) -> Result<(), ApiError> {
    let digits: String =
        size.chars().skip_while(|letter| !letter.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    let is_dedicated = digits.parse::<u32>().is_ok_and(|size| size >= 10);
    if is_dedicated { Ok(()) } else { Err(ApiError::invalid("instanceSize", "is not the size of a dedicated cluster")) }
}

/// The object in a field.
pub(super) fn object<'a>(object: &'a Object, field: &str) -> Result<&'a Object, ApiError> {
    let inner = object.get(field).and_then(Value::as_object);
    inner.ok_or_else(|| ApiError::invalid(field, "is missing or not an object"))
}

/// The text in a field.
pub(super) fn text<'a>(object: &'a Object, field: &str) -> Result<&'a str, ApiError> {
    let text = object.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or_else(|| ApiError::invalid(field, "is missing, empty or not a string"))
}

/// The boolean in a field, or this where the field is missing.
pub(super) fn flag(object: &Object, field: &str, default: bool) -> Result<bool, ApiError> {
    match object.get(field) {
        None => Ok(default),
        Some(value) => value.as_bool().ok_or_else(|| ApiError::invalid(field, "is neither true nor false")),
    }
}

fn tags(body: &Object) -> Result<Value, ApiError> {
    let tags = body.get("tags").cloned().unwrap_or_else(|| json!([]));
    let is_valid =
        |tag: &Value, field| tag[field].as_str().is_some_and(|text| (1..=255).contains(&text.chars().count()));
    match tags.as_array() {
        Some(list) if list.iter().all(|tag| is_valid(tag, "key") && is_valid(tag, "value")) => Ok(tags),
        _ => Err(ApiError::invalid("tags", "is not a list of keys and values of 1 to 255 characters")),
    }
}

fn is_cluster_name(name: &str) -> bool {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    name.len() <= 64 && name.chars().all(is_allowed) && name.starts_with(|first: char| first.is_ascii_alphanumeric())
}
