//! The upgrade request: may it happen, and does it.

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::cluster::Way;
use super::desk::{State, Visit};
use super::reads;
use super::shapes;
use super::versions::{Resource, Upgrade, success};
use super::wish::{self, Wanted};
use super::world::Shown;
use crate::clock::Millis;

/// Answers an upgrade request, and lets it take effect if it may.
pub(super) fn ask(state: &mut State, visit: &Visit, upgrade: Upgrade, version: &str, now: Millis) -> Answer {
    let (name, wanted) = match wish::read(upgrade, &visit.parts.headers, &visit.body) {
        Ok(read) => read,
        Err(refusal) => {
            state.tally.broken(refusal.detail());
            return refusal.into();
        }
    };
    match begin(state, visit, &name, wanted, now) {
        Ok(body) => success(visit.resource, version, &body),
        Err(refusal) => refusal.into(),
    }
}

fn begin(state: &mut State, visit: &Visit, name: &str, wanted: Wanted, now: Millis) -> Result<Value, Refusal> {
    let (dice, faults) = (state.world.dice, &state.faults);
    let entry = state.world.entry(&visit.group, name).ok_or_else(|| reads::unknown(visit, name))?;
    if let Some(refusal) = hindrance(wanted.way, entry.shown(now), visit, name) {
        return Err(refusal);
    }
    if dice.happens(faults.refuse, &["refuse", &visit.group, name], 0) {
        return Err(refused(name, "This cluster cannot be upgraded."));
    }
    entry.begin(wanted, now, dice, faults);
    Ok(shapes::accepted(entry, dice))
}

/// What keeps a cluster that shows itself so from being upgraded.
fn hindrance(way: Way, shown: Shown, visit: &Visit, name: &str) -> Option<Refusal> {
    let conflict = |code, detail: &str| Some(Refusal::new(StatusCode::CONFLICT, code, detail).with([json!(name)]));
    match (way, shown) {
        (_, Shown::Nothing) => Some(reads::unknown(visit, name)),
        (Way::FlexToDedicated, Shown::Flex { idle: true }) => None,
        (Way::FlexToDedicated, Shown::Flex { .. }) | (_, Shown::Shared { idle: false, .. }) => {
            conflict("SIMULATED_UPGRADE_ALREADY_RUNNING", "The cluster is being upgraded already.")
        }
        (Way::FlexToDedicated, shown) => Some(reads::elsewhere(Resource::Flex, shown, name)),
        (_, Shown::Shared { paused: true, .. }) => {
            conflict("CANNOT_UPDATE_PAUSED_CLUSTER", "The cluster is paused; resume it first.")
        }
        (_, Shown::Shared { .. }) => None,
        (_, Shown::Dedicated { .. }) => Some(refused(name, "Only a shared cluster can be upgraded so.")),
        (_, shown) => Some(reads::elsewhere(Resource::Clusters, shown, name)),
    }
}

fn refused(name: &str, why: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "TENANT_CLUSTER_UPDATE_UNSUPPORTED", why).with([json!(name)])
}

/// The name in a body that need not be well formed, for the books.
pub(super) fn name(body: &[u8]) -> Option<String> {
    let body = serde_json::from_slice::<Value>(body).ok()?;
    Some(body.get("name")?.as_str()?.to_owned())
}
