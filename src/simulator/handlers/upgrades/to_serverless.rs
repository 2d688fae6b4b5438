//! `clusters/tenantUpgradeToServerless`: a shared cluster becomes a serverless instance.

use crate::simulator::handlers::route::Route;
use crate::simulator::handlers::upgrades::accept::upgrade;
use crate::simulator::handlers::upgrades::body::{BodyFormat, Object, cloud, flag, object, upgrade_request};
use crate::simulator::protocol::resource::{RateLimitSet, Resource};
use crate::simulator::protocol::response::ApiError;
use crate::simulator::world::cluster::UpgradePath;
use crate::simulator::world::upgrade_request::UpgradeRequest;

pub(super) const ROUTE: Route = Route {
    path: "groups/{group}/clusters/tenantUpgradeToServerless",
    resource: Resource {
        label: "Upgrade(ToServerless)",
        versions: &["2023-01-01"],
        rate_limit_set: RateLimitSet::Clusters,
        is_of_a_project: true,
        is_upgrade: true,
    },
    respond: |state, request, version, now| upgrade(state, request, version, now, &BODY),
};

const BODY: BodyFormat = BodyFormat { fields: &["providerSettings", "serverlessBackupOptions"], read };

fn read(body: &Object) -> Result<UpgradeRequest, ApiError> {
    let settings = object(body, "providerSettings")?;
    if settings.get("providerName").is_some_and(|name| name != "SERVERLESS") {
        return Err(ApiError::invalid("providerName", "is not SERVERLESS"));
    }
    let backup = match body.get("serverlessBackupOptions") {
        None => true,
        Some(_) => flag(object(body, "serverlessBackupOptions")?, "serverlessContinuousBackupEnabled", true)?,
    };
    let provider = cloud(settings, "backingProviderName")?;
    upgrade_request(UpgradePath::SHARED_TO_SERVERLESS, body, settings, provider, String::new(), backup)
}
