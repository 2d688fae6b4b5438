//! Projects and their organisations.

use serde_json::{Value, json};

use crate::simulator::handlers::route::Route;
use crate::simulator::protocol::pages::page;
use crate::simulator::protocol::request::ApiRequest;
use crate::simulator::protocol::resource::{RateLimitSet, Resource};
use crate::simulator::protocol::response::ApiResponse;
use crate::simulator::protocol::versions::success;
use crate::simulator::seeded_rng::SeededRng;
use crate::simulator::state::SimulatorState;

pub(crate) static ROUTES: [Route; 3] = [
    Route {
        path: "groups",
        resource: Resource {
            label: "Projects",
            versions: &["2023-01-01"],
            rate_limit_set: RateLimitSet::Projects,
            is_of_a_project: false,
            is_upgrade: false,
        },
        respond: |state, request, version, _| list(state, request, version),
    },
    Route {
        path: "groups/{group}",
        resource: Resource {
            label: "Project",
            versions: &["2023-01-01"],
            rate_limit_set: RateLimitSet::Projects,
            is_of_a_project: true,
            is_upgrade: false,
        },
        respond: |state, request, version, _| one(state, request, version),
    },
    Route {
        path: "orgs",
        resource: Resource {
            label: "Organisations",
            versions: &["2023-01-01"],
            rate_limit_set: RateLimitSet::Organisations,
            is_of_a_project: false,
            is_upgrade: false,
        },
        respond: |state, request, version, _| organisations(state, request, version),
    },
];

/// A page of all projects.
fn list(state: &mut SimulatorState, request: &ApiRequest, version: &str) -> ApiResponse {
    let rows = state.world.projects().map(|(project, clusters)| json(project, clusters, state)).collect();
    page(rows, request, version, &mut state.tally)
}

/// One project.
fn one(state: &SimulatorState, request: &ApiRequest, version: &str) -> ApiResponse {
    let found = state.world.projects().find(|(project, _)| **project == request.project);
    let body = found.map_or(Value::Null, |(project, clusters)| json(project, clusters, state));
    success(version, &body)
}

/// A page of all organisations.
fn organisations(state: &mut SimulatorState, request: &ApiRequest, version: &str) -> ApiResponse {
    let rng = state.world.rng;
    let row = |number| json!({"id": id(rng, number), "name": format!("Organisation {number}"), "links": []});
    page((0..state.organisations).map(row).collect(), request, version, &mut state.tally)
}

/// The organisation of a project.
pub(crate) fn organisation(project: &str, state: &SimulatorState) -> String {
    let rng = state.world.rng;
    id(rng, rng.draw(&["organisation of", project], 0) % state.organisations.max(1))
}

fn id(rng: SeededRng, number: u64) -> String {
    rng.id(&["organisation"], number)
}

fn json(project: &str, clusters: usize, state: &SimulatorState) -> Value {
    json!({
        "id": project,
        "orgId": organisation(project, state),
        "name": format!("Project {project}"),
        "clusterCount": clusters,
        "created": "2023-11-14T22:13:20Z",
        "links": [],
    })
}
