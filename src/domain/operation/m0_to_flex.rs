//! M0 to a flex cluster.

use serde_json::{Value, json};

use crate::domain::job::Wanted;
use crate::domain::operation::{CLUSTERS, FLEX, Operation, is_free, optional};

pub(super) const OPERATION: Operation = Operation {
    name: "m0-to-flex",
    title: "free cluster (M0) to flex cluster",
    retired: None,
    needs_instance_size: false,
    takes_continuous_backup: false,
    source: CLUSTERS,
    target: FLEX,
    changes: &[
        "The cluster moves to another API and gets a new id; its connection strings are gone for a while: compare the \
         report's two columns before you rely on the old one.",
        "Flex is billed by use from then on.",
    ],
    becomes: |wanted| format!("flex in {} {}", wanted.provider, wanted.region),
    tier: |_| Some("FLEX".to_owned()),
    path: "clusters/tenantUpgrade",
    version: "2023-01-01",
    body,
    is_source: is_free,
    is_target: |seen, _, _| seen.provider == "FLEX",
};

/// `LegacyAtlasTenantClusterUpgradeRequest` of the API document, as far as a flex cluster has use for it.
fn body(name: &str, wanted: &Wanted) -> Value {
    let mut body = json!({
        "name": name,
        "providerSettings": {
            "providerName": "FLEX",
            "instanceSizeName": "FLEX",
            "backingProviderName": wanted.provider,
            "regionName": wanted.region,
        },
    });
    optional(&mut body, wanted);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_that_of_a_flex_cluster() {
        let wanted = Wanted { provider: "AWS".into(), region: "US_EAST_1".into(), ..Wanted::default() };
        let settings = json!({
            "providerName": "FLEX",
            "instanceSizeName": "FLEX",
            "backingProviderName": "AWS",
            "regionName": "US_EAST_1",
        });
        assert_eq!(body("c1", &wanted), json!({"name": "c1", "providerSettings": settings}));
    }
}
