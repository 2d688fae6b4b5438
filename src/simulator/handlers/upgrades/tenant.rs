//! `clusters/tenantUpgrade`: a shared cluster becomes a flex or a dedicated one.

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
    path: "groups/{group}/clusters/tenantUpgrade",
    resource: Resource {
        label: "Upgrade(OfTenant)",
        versions: &["2023-01-01"],
        rate_limit_set: RateLimitSet::Clusters,
        is_of_a_project: true,
        is_upgrade: true,
    },
    respond: |state, request, version, now| upgrade(state, request, version, now, &BODY),
};

const BODY: BodyFormat = BodyFormat {
    // MongoDB's own client sends `autoScaling`.
    fields: &["providerSettings", "providerBackupEnabled", "autoScaling"],
    read,
};

fn read(body: &Object) -> Result<UpgradeRequest, ApiError> {
    let settings = object(body, "providerSettings")?;
    let size = text(settings, "instanceSizeName")?.to_owned();
    let backup = flag(body, "providerBackupEnabled", false)?;
    if text(settings, "providerName")? == "FLEX" {
        if size != "FLEX" {
            return Err(ApiError::invalid("instanceSizeName", "is not FLEX"));
        }
        let provider = cloud(settings, "backingProviderName")?;
        return upgrade_request(UpgradePath::SHARED_TO_FLEX, body, settings, provider, String::new(), backup);
    }
    let provider = cloud(settings, "providerName")?;
    check_dedicated_size(&size)?;
    upgrade_request(UpgradePath::SHARED_TO_DEDICATED, body, settings, provider, size, backup)
}
