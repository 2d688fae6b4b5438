//! `flexClusters:tenantUpgrade`: a flex cluster becomes a dedicated one.

use serde_json::{Value, json};

use crate::simulator::handlers::route::Route;
use crate::simulator::handlers::upgrades::accept::upgrade;
use crate::simulator::handlers::upgrades::body::{
    BodyFormat, Object, check_dedicated_size, cloud, flag, object, text, upgrade_request,
};
use crate::simulator::protocol::resource::{RateLimitSet, Resource};
use crate::simulator::protocol::response::ApiError;
use crate::simulator::world::cluster::UpgradePath;
use crate::simulator::world::upgrade_request::UpgradeRequest;

pub(super) const ROUTE: Route = Route {
    path: "groups/{group}/flexClusters:tenantUpgrade",
    resource: Resource {
        label: "Upgrade(OfFlex)",
        versions: &["2024-11-13"],
        rate_limit_set: RateLimitSet::Flex,
        is_of_a_project: true,
        is_upgrade: true,
    },
    respond: |state, request, version, now| upgrade(state, request, version, now, &BODY),
};

const BODY: BodyFormat = BodyFormat { fields: &["clusterType", "replicationSpecs", "backupEnabled"], read };

fn read(body: &Object) -> Result<UpgradeRequest, ApiError> {
    if text(body, "clusterType")? != "REPLICASET" {
        return Err(ApiError::invalid("clusterType", "is not REPLICASET"));
    }
    let region = &body.get("replicationSpecs").unwrap_or(&Value::Null)[0]["regionConfigs"][0];
    let Value::Object(region) = region else {
        return Err(ApiError::invalid("replicationSpecs", "name no region"));
    };
    let specs = object(region, "electableSpecs")?;
    if specs.get("nodeCount") != Some(&json!(3)) || region.get("priority") != Some(&json!(7)) {
        return Err(ApiError::invalid("replicationSpecs", "are not three nodes of priority 7"));
    }
    let size = text(specs, "instanceSize")?.to_owned();
    check_dedicated_size(&size)?;
    let backup = flag(body, "backupEnabled", false)?;
    let provider = cloud(region, "providerName")?;
    upgrade_request(UpgradePath::FLEX_TO_DEDICATED, body, region, provider, size, backup)
}
