use proptest::prelude::*;

use super::*;

/// An M0 in version 2024-08-05, as recorded in August 2026.
const M0: &str = r#"{"id":"6a793f6c2c88faeba59bb4cc","name":"cluster-801","stateName":"IDLE","paused":false,
    "createDate":"2026-08-10T03:03:08Z","mongoDBVersion":"8.0.29","links":[{"href":"http://localhost","rel":"self"}],
    "connectionStrings":{"standard":"mongodb://ac-0:27017/?ssl=true","standardSrv":"mongodb+srv://cluster-801.eo4fgwq.net"},
    "replicationSpecs":[{"id":"a","zoneName":"Zone 1","regionConfigs":[{"backingProviderName":"AWS",
    "electableSpecs":{"effectiveInstanceSize":"M0","instanceSize":"M0"},"priority":7,"providerName":"TENANT",
    "regionName":"US_EAST_1"}]}],"tags":[]}"#;

fn seen(id: &str, name: &str, state: &str, provider: &str, size: &str, connection_string: Option<&str>) -> Seen {
    Seen {
        id: id.into(),
        name: name.into(),
        state: state.into(),
        paused: false,
        provider: provider.into(),
        size: size.into(),
        connection_string: connection_string.map(str::to_owned),
        ..Seen::default()
    }
}

fn in_place(cloud: &str, region: &str, seen: Seen) -> Seen {
    configured(seen, |seen| (seen.cloud, seen.region) = (Some(cloud.into()), Some(region.into())))
}

fn configured(mut seen: Seen, change: impl FnOnce(&mut Configuration)) -> Seen {
    change(&mut seen.configuration);
    seen
}

#[test]
fn the_size_that_was_asked_for_and_the_one_that_auto_scaling_made_of_it_are_told_apart() {
    let body = br#"{"id":"1","name":"c","stateName":"IDLE","replicationSpecs":[{"regionConfigs":[{"providerName":"AWS",
        "regionName":"EU_WEST_1","electableSpecs":{"instanceSize":"M10"},
        "effectiveElectableSpecs":{"instanceSize":"M20"}}]}]}"#;
    let seen = cluster("clusters", body).unwrap();
    assert_eq!((&*seen.size, seen.configuration.effective_size.as_deref()), ("M10", Some("M20")));
    assert_eq!(seen.words(), "M10 (scaled to M20) in AWS EU_WEST_1, IDLE");
}

#[test]
fn what_is_only_told_and_of_another_type_makes_no_cluster_unreadable() {
    let body = br#"{"id":"1","name":"c","stateName":"IDLE","tags":"none","mongoDBVersion":8,"backupEnabled":"yes",
        "providerSettings":{"providerName":"FLEX","regionName":["US_EAST_1"],"backingProviderName":null}}"#;
    assert_eq!(cluster("flexClusters", body), Some(seen("1", "c", "IDLE", "FLEX", "", None)));
}

#[test]
fn a_shared_cluster_of_2024_08_05_is_read() {
    let srv = Some("mongodb+srv://cluster-801.eo4fgwq.net");
    let m0 = seen("6a793f6c2c88faeba59bb4cc", "cluster-801", "IDLE", "TENANT", "M0", srv);
    let expected = configured(in_place("AWS", "US_EAST_1", m0), |seen| {
        seen.mongodb_version = Some("8.0.29".into());
        seen.tags = Some(Vec::new());
    });
    assert_eq!(expected.words(), "M0 TENANT in AWS US_EAST_1, MongoDB 8.0.29, IDLE");
    assert_eq!(cluster("clusters", M0.as_bytes()), Some(expected));
}

#[test]
fn a_dedicated_cluster_without_strings_yet_is_read() {
    let body = br#"{"id":"6a793f7fc0eb9e7a17716143","name":"cluster-801","stateName":"UPDATING","connectionStrings":{},
        "replicationSpecs":[{"regionConfigs":[{"analyticsSpecs":{"instanceSize":"M30"},"providerName":"GCP"},
        {"electableSpecs":{"diskSizeGB":10.0,"instanceSize":"M10","nodeCount":3},"providerName":"AWS"}]}]}"#;
    let expected = seen("6a793f7fc0eb9e7a17716143", "cluster-801", "UPDATING", "AWS", "M10", None);
    let expected = configured(expected, |seen| seen.cloud = Some("AWS".into()));
    assert_eq!(expected.words(), "M10 in AWS, UPDATING");
    assert_eq!(cluster("clusters", body), Some(expected));
}

#[test]
fn a_shared_cluster_of_2023_01_01_is_read() {
    let body = br#"{"id":"1","name":"c","stateName":"IDLE","paused":true,"replicationSpecs":[{"numShards":1}],
        "connectionStrings":{"standard":"mongodb://x"},"providerSettings":{"backingProviderName":"AWS",
        "instanceSizeName":"M2","providerName":"TENANT","regionName":"US_EAST_1"}}"#;
    let m2 = in_place("AWS", "US_EAST_1", seen("1", "c", "IDLE", "TENANT", "M2", Some("mongodb://x")));
    let expected = Seen { paused: true, ..m2 };
    assert_eq!(cluster("clusters", body), Some(expected));
}

#[test]
fn a_serverless_instance_is_read_with_its_undocumented_fields() {
    let body = br#"{"connectionStrings":{"standardSrv":"mongodb+srv://cluster-782.osg8nt2.mongodb-dev.net"},
        "id":"6957f868a08db8605b3f63c1","name":"cluster-782","providerSettings":{"backingProviderName":"AWS",
        "effectiveDiskSizeGBLimit":5,"effectiveInstanceSizeName":"FLEX","effectiveProviderName":"TENANT",
        "nextBackupDate":"2026-01-03T16:55:04Z","providerName":"SERVERLESS","tenantBackupEnabled":true},
        "serverlessBackupOptions":{"serverlessContinuousBackupEnabled":false},"stateName":"IDLE",
        "tags":[{"key":"team","value":"a"}],"terminationProtectionEnabled":true}"#;
    let srv = Some("mongodb+srv://cluster-782.osg8nt2.mongodb-dev.net");
    let expected = seen("6957f868a08db8605b3f63c1", "cluster-782", "IDLE", "SERVERLESS", "", srv);
    let expected = configured(expected, |seen| {
        seen.cloud = Some("AWS".into());
        (seen.backup, seen.termination_protection) = (Some(false), Some(true));
        seen.tags = Some(vec![("team".into(), "a".into())]);
    });
    assert_eq!(cluster("serverless", body), Some(expected));
}

#[test]
fn a_flex_cluster_is_read() {
    let body = br#"{"id":"1","name":"c","stateName":"CREATING","clusterType":"REPLICASET","connectionStrings":null,
        "providerSettings":{"backingProviderName":"AWS","diskSizeGB":5.0,"providerName":"FLEX"}}"#;
    assert_eq!(
        cluster("flexClusters", body),
        Some(configured(seen("1", "c", "CREATING", "FLEX", "", None), |seen| seen.cloud = Some("AWS".into())))
    );
}

#[test]
fn what_names_no_provider_or_no_state_is_no_cluster() {
    assert_eq!(cluster("clusters", br#"{"id":"1","name":"c","stateName":"IDLE","replicationSpecs":[]}"#), None);
    assert_eq!(cluster("serverless", br#"{"id":"1","name":"c"}"#), None);
    assert_eq!(cluster("serverless", br#"{"id":"1","name":"","stateName":"IDLE"}"#), None);
    assert_eq!(cluster("serverless", b"[]"), None);
}

#[test]
fn one_strange_row_does_not_hide_the_others() {
    let body = format!(r#"{{"links":[],"results":[{M0},7,{{"id":"2"}},{{"id":null}}],"totalCount":999}}"#);
    let rows = rows("clusters", body.as_bytes()).unwrap();
    assert_eq!((rows.clusters.len(), rows.count), (1, 4));
    assert!(super::rows("clusters", b"{}").is_none());
    assert_eq!(super::rows("clusters", br#"{"results":[]}"#).map(|rows| rows.count), Some(0));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200), cut in 0usize..1000) {
        for segment in ["clusters", "serverless", "flexClusters"] {
            let _ = cluster(segment, &body);
            let _ = rows(segment, &body);
            let _ = cluster(segment, &M0.as_bytes()[..cut.min(M0.len())]);
        }
    }

    #[test]
    fn no_flipped_byte_makes_it_panic(at in 0usize..700, to in any::<u8>()) {
        let mut body = M0.as_bytes().to_vec();
        if let Some(byte) = body.get_mut(at) {
            *byte = to;
        }
        let _ = cluster("clusters", &body);
    }
}
