//! Projects and their organisations.

use serde_json::{Value, json};

use super::answer::Answer;
use super::desk::{State, Visit};
use super::dice::Dice;
use super::offers::paged;
use super::versions::success;

/// A page of all projects.
pub(super) fn list(state: &mut State, visit: &Visit, version: &str) -> Answer {
    let rows = state.world.projects().map(|(project, clusters)| shape(project, clusters, state)).collect();
    paged(state, visit, version, rows)
}

/// One project.
pub(super) fn one(state: &State, visit: &Visit, version: &str) -> Answer {
    let found = state.world.projects().find(|(project, _)| **project == visit.group);
    let body = found.map_or(Value::Null, |(project, clusters)| shape(project, clusters, state));
    success(visit.resource, version, &body)
}

/// A page of all organisations.
pub(super) fn organisations(state: &mut State, visit: &Visit, version: &str) -> Answer {
    let rows = (0..state.organisations)
        .map(
            |number| json!({"id": id(state.world.dice, number), "name": format!("Organisation {number}"), "links": []}),
        )
        .collect();
    paged(state, visit, version, rows)
}

/// The organisation of a project.
pub(super) fn organisation(project: &str, state: &State) -> String {
    let dice = state.world.dice;
    id(dice, dice.draw(&["organisation of", project], 0) % state.organisations.max(1))
}

fn id(dice: Dice, number: u64) -> String {
    dice.id(&["organisation"], number)
}

fn shape(project: &str, clusters: usize, state: &State) -> Value {
    json!({
        "id": project,
        "orgId": organisation(project, state),
        "name": format!("Project {project}"),
        "clusterCount": clusters,
        "created": "2023-11-14T22:13:20Z",
        "links": [],
    })
}
