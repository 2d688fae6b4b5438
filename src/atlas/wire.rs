//! Clusters as Atlas's APIs write them, read leniently into [`Seen`].
//!
//! The shapes: clusters of version 2024-08-05 (`replicationSpecs`), clusters of 2023-01-01, flex clusters and
//! serverless instances (`providerSettings`). Real bodies hold fields that no document names, so what is not
//! asked for is passed over, and what cannot be read is no cluster: it never becomes a guess.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::event::Seen;

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
struct ProviderSettings {
    provider_name: Option<String>,
    instance_size_name: Option<String>,
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
    electable_specs: Option<Specs>,
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
        let (provider, size) = match segment {
            // These two APIs know one kind; in 2026 a "serverless" instance calls itself flex within.
            "serverless" => ("SERVERLESS".to_owned(), String::new()),
            "flexClusters" => ("FLEX".to_owned(), String::new()),
            _ => tier(self.replication_specs, self.provider_settings)?,
        };
        let strings = self.connection_strings.map(|strings| [strings.standard_srv, strings.standard]);
        Some(Seen {
            id: self.id.into_owned(),
            name: self.name.into_owned(),
            state: self.state_name.into_owned(),
            paused: self.paused.unwrap_or(false),
            provider,
            size,
            connection_string: strings.into_iter().flatten().flatten().find(|string| !string.is_empty()),
        })
    }
}

/// Provider and size. Where several regions are named, the first with electable nodes has the highest priority.
fn tier(specs: Option<Vec<ReplicationSpec>>, settings: Option<ProviderSettings>) -> Option<(String, String)> {
    let regions = specs.into_iter().flatten().filter_map(|spec| spec.region_configs).flatten();
    let new = regions.filter_map(|region| Some((region.provider_name?, region.electable_specs?.instance_size?)));
    let old = || {
        let settings = settings?;
        Some((settings.provider_name?, settings.instance_size_name.unwrap_or_default()))
    };
    new.into_iter().next().or_else(old).filter(|(provider, _)| !provider.is_empty())
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
