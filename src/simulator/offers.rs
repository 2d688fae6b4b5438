//! What is offered where, and how fast it may be asked for.

use serde_json::{Value, json};

use super::answer::Answer;
use super::desk::{State, Visit};
use super::limits::Set;
use super::reads::Page;
use super::settings::{Bucket, Buckets};
use super::versions::success;

/// The regions of free and flex clusters (MongoDB's documentation, 2026; of Azure, the best known). The dedicated ones
/// of this simulation are the same.
const REGIONS: [(&str, &[&str]); 3] = [
    (
        "AWS",
        &[
            "US_EAST_1",
            "US_WEST_2",
            "SA_EAST_1",
            "AP_SOUTHEAST_1",
            "AP_SOUTHEAST_2",
            "AP_SOUTH_1",
            "AP_EAST_1",
            "AP_NORTHEAST_1",
            "AP_NORTHEAST_2",
            "EU_WEST_1",
            "EU_CENTRAL_1",
            "EU_NORTH_1",
            "EU_WEST_3",
            "ME_SOUTH_1",
            "AF_SOUTH_1",
        ],
    ),
    (
        "GCP",
        &[
            "CENTRAL_US",
            "SOUTH_AMERICA_EAST_1",
            "EASTERN_ASIA_PACIFIC",
            "NORTHEASTERN_ASIA_PACIFIC",
            "ASIA_NORTHEAST_3",
            "SOUTHEASTERN_ASIA_PACIFIC",
            "ASIA_SOUTH_1",
            "ASIA_SOUTHEAST_2",
            "WESTERN_EUROPE",
        ],
    ),
    ("AZURE", &["US_EAST_2", "US_WEST", "CANADA_CENTRAL", "EUROPE_NORTH", "EUROPE_WEST", "ASIA_EAST", "INDIA_CENTRAL"]),
];

const SIZES: [&str; 9] = ["M0", "FLEX", "M10", "M20", "M30", "M40", "M50", "M60", "M80"];

/// The regions of the providers and the size that the query names; of all, where it names none.
pub(super) fn regions(state: &mut State, visit: &Visit, version: &str) -> Answer {
    let query = visit.parts.uri.query().unwrap_or_default();
    let named = |key: &str| -> Vec<String> {
        let pairs = form_urlencoded::parse(query.as_bytes());
        pairs.filter(|(name, _)| name == key).map(|(_, value)| value.into_owned()).collect()
    };
    let (providers, tiers) = (named("providers"), named("tier"));
    let wanted = |names: &[String], name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    let rows = REGIONS.iter().filter(|(provider, _)| wanted(&providers, provider)).map(|(provider, regions)| {
        let regions: Vec<Value> = regions.iter().map(|name| json!({"default": false, "name": name})).collect();
        let sizes = SIZES.iter().filter(|size| wanted(&tiers, size));
        let sizes: Vec<Value> = sizes.map(|size| json!({"name": size, "availableRegions": regions})).collect();
        json!({"provider": provider, "instanceSizes": sizes})
    });
    paged(state, visit, version, rows.collect())
}

/// The token buckets of the project that the query names.
pub(super) fn rate_limits(state: &mut State, visit: &Visit, version: &str) -> Answer {
    let clusters = [
        "GET clusters",
        "GET clusters/{clusterName}",
        "POST clusters/tenantUpgrade",
        "POST clusters/tenantUpgradeToServerless",
    ];
    let flex = ["GET flexClusters", "GET flexClusters/{name}", "POST flexClusters:tenantUpgrade"];
    let serverless = ["GET serverless", "GET serverless/{name}"];
    let bucket = state.limits.bucket(Set::Clusters);
    let rows = match state.limits.buckets {
        Buckets::BySet => vec![
            set("clusters_group", bucket, &clusters),
            set("flexClusters_group", state.limits.bucket(Set::Flex), &flex),
        ],
        Buckets::ByProject => vec![set("everything_group", bucket, &[&clusters[..], &flex, &serverless].concat())],
        Buckets::BySetUnlisted | Buckets::ByProjectUnlisted => Vec::new(),
    };
    paged(state, visit, version, rows)
}

fn set(id: &str, bucket: Bucket, endpoints: &[&str]) -> Value {
    let endpoint = |words: &&str| {
        let (method, path) = words.split_once(' ').unwrap_or_default();
        json!({"method": method, "path": format!("/api/atlas/v2/groups/{{groupId}}/{path}")})
    };
    json!({
        "endpointSetId": id,
        "endpointSetName": id,
        "scope": "GROUP",
        "capacity": {"value": bucket.capacity},
        "refillRate": {"value": bucket.refill},
        "refillDurationSeconds": {"value": bucket.per.as_secs()},
        "endpoints": endpoints.iter().map(endpoint).collect::<Vec<_>>(),
    })
}

/// A page of these rows, if the query asks for one in its right form.
pub(super) fn paged(state: &mut State, visit: &Visit, version: &str, rows: Vec<Value>) -> Answer {
    match Page::read(visit) {
        Ok(page) => success(visit.resource, version, &page.cut(rows)),
        Err(refusal) => {
            state.tally.broken(refusal.detail());
            refusal.into()
        }
    }
}
