//! The JSON of the resources.

use serde_json::{Value, json};

use super::cluster::{Cluster, Stage, Way};
use super::dice::Dice;
use super::versions::REPLICATION_SPECS;
use super::world::{Entry, Shape, Shown};
use crate::clock::Millis;

const MONGODB: &str = "8.0.29";

/// A shared or dedicated cluster, in the shape of a version.
pub(super) fn cluster(entry: &Entry, shown: Shown, shape: Shape, dice: Dice) -> Value {
    let source = &entry.cluster;
    let (idle, paused) = match shown {
        Shown::Shared { idle, paused } => (idle, paused),
        Shown::Dedicated { idle, .. } => (idle, false),
        _ => (true, false),
    };
    let dedicated = matches!(shown, Shown::Dedicated { .. });
    let new = dedicated && entry.becomes(Stage::Dedicated);
    let without = matches!(shown, Shown::Dedicated { strings: false, .. });
    let mut body = json!({
        "backupEnabled": dedicated && entry.backup().unwrap_or(false),
        "clusterType": "REPLICASET",
        "connectionStrings": if without { json!({}) } else { strings(entry, dice) },
        "createDate": date(if new { entry.since().unwrap_or_else(|| born(entry, dice)) } else { born(entry, dice) }),
        "diskSizeGB": if dedicated { 10.0 } else { 0.5 },
        "groupId": source.project,
        "id": if new { entry.target_id(dice) } else { source.id.clone() },
        "links": [],
        "mongoDBMajorVersion": "8.0",
        "mongoDBVersion": MONGODB,
        "name": source.name,
        "paused": paused,
        "stateName": state(idle),
        "tags": if dedicated { entry.tags() } else { json!([]) },
        "terminationProtectionEnabled": dedicated && entry.termination_protection(),
    });
    if shape.version < REPLICATION_SPECS {
        body["providerSettings"] = provider_settings(entry, shown);
    } else {
        body["replicationSpecs"] = replication_specs(entry, shown, shape, dice);
    }
    body
}

/// Where a dedicated cluster is, and how large.
struct Place<'a> {
    provider: &'a str,
    region: &'a str,
    size: &'a str,
}

impl<'a> Place<'a> {
    fn of(entry: &'a Entry) -> Self {
        let Cluster { provider, region, size, .. } = &entry.cluster;
        let old = Self { provider, region, size };
        let wanted = entry.wanted.as_deref().filter(|wanted| !wanted.size.is_empty());
        wanted.map_or(old, |wanted| Self { provider: &wanted.provider, region: &wanted.region, size: &wanted.size })
    }
}

fn strings(entry: &Entry, dice: Dice) -> Value {
    json!({
        "standard": standard(entry, dice),
        "standardSrv": srv(&entry.cluster.name, &entry.cluster.project, dice),
    })
}

fn provider_settings(entry: &Entry, shown: Shown) -> Value {
    let source = &entry.cluster;
    if matches!(shown, Shown::Dedicated { .. }) {
        let Place { provider, region, size } = Place::of(entry);
        let size = entry.scaled.as_deref().unwrap_or(size);
        json!({"providerName": provider, "instanceSizeName": size, "regionName": region})
    } else {
        located(json!({"providerName": "TENANT", "instanceSizeName": "M0"}), &source.provider, &source.region)
    }
}

/// The same with the cloud and the region, as far as reads tell them.
fn located(mut body: Value, cloud: &str, region: &str) -> Value {
    for (key, value) in [("backingProviderName", cloud), ("regionName", region)] {
        if !value.is_empty() {
            body[key] = value.into();
        }
    }
    body
}

fn replication_specs(entry: &Entry, shown: Shown, shape: Shape, dice: Dice) -> Value {
    let source = &entry.cluster;
    let region = if matches!(shown, Shown::Dedicated { .. }) {
        let Place { provider, region, size: asked } = Place::of(entry);
        let effective = entry.scaled.as_deref().unwrap_or(asked);
        let specs = |size: &str| json!({"instanceSize": size, "nodeCount": 3, "diskSizeGB": 10.0});
        let shown = if shape.tells_sizes_apart { asked } else { effective };
        let mut body =
            json!({"providerName": provider, "regionName": region, "priority": 7, "electableSpecs": specs(shown)});
        if shape.tells_sizes_apart {
            body["effectiveElectableSpecs"] = specs(effective);
        }
        body
    } else {
        let body = json!({"providerName": "TENANT", "priority": 7, "electableSpecs": {"instanceSize": "M0"}});
        located(body, &source.provider, &source.region)
    };
    json!([{
        "id": dice.id(&["replication", &source.id], 0),
        "zoneId": dice.id(&["zone", &source.id], 0),
        "zoneName": "Zone 1",
        "regionConfigs": [region],
    }])
}

/// A serverless instance.
pub(super) fn serverless(entry: &Entry, idle: bool, dice: Dice) -> Value {
    let source = &entry.cluster;
    let wanted = entry.wanted.as_deref().map(|wanted| (&*wanted.provider, &*wanted.region));
    let (cloud, region) = wanted.unwrap_or((&source.provider, &source.region));
    let id = entry.target_id(dice);
    let strings = if idle { json!({"standardSrv": srv(&source.name, &id, dice)}) } else { json!({}) };
    json!({
        "connectionStrings": strings,
        "createDate": date(entry.since().unwrap_or_else(|| born(entry, dice))),
        "groupId": source.project,
        "id": id,
        "links": [],
        "mongoDBVersion": MONGODB,
        "name": source.name,
        "providerSettings": located(json!({"providerName": "SERVERLESS"}), cloud, region),
        "serverlessBackupOptions": {"serverlessContinuousBackupEnabled": entry.backup().unwrap_or(true)},
        "stateName": state(idle),
        "tags": entry.tags(),
        "terminationProtectionEnabled": entry.termination_protection(),
    })
}

/// The answer to an accepted upgrade: the old cluster, at work.
pub(super) fn accepted(entry: &Entry, dice: Dice) -> Value {
    if entry.becomes(Stage::Serverless) {
        // In the shape of what it is to become.
        let mut body = serverless(entry, false, dice);
        body["id"] = json!(entry.cluster.id);
        body["createDate"] = json!(date(born(entry, dice)));
        body["connectionStrings"] = json!({"standardSrv": srv(&entry.cluster.name, &entry.cluster.project, dice)});
        return body;
    }
    if matches!(entry.cluster.stage, Stage::Upgrading { way: Way::FlexToDedicated, .. }) {
        return flex(entry, false, dice);
    }
    let shape = Shape { version: "2023-01-01", tells_sizes_apart: false };
    cluster(entry, Shown::Shared { idle: false, paused: false }, shape, dice)
}

/// A flex cluster, from before an upgrade or one that an upgrade has made.
pub(super) fn flex(entry: &Entry, idle: bool, dice: Dice) -> Value {
    let source = &entry.cluster;
    let new = entry.becomes(Stage::Flex);
    let wanted = entry.wanted.as_deref().filter(|_| new).map(|wanted| (&*wanted.provider, &*wanted.region));
    let (cloud, region) = wanted.unwrap_or((&source.provider, &source.region));
    let upgraded = new || source.stage == Stage::Flex;
    json!({
        "backupSettings": {"enabled": true},
        "clusterType": "REPLICASET",
        "connectionStrings": if new && !idle { json!({}) } else { strings(entry, dice) },
        "createDate": date(entry.since().filter(|_| new).unwrap_or_else(|| born(entry, dice))),
        "groupId": source.project,
        "id": if new { entry.target_id(dice) } else { source.id.clone() },
        "links": [],
        "mongoDBVersion": MONGODB,
        "name": source.name,
        "providerSettings": located(json!({"diskSizeGB": 5.0, "providerName": "FLEX"}), cloud, region),
        "stateName": state(idle),
        "tags": if upgraded { entry.tags() } else { json!([]) },
        "terminationProtectionEnabled": upgraded && entry.termination_protection(),
        "versionReleaseSystem": "LTS",
    })
}

fn state(idle: bool) -> &'static str {
    if idle { "IDLE" } else { "UPDATING" }
}

/// The host uses only the first 23 characters of a name.
fn srv(name: &str, place: &str, dice: Dice) -> String {
    let host = name.chars().take(23).collect::<String>().to_lowercase();
    format!("mongodb+srv://{host}.{}.mongodb.net", site(place, dice))
}

fn standard(entry: &Entry, dice: Dice) -> String {
    let host = dice.id(&["host", &entry.cluster.id], 0);
    let site = site(&entry.cluster.project, dice);
    format!("mongodb://ac-{}-shard-00-00.{site}.mongodb.net:27017/?ssl=true&authSource=admin", &host[..7])
}

fn site(place: &str, dice: Dice) -> String {
    dice.id(&["site", place], 0).chars().take(7).collect()
}

/// When an old cluster was made: some time in the year after November 2023.
fn born(entry: &Entry, dice: Dice) -> Millis {
    let age = dice.draw(&["born", &entry.cluster.id], 0) % 31_536_000;
    Millis(1_700_000_000_000 + age as i64 * 1_000)
}

/// A time as Atlas writes it, without milliseconds.
fn date(moment: Millis) -> String {
    let text = moment.to_string();
    text.get(..19).map_or_else(|| text.clone(), |seconds| format!("{seconds}Z"))
}
