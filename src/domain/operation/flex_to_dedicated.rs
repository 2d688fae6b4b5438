//! Flex to a dedicated cluster, M10 and up.

use serde_json::{Value, json};

use crate::domain::job::Wanted;
use crate::domain::operation::{CLUSTERS, DEDICATED, FLEX, Operation, becomes_dedicated, is_wanted_size, optional};

pub(super) const OPERATION: Operation = Operation {
    name: "flex-to-dedicated",
    title: "flex cluster to dedicated cluster (M10 and up)",
    retired: None,
    needs_instance_size: true,
    takes_continuous_backup: true,
    source: FLEX,
    target: CLUSTERS,
    changes: DEDICATED,
    becomes: becomes_dedicated,
    tier: |wanted| wanted.instance_size.clone(),
    path: "flexClusters:tenantUpgrade",
    version: "2024-11-13",
    body,
    is_source: |seen| seen.provider == "FLEX",
    is_target: is_wanted_size,
};

/// `AtlasTenantClusterUpgradeRequest20240805` of the API document: one region, three nodes.
fn body(name: &str, wanted: &Wanted) -> Value {
    let region = json!({
        "providerName": wanted.provider,
        "regionName": wanted.region,
        "priority": 7,
        "electableSpecs": { "instanceSize": wanted.instance_size, "nodeCount": 3 },
    });
    let mut body = json!({
        "name": name,
        "clusterType": "REPLICASET",
        "replicationSpecs": [{ "regionConfigs": [region] }],
    });
    if let Some(on) = wanted.continuous_backup {
        body["backupEnabled"] = on.into();
    }
    optional(&mut body, wanted);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_names_one_region_with_three_nodes() {
        let wanted = Wanted {
            provider: "GCP".into(),
            region: "CENTRAL_US".into(),
            instance_size: Some("M20".into()),
            continuous_backup: Some(false),
            ..Wanted::default()
        };
        let specs = json!({"instanceSize": "M20", "nodeCount": 3});
        let region = json!({"providerName": "GCP", "regionName": "CENTRAL_US", "priority": 7, "electableSpecs": specs});
        let whole = json!({
            "name": "c1",
            "clusterType": "REPLICASET",
            "replicationSpecs": [{"regionConfigs": [region]}],
            "backupEnabled": false,
        });
        assert_eq!(body("c1", &wanted), whole);
    }
}
