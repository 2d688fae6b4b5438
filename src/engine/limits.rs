//! The token buckets that Atlas states, of the endpoints that an operation calls.

use std::time::Duration;

use crate::atlas::{Client, EndpointSet};
use crate::domain::bucket::Bucket;
use crate::domain::operation::Operation;
use crate::pacing::EndpointSegment;

/// Reads what is stated for a project: the buckets are the same for all, but where MongoDB has made an exception, which
/// the headers of that project's answers show. Nothing is stated where the credentials may not read it.
pub(super) async fn ask(client: &Client, operation: &Operation, project: &str) -> Vec<(Vec<EndpointSegment>, Bucket)> {
    let sets = client.read_rate_limits(project).await.value.map(|listed| listed.rows).unwrap_or_default();
    stated(&sets, operation)
}

/// The buckets among these of the endpoints that an operation calls, each with all of those that share it.
pub fn stated(sets: &[EndpointSet], operation: &Operation) -> Vec<(Vec<EndpointSegment>, Bucket)> {
    let mut called = vec![operation.endpoints(), operation.source.segment, operation.target.segment];
    called.sort_unstable();
    called.dedup();
    let mut stated: Vec<(Vec<EndpointSegment>, Bucket)> = Vec::new();
    for listed in sets {
        // Where endpoints below one segment are in several sets, the first counts.
        let (shared, rest) = called.into_iter().partition(|called| is_of(listed, called));
        called = rest;
        stated.push((shared, bucket(listed)));
    }
    stated.retain(|(shared, _)| !shared.is_empty());
    stated
}

/// Whether this is the bucket of a project's endpoints below `segment`.
fn is_of(set: &EndpointSet, segment: &str) -> bool {
    let below = |path: &str| {
        let rest = path.split_once("/groups/")?.1.split_once('/')?.1;
        rest.split(['/', ':']).next().map(str::to_owned)
    };
    set.scope == "GROUP" && set.endpoints.iter().any(|endpoint| below(&endpoint.path).as_deref() == Some(segment))
}

fn bucket(set: &EndpointSet) -> Bucket {
    Bucket {
        capacity: set.capacity.value.max(1),
        refill: set.refill_rate.value.max(1),
        per: Duration::from_secs(set.refill_duration_seconds.value.max(1)),
    }
}

#[test]
fn a_set_is_known_by_its_endpoints_and_not_by_its_name() {
    let set = |scope: &str, path: &str| -> EndpointSet {
        let number = serde_json::json!({ "value": 7 });
        let endpoints = serde_json::json!([{ "method": "GET", "path": path }]);
        serde_json::from_value(serde_json::json!({
            "endpointSetId": "x", "scope": scope, "capacity": number, "refillRate": number,
            "refillDurationSeconds": number, "endpoints": endpoints,
        }))
        .unwrap_or_else(|error| panic!("{error}"))
    };
    let flex = set("GROUP", "/api/atlas/v2/groups/{groupId}/flexClusters:tenantUpgrade");
    assert!(is_of(&flex, "flexClusters") && !is_of(&flex, "clusters"));
    assert!(is_of(&set("GROUP", "/api/atlas/v2/groups/{groupId}/clusters/{clusterName}"), "clusters"));
    assert!(!is_of(&set("USER", "/api/atlas/v2/groups/{groupId}/clusters"), "clusters"));
    assert!(!is_of(&set("GROUP", "/api/atlas/v2/clusters"), "clusters"));
    let mut both = set("GROUP", "/api/atlas/v2/groups/{groupId}/clusters");
    both.endpoints.extend(flex.endpoints.clone());
    let operation = Operation::of_name("m0-to-flex").unwrap_or_else(|| panic!("it is there"));
    let shares = |sets: &[EndpointSet]| stated(sets, operation).into_iter().map(|(sets, _)| sets).collect::<Vec<_>>();
    assert_eq!(shares(&[both]), [vec!["clusters", "flexClusters"]], "they share one bucket");
    let clusters = set("GROUP", "/api/atlas/v2/groups/{groupId}/clusters");
    assert_eq!(shares(&[clusters, flex]), [vec!["clusters"], vec!["flexClusters"]]);
}
