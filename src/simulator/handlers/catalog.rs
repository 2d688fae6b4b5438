//! What is offered where, and the rate limits.

use serde_json::{Value, json};

use crate::domain::bucket::Bucket;
use crate::simulator::handlers::route::Route;
use crate::simulator::protocol::pages::page;
use crate::simulator::protocol::request::ApiRequest;
use crate::simulator::protocol::resource::{RateLimitSet, Resource};
use crate::simulator::protocol::response::ApiResponse;
use crate::simulator::protocol::token_buckets::BucketSharing;
use crate::simulator::state::SimulatorState;

pub(crate) static ROUTES: [Route; 2] = [
    Route {
        path: "groups/{group}/clusters/provider/regions",
        resource: Resource {
            label: "Regions",
            versions: &["2023-01-01"],
            rate_limit_set: RateLimitSet::Clusters,
            is_of_a_project: true,
            is_upgrade: false,
        },
        respond: |state, request, version, _| regions(state, request, version),
    },
    Route {
        path: "rateLimits",
        resource: Resource {
            label: "RateLimits",
            versions: &["2025-03-12"],
            rate_limit_set: RateLimitSet::RateLimits,
            is_of_a_project: false,
            is_upgrade: false,
        },
        respond: |state, request, version, _| rate_limits(state, request, version),
    },
];

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
fn regions(state: &mut SimulatorState, request: &ApiRequest, version: &str) -> ApiResponse {
    let named = |key: &str| -> Vec<String> {
        let pairs = form_urlencoded::parse(request.query().as_bytes());
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
    page(rows.collect(), request, version, &mut state.tally)
}

/// The token buckets of the project that the query names.
fn rate_limits(state: &mut SimulatorState, request: &ApiRequest, version: &str) -> ApiResponse {
    let clusters = [
        "GET clusters",
        "GET clusters/{clusterName}",
        "POST clusters/tenantUpgrade",
        "POST clusters/tenantUpgradeToServerless",
    ];
    let flex = ["GET flexClusters", "GET flexClusters/{name}", "POST flexClusters:tenantUpgrade"];
    let serverless = ["GET serverless", "GET serverless/{name}"];
    let bucket = state.token_buckets.bucket(RateLimitSet::Clusters);
    let rows = match state.token_buckets.sharing {
        BucketSharing::BySet => vec![
            listed_set("clusters_group", bucket, &clusters),
            listed_set("flexClusters_group", state.token_buckets.bucket(RateLimitSet::Flex), &flex),
        ],
        BucketSharing::ByProject => {
            vec![listed_set("everything_group", bucket, &[&clusters[..], &flex, &serverless].concat())]
        }
        BucketSharing::BySetUnlisted | BucketSharing::ByProjectUnlisted => Vec::new(),
    };
    page(rows, request, version, &mut state.tally)
}

fn listed_set(id: &str, bucket: Bucket, endpoints: &[&str]) -> Value {
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
