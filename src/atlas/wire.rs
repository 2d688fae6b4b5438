//! Clusters as Atlas's APIs write them, read leniently into [`Seen`].
//!
//! The shapes: clusters of version 2024-08-05 (`replicationSpecs`), clusters of 2023-01-01, flex clusters and
//! serverless instances (`providerSettings`). Real bodies hold fields that no document names, so what is not
//! asked for is passed over, and what cannot be read is no cluster: it never becomes a guess.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::domain::event::{Configuration, Seen};

/// The clusters of one page of a list, and how many rows it had, readable or not.
pub(super) struct Rows {
    pub(super) clusters: Vec<Seen>,
    pub(super) count: usize,
}

/// Reads the answer to a single read of the API below `segment`.
pub(super) fn cluster(segment: &str, body: &[u8]) -> Option<Seen> {
    serde_json::from_slice::<Cluster<'_>>(body).ok()?.seen(segment)
}

/// Reads one page of the list of the API below `segment`.
pub(super) fn rows(segment: &str, body: &[u8]) -> Option<Rows> {
    let page: List<'_> = serde_json::from_slice(body).ok()?;
    let count = page.results.len();
    let clusters = page.results.into_iter().filter_map(|row| cluster(segment, row.get().as_bytes()));
    Some(Rows { clusters: clusters.collect(), count })
}

/// Each row is read by itself: one strange row must not hide the other 499.
#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cluster<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    state_name: Cow<'a, str>,
    paused: Option<bool>,
    #[serde(rename = "mongoDBVersion", default, deserialize_with = "lenient")]
    mongodb_version: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    tags: Option<Vec<Tag>>,
    #[serde(default, deserialize_with = "lenient")]
    termination_protection_enabled: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    backup_enabled: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    serverless_backup_options: Option<ServerlessBackup>,
    connection_strings: Option<ConnectionStrings>,
    provider_settings: Option<ProviderSettings>,
    replication_specs: Option<Vec<ReplicationSpec>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConnectionStrings {
    standard_srv: Option<String>,
    standard: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "so Atlas names them")]
struct ProviderSettings {
    provider_name: Option<String>,
    instance_size_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    backing_provider_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    region_name: Option<String>,
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerlessBackup {
    serverless_continuous_backup_enabled: Option<bool>,
}

/// What is no use for any decision must not make a cluster unreadable: of another type, it counts as not said.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// In version 2023-01-01 a replication spec has no `regionConfigs`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReplicationSpec {
    region_configs: Option<Vec<RegionConfig>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegionConfig {
    provider_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    backing_provider_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    region_name: Option<String>,
    electable_specs: Option<Specs>,
    #[serde(default, deserialize_with = "lenient")]
    effective_electable_specs: Option<Specs>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Specs {
    instance_size: Option<String>,
}

impl Cluster<'_> {
    fn seen(self, segment: &str) -> Option<Seen> {
        if self.id.is_empty() || self.name.is_empty() || self.state_name.is_empty() {
            return None;
        }
        let told = hardware(self.replication_specs, self.provider_settings);
        let (provider, size) = match segment {
            // These two APIs know one kind; in 2026 a "serverless" instance calls itself flex within.
            "serverless" => ("SERVERLESS".to_owned(), String::new()),
            "flexClusters" => ("FLEX".to_owned(), String::new()),
            _ => (told.provider.filter(|provider| !provider.is_empty())?, told.size),
        };
        // A dedicated cluster's provider is its cloud.
        let cloud = told.cloud.or_else(|| CLOUDS.contains(&&*provider).then(|| provider.clone()));
        let serverless_backup = self.serverless_backup_options.and_then(|it| it.serverless_continuous_backup_enabled);
        let configuration = Configuration {
            effective_size: told.effective_size.filter(|effective| !effective.is_empty() && *effective != size),
            cloud,
            region: told.region.filter(|region| !region.is_empty()),
            mongodb_version: self.mongodb_version,
            tags: self.tags.map(|tags| tags.into_iter().map(|Tag { key, value }| (key, value)).collect()),
            backup: serverless_backup.or(self.backup_enabled),
            termination_protection: self.termination_protection_enabled,
        };
        let strings = self.connection_strings.map(|strings| [strings.standard_srv, strings.standard]);
        Some(Seen {
            id: self.id.into_owned(),
            name: self.name.into_owned(),
            state: self.state_name.into_owned(),
            paused: self.paused.unwrap_or(false),
            provider,
            size,
            configuration: configuration.into(),
            connection_string: strings.into_iter().flatten().flatten().find(|string| !string.is_empty()),
        })
    }
}

const CLOUDS: [&str; 3] = ["AWS", "AZURE", "GCP"];

/// What a cluster runs on, and where.
#[derive(Default)]
struct Hardware {
    provider: Option<String>,
    /// As it was asked for.
    size: String,
    effective_size: Option<String>,
    cloud: Option<String>,
    region: Option<String>,
}

/// Where several regions are named, the first with electable nodes has the highest priority.
fn hardware(specs: Option<Vec<ReplicationSpec>>, settings: Option<ProviderSettings>) -> Hardware {
    let mut regions = specs.into_iter().flatten().filter_map(|spec| spec.region_configs).flatten();
    let new = regions.find_map(|region| {
        Some(Hardware {
            provider: Some(region.provider_name?),
            size: region.electable_specs?.instance_size?,
            effective_size: region.effective_electable_specs.and_then(|specs| specs.instance_size),
            cloud: region.backing_provider_name,
            region: region.region_name,
        })
    });
    let old = |settings: ProviderSettings| Hardware {
        provider: settings.provider_name,
        size: settings.instance_size_name.unwrap_or_default(),
        effective_size: None,
        cloud: settings.backing_provider_name,
        region: settings.region_name,
    };
    new.or_else(|| settings.map(old)).unwrap_or_default()
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
