//! Whether an upgrade may begin, and what happens then.

use http::StatusCode;
use serde_json::{Value, json};

use crate::clock::Millis;
use crate::simulator::handlers::cluster_api::{ClusterApi, not_found, served_by_other_api};
use crate::simulator::handlers::cluster_json;
use crate::simulator::handlers::upgrades::body::{self, BodyFormat};
use crate::simulator::protocol::request::ApiRequest;
use crate::simulator::protocol::response::{ApiError, ApiResponse};
use crate::simulator::protocol::versions::success;
use crate::simulator::state::SimulatorState;
use crate::simulator::world::cluster::ClusterKind;
use crate::simulator::world::upgrade_request::UpgradeRequest;
use crate::simulator::world::visible::VisibleState;

/// Answers an upgrade request, and begins the upgrade if it may begin.
pub(super) fn upgrade(
    state: &mut SimulatorState,
    request: &ApiRequest,
    version: &str,
    now: Millis,
    format: &BodyFormat,
) -> ApiResponse {
    let (name, requested) = match body::read(format, &request.parts.headers, &request.body) {
        Ok(read) => read,
        Err(error) => {
            state.tally.note_broken_rule(error.detail());
            return error.into();
        }
    };
    match begin(state, request, &name, requested, now) {
        Ok(body) => success(version, &body),
        Err(error) => error.into(),
    }
}

fn begin(
    state: &mut SimulatorState,
    request: &ApiRequest,
    name: &str,
    requested: UpgradeRequest,
    now: Millis,
) -> Result<Value, ApiError> {
    let (rng, faults, project) = (state.world.rng, &state.injector.faults, &request.project);
    let not_found = || not_found(ClusterApi::Clusters, project, name);
    let entry = state.world.entry(project, name).ok_or_else(not_found)?;
    match entry.visible(now) {
        VisibleState::Nothing => return Err(not_found()),
        visible => check_source(requested.path.source, visible, name)?,
    }
    if rng.happens(faults.refuse, &["refuse", project, name], 0) {
        return Err(unsupported(name, "This cluster cannot be upgraded."));
    }
    entry.begin_upgrade(requested, now, rng, faults);
    Ok(cluster_json::accepted(entry, rng))
}

/// Whether a cluster in this state can be upgraded from this kind.
fn check_source(source: ClusterKind, visible: VisibleState, name: &str) -> Result<(), ApiError> {
    let conflict = |code, detail: &str| Err(ApiError::new(StatusCode::CONFLICT, code, detail).with([json!(name)]));
    let running = || conflict("SIMULATED_UPGRADE_ALREADY_RUNNING", "The cluster is being upgraded already.");
    if source == ClusterKind::Flex {
        return match visible {
            VisibleState::Flex { idle: true } => Ok(()),
            VisibleState::Flex { .. } | VisibleState::Shared { idle: false, .. } => running(),
            other => Err(served_by_other_api(ClusterApi::Flex, other, name)),
        };
    }
    match visible {
        VisibleState::Shared { idle: false, .. } => running(),
        VisibleState::Shared { paused: true, .. } => {
            conflict("CANNOT_UPDATE_PAUSED_CLUSTER", "The cluster is paused; resume it first.")
        }
        VisibleState::Shared { .. } => Ok(()),
        VisibleState::Dedicated { .. } => {
            Err(unsupported(name, "Only a shared cluster can be upgraded by this request."))
        }
        other => Err(served_by_other_api(ClusterApi::Clusters, other, name)),
    }
}

fn unsupported(name: &str, why: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "TENANT_CLUSTER_UPDATE_UNSUPPORTED", why).with([json!(name)])
}
