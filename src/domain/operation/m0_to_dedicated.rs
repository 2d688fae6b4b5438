//! M0 to a dedicated cluster, M10 and up.

use serde_json::{Value, json};

use crate::domain::job::Wanted;
use crate::domain::operation::{CLUSTERS, DEDICATED, Operation, becomes_dedicated, is_free, is_wanted_size, optional};

pub(super) const OPERATION: Operation = Operation {
    name: "m0-to-dedicated",
    title: "free cluster (M0) to dedicated cluster (M10 and up)",
    retired: None,
    needs_instance_size: true,
    takes_continuous_backup: true,
    source: CLUSTERS,
    target: CLUSTERS,
    changes: DEDICATED,
    becomes: becomes_dedicated,
    tier: |wanted| wanted.instance_size.clone(),
    path: "clusters/tenantUpgrade",
    version: "2023-01-01",
    body,
    is_source: is_free,
    is_target: is_wanted_size,
};

/// `LegacyAtlasTenantClusterUpgradeRequest` of the API document. What a read of the M0 shows is not sent back: Atlas
/// refuses some of it.
fn body(name: &str, wanted: &Wanted) -> Value {
    let mut body = json!({
        "name": name,
        "providerSettings": {
            "providerName": wanted.provider,
            "instanceSizeName": wanted.instance_size,
            "regionName": wanted.region,
        },
    });
    if let Some(on) = wanted.continuous_backup {
        // Not `backupEnabled`, which this version means for something older.
        body["providerBackupEnabled"] = on.into();
    }
    optional(&mut body, wanted);
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::{Found, Seen, Sighting};

    #[test]
    fn the_body_holds_what_the_row_says_and_nothing_more() {
        let mut wanted = Wanted {
            provider: "AWS".into(),
            region: "US_EAST_1".into(),
            instance_size: Some("M10".into()),
            ..Wanted::default()
        };
        let settings = json!({"providerName": "AWS", "instanceSizeName": "M10", "regionName": "US_EAST_1"});
        assert_eq!(body("c1", &wanted), json!({"name": "c1", "providerSettings": settings}));
        wanted.continuous_backup = Some(true);
        wanted.termination_protection = Some(true);
        wanted.tags = vec![("team".into(), "a".into())];
        let whole = json!({
            "name": "c1",
            "providerSettings": settings,
            "providerBackupEnabled": true,
            "tags": [{"key": "team", "value": "a"}],
            "terminationProtectionEnabled": true,
        });
        assert_eq!(body("c1", &wanted), whole);
    }

    #[test]
    fn a_size_that_is_not_the_row_s_is_the_target_only_after_atlas_accepted() {
        let wanted = Wanted { provider: "AWS".into(), instance_size: Some("M10".into()), ..Wanted::default() };
        let seen = |provider: &str, size: &str| {
            let (provider, size, state) = (provider.to_owned(), size.to_owned(), "IDLE".to_owned());
            Seen { state, provider, size, ..Seen::default() }
        };
        let is_target = |seen: Seen, accepted| {
            let found = Found::Cluster(seen);
            matches!(OPERATION.sight(&wanted, accepted, found.clone(), found), Sighting::Target { .. })
        };
        assert!(is_target(seen("AWS", "M10"), false) && is_target(seen("AWS", "M10"), true));
        assert!(is_target(seen("AWS", "M30"), true), "compute auto-scaling has changed it");
        assert!(!is_target(seen("AWS", "M30"), false) && !is_target(seen("GCP", "M10"), true));
        assert!(!is_target(seen("TENANT", "M0"), true));
    }
}
