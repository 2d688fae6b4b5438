//! The JSON of clusters.

use serde_json::{Value, json};

use crate::clock::Millis;
use crate::simulator::seeded_rng::SeededRng;
use crate::simulator::world::cluster::{Cluster, ClusterKind, Stage};
use crate::simulator::world::entry::{ClusterEntry, JsonShape};
use crate::simulator::world::visible::VisibleState;

/// The first version of the clusters that has replication specifications.
pub(crate) const REPLICATION_SPECS: &str = "2024-08-05";

const MONGODB: &str = "8.0.29";

/// A shared or dedicated cluster, in the shape of a version.
pub(crate) fn cluster(entry: &ClusterEntry, visible: VisibleState, shape: JsonShape, rng: SeededRng) -> Value {
    let source = &entry.cluster;
    let (idle, paused) = match visible {
        VisibleState::Shared { idle, paused } => (idle, paused),
        VisibleState::Dedicated { idle, .. } => (idle, false),
        _ => (true, false),
    };
    let dedicated = matches!(visible, VisibleState::Dedicated { .. });
    let new = dedicated && entry.becomes(ClusterKind::Dedicated);
    let without_strings = matches!(visible, VisibleState::Dedicated { has_connection_strings: false, .. });
    let mut body = json!({
        "backupEnabled": dedicated && entry.backup().unwrap_or(false),
        "clusterType": "REPLICASET",
        "connectionStrings": if without_strings { json!({}) } else { connection_strings(entry, rng) },
        "createDate": date(if new { entry.upgraded_at().unwrap_or_else(|| created_at(entry, rng)) } else { created_at(entry, rng) }),
        "diskSizeGB": if dedicated { 10.0 } else { 0.5 },
        "groupId": source.project,
        "id": if new { entry.target_id(rng) } else { source.id.clone() },
        "links": [],
        "mongoDBMajorVersion": "8.0",
        "mongoDBVersion": MONGODB,
        "name": source.name,
        "paused": paused,
        "stateName": state_name(idle),
        "tags": if dedicated { entry.tags() } else { json!([]) },
        "terminationProtectionEnabled": dedicated && entry.termination_protection(),
    });
    if shape.version < REPLICATION_SPECS {
        body["providerSettings"] = provider_settings(entry, visible);
    } else {
        body["replicationSpecs"] = replication_specs(entry, visible, shape, rng);
    }
    body
}

/// Where a dedicated cluster is, and how large.
struct Placement<'a> {
    provider: &'a str,
    region: &'a str,
    size: &'a str,
}

impl<'a> Placement<'a> {
    fn of(entry: &'a ClusterEntry) -> Self {
        let Cluster { provider, region, size, .. } = &entry.cluster;
        let old = Self { provider, region, size };
        let requested = entry.requested.as_deref().filter(|requested| !requested.size.is_empty());
        requested.map_or(old, |requested| Self {
            provider: &requested.provider,
            region: &requested.region,
            size: &requested.size,
        })
    }
}

fn connection_strings(entry: &ClusterEntry, rng: SeededRng) -> Value {
    json!({
        "standard": standard(entry, rng),
        "standardSrv": srv(&entry.cluster.name, &entry.cluster.project, rng),
    })
}

fn provider_settings(entry: &ClusterEntry, visible: VisibleState) -> Value {
    let source = &entry.cluster;
    if matches!(visible, VisibleState::Dedicated { .. }) {
        let Placement { provider, region, size } = Placement::of(entry);
        let size = entry.scaled_size.as_deref().unwrap_or(size);
        json!({"providerName": provider, "instanceSizeName": size, "regionName": region})
    } else {
        with_location(json!({"providerName": "TENANT", "instanceSizeName": "M0"}), &source.provider, &source.region)
    }
}

/// The same with the cloud and the region, if reads show them.
fn with_location(mut body: Value, cloud: &str, region: &str) -> Value {
    for (key, value) in [("backingProviderName", cloud), ("regionName", region)] {
        if !value.is_empty() {
            body[key] = value.into();
        }
    }
    body
}

fn replication_specs(entry: &ClusterEntry, visible: VisibleState, shape: JsonShape, rng: SeededRng) -> Value {
    let source = &entry.cluster;
    let region = if matches!(visible, VisibleState::Dedicated { .. }) {
        let Placement { provider, region, size: requested } = Placement::of(entry);
        let effective = entry.scaled_size.as_deref().unwrap_or(requested);
        let specs = |size: &str| json!({"instanceSize": size, "nodeCount": 3, "diskSizeGB": 10.0});
        let size = if shape.has_effective_fields { requested } else { effective };
        let mut body =
            json!({"providerName": provider, "regionName": region, "priority": 7, "electableSpecs": specs(size)});
        if shape.has_effective_fields {
            body["effectiveElectableSpecs"] = specs(effective);
        }
        body
    } else {
        let body = json!({"providerName": "TENANT", "priority": 7, "electableSpecs": {"instanceSize": "M0"}});
        with_location(body, &source.provider, &source.region)
    };
    json!([{
        "id": rng.id(&["replication", &source.id], 0),
        "zoneId": rng.id(&["zone", &source.id], 0),
        "zoneName": "Zone 1",
        "regionConfigs": [region],
    }])
}

/// A serverless instance.
pub(crate) fn serverless(entry: &ClusterEntry, idle: bool, rng: SeededRng) -> Value {
    let source = &entry.cluster;
    let requested = entry.requested.as_deref().map(|requested| (&*requested.provider, &*requested.region));
    let (cloud, region) = requested.unwrap_or((&source.provider, &source.region));
    let id = entry.target_id(rng);
    let strings = if idle { json!({"standardSrv": srv(&source.name, &id, rng)}) } else { json!({}) };
    json!({
        "connectionStrings": strings,
        "createDate": date(entry.upgraded_at().unwrap_or_else(|| created_at(entry, rng))),
        "groupId": source.project,
        "id": id,
        "links": [],
        "mongoDBVersion": MONGODB,
        "name": source.name,
        "providerSettings": with_location(json!({"providerName": "SERVERLESS"}), cloud, region),
        "serverlessBackupOptions": {"serverlessContinuousBackupEnabled": entry.backup().unwrap_or(true)},
        "stateName": state_name(idle),
        "tags": entry.tags(),
        "terminationProtectionEnabled": entry.termination_protection(),
    })
}

/// The response to an accepted upgrade: the old cluster, UPDATING.
pub(crate) fn accepted(entry: &ClusterEntry, rng: SeededRng) -> Value {
    if entry.becomes(ClusterKind::Serverless) {
        // In the form of the target.
        let mut body = serverless(entry, false, rng);
        body["id"] = json!(entry.cluster.id);
        body["createDate"] = json!(date(created_at(entry, rng)));
        body["connectionStrings"] = json!({"standardSrv": srv(&entry.cluster.name, &entry.cluster.project, rng)});
        return body;
    }
    if entry.upgrade().is_some_and(|(_, path)| path.source == ClusterKind::Flex) {
        return flex(entry, false, rng);
    }
    let shape = JsonShape { version: "2023-01-01", has_effective_fields: false };
    cluster(entry, VisibleState::Shared { idle: false, paused: false }, shape, rng)
}

/// A flex cluster, from before an upgrade or one that an upgrade has made.
pub(crate) fn flex(entry: &ClusterEntry, idle: bool, rng: SeededRng) -> Value {
    let source = &entry.cluster;
    let new = entry.becomes(ClusterKind::Flex);
    let requested =
        entry.requested.as_deref().filter(|_| new).map(|requested| (&*requested.provider, &*requested.region));
    let (cloud, region) = requested.unwrap_or((&source.provider, &source.region));
    let upgraded = new || source.stage == Stage::Flex;
    json!({
        "backupSettings": {"enabled": true},
        "clusterType": "REPLICASET",
        "connectionStrings": if new && !idle { json!({}) } else { connection_strings(entry, rng) },
        "createDate": date(entry.upgraded_at().filter(|_| new).unwrap_or_else(|| created_at(entry, rng))),
        "groupId": source.project,
        "id": if new { entry.target_id(rng) } else { source.id.clone() },
        "links": [],
        "mongoDBVersion": MONGODB,
        "name": source.name,
        "providerSettings": with_location(json!({"diskSizeGB": 5.0, "providerName": "FLEX"}), cloud, region),
        "stateName": state_name(idle),
        "tags": if upgraded { entry.tags() } else { json!([]) },
        "terminationProtectionEnabled": upgraded && entry.termination_protection(),
        "versionReleaseSystem": "LTS",
    })
}

fn state_name(idle: bool) -> &'static str {
    if idle { "IDLE" } else { "UPDATING" }
}

/// The host uses only the first 23 characters of a name.
fn srv(name: &str, owner: &str, rng: SeededRng) -> String {
    let host = name.chars().take(23).collect::<String>().to_lowercase();
    format!("mongodb+srv://{host}.{}.mongodb.net", domain(owner, rng))
}

fn standard(entry: &ClusterEntry, rng: SeededRng) -> String {
    let host = rng.id(&["host", &entry.cluster.id], 0);
    let domain = domain(&entry.cluster.project, rng);
    format!("mongodb://ac-{}-shard-00-00.{domain}.mongodb.net:27017/?ssl=true&authSource=admin", &host[..7])
}

fn domain(owner: &str, rng: SeededRng) -> String {
    rng.id(&["site", owner], 0).chars().take(7).collect()
}

/// When the source cluster was created: some time in the year after November 2023.
fn created_at(entry: &ClusterEntry, rng: SeededRng) -> Millis {
    let age = rng.draw(&["born", &entry.cluster.id], 0) % 31_536_000;
    Millis(1_700_000_000_000 + age as i64 * 1_000)
}

/// A time as Atlas writes it, without milliseconds.
fn date(moment: Millis) -> String {
    let text = moment.to_string();
    text.get(..19).map_or_else(|| text.clone(), |seconds| format!("{seconds}Z"))
}
