//! Reads of clusters: one by name, or a page of a list.

use http::HeaderName;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::clock::Millis;
use crate::simulator::handlers::cluster_api::{ClusterApi, not_found, served_by_other_api};
use crate::simulator::handlers::cluster_json::{self, REPLICATION_SPECS};
use crate::simulator::handlers::route::Route;
use crate::simulator::protocol::pages::PageQuery;
use crate::simulator::protocol::request::ApiRequest;
use crate::simulator::protocol::resource::{RateLimitSet, Resource};
use crate::simulator::protocol::response::{ApiResponse, set_header};
use crate::simulator::protocol::versions::success;
use crate::simulator::seeded_rng::SeededRng;
use crate::simulator::state::SimulatorState;
use crate::simulator::world::entry::{ClusterEntry, JsonShape};
use crate::simulator::world::visible::VisibleState;

const CLUSTERS: Resource = Resource {
    label: "Clusters",
    versions: &["2023-01-01", "2023-02-01", REPLICATION_SPECS],
    rate_limit_set: RateLimitSet::Clusters,
    is_of_a_project: true,
    is_upgrade: false,
};

const SERVERLESS: Resource = Resource {
    label: "Serverless",
    versions: &["2023-01-01"],
    rate_limit_set: RateLimitSet::Serverless,
    is_of_a_project: true,
    is_upgrade: false,
};

const FLEX: Resource = Resource {
    label: "Flex",
    versions: &["2024-11-13"],
    rate_limit_set: RateLimitSet::Flex,
    is_of_a_project: true,
    is_upgrade: false,
};

pub(crate) static ROUTES: [Route; 6] = [
    Route {
        path: "groups/{group}/clusters",
        resource: CLUSTERS,
        respond: |state, request, version, now| list(ClusterApi::Clusters, state, request, version, now),
    },
    Route {
        path: "groups/{group}/clusters/{name}",
        resource: CLUSTERS,
        respond: |state, request, version, now| one(ClusterApi::Clusters, state, request, version, now),
    },
    Route {
        path: "groups/{group}/serverless",
        resource: SERVERLESS,
        respond: |state, request, version, now| list(ClusterApi::Serverless, state, request, version, now),
    },
    Route {
        path: "groups/{group}/serverless/{name}",
        resource: SERVERLESS,
        respond: |state, request, version, now| one(ClusterApi::Serverless, state, request, version, now),
    },
    Route {
        path: "groups/{group}/flexClusters",
        resource: FLEX,
        respond: |state, request, version, now| list(ClusterApi::Flex, state, request, version, now),
    },
    Route {
        path: "groups/{group}/flexClusters/{name}",
        resource: FLEX,
        respond: |state, request, version, now| one(ClusterApi::Flex, state, request, version, now),
    },
];

/// One cluster, by name.
fn one(
    api: ClusterApi,
    state: &mut SimulatorState,
    request: &ApiRequest,
    version: &'static str,
    now: Millis,
) -> ApiResponse {
    let name = request.name.as_deref().unwrap_or_default();
    let (shape, rng, faults) = (json_shape(request, version), state.world.rng, &state.injector.faults);
    let Some(entry) = state.world.entry(&request.project, name) else {
        return not_found(api, &request.project, name).into();
    };
    let visible = entry.read(now, rng, faults);
    match json(api, entry, visible, shape, rng) {
        Some(body) => cluster_success(api, version, &body),
        None if visible == VisibleState::Nothing => not_found(api, &request.project, name).into(),
        None => served_by_other_api(api, visible, name).into(),
    }
}

/// A page of the clusters that the API shows, in the order of their names.
fn list(
    api: ClusterApi,
    state: &mut SimulatorState,
    request: &ApiRequest,
    version: &'static str,
    now: Millis,
) -> ApiResponse {
    let page = match PageQuery::read(request) {
        Ok(page) => page,
        Err(error) => {
            state.tally.note_broken_rule(error.detail());
            return error.into();
        }
    };
    let (shape, rng, faults) = (json_shape(request, version), state.world.rng, &state.injector.faults);
    let is_empty = state.injector.hits(faults.empty_list, "empty_list", request);
    let (mut results, mut total) = (Vec::new(), 0);
    for entry in state.world.project(&request.project).into_iter().flatten().map(|(_, entry)| entry) {
        if is_empty || !api.shows(entry.visible(now)) {
            continue;
        }
        if total >= page.offset() && results.len() < page.size {
            let visible = entry.read(now, rng, faults);
            results.extend(json(api, entry, visible, shape, rng));
        }
        total += 1;
    }
    let list = ClusterList { links: [], results, total_count: page.includes_count.then_some(total) };
    cluster_success(api, version, &list)
}

/// A list of clusters that are JSON already.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClusterList {
    links: [(); 0],
    results: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_count: Option<usize>,
}

/// The form that a request asks for.
fn json_shape(request: &ApiRequest, version: &'static str) -> JsonShape {
    let header = request.parts.headers.get("use-effective-instance-fields");
    JsonShape { version, has_effective_fields: header.is_some_and(|value| value == "true") }
}

fn json(
    api: ClusterApi,
    entry: &mut ClusterEntry,
    visible: VisibleState,
    shape: JsonShape,
    rng: SeededRng,
) -> Option<Box<RawValue>> {
    if !api.shows(visible) {
        return None;
    }
    entry.json((visible, shape), |entry| match visible {
        VisibleState::Serverless { idle } => cluster_json::serverless(entry, idle, rng),
        VisibleState::Flex { idle } => cluster_json::flex(entry, idle, rng),
        _ => cluster_json::cluster(entry, visible, shape, rng),
    })
}

/// A success; the older versions of clusters say that they are deprecated.
fn cluster_success(api: ClusterApi, version: &str, body: &impl Serialize) -> ApiResponse {
    let mut response = success(version, body);
    if api == ClusterApi::Clusters && version < REPLICATION_SPECS {
        set_header(&mut response, HeaderName::from_static("deprecation"), "Mon, 5 Aug 2024 00:00:00 GMT");
        set_header(&mut response, HeaderName::from_static("sunset"), "Thu, 1 Jul 2027 00:00:00 GMT");
    }
    response
}
