//! The JSON of the resources.

use serde_json::{Value, json};

use super::cluster::{Cluster, Stage, Way};
use super::dice::Dice;
use super::versions::REPLICATION_SPECS;
use super::world::{Entry, Shown};
use crate::clock::Millis;

const MONGODB: &str = "8.0.29";

/// A shared or dedicated cluster, in the shape of a version.
pub(super) fn cluster(entry: &Entry, shown: Shown, version: &str, dice: Dice) -> Value {
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
        "backupEnabled": dedicated && entry.wanted.as_deref().is_some_and(|wanted| wanted.backup),
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
        "tags": [],
        "terminationProtectionEnabled": false,
    });
    if version < REPLICATION_SPECS {
        body["providerSettings"] = provider_settings(entry, shown);
    } else {
        body["replicationSpecs"] = replication_specs(entry, shown, dice);
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
        json!({"providerName": provider, "instanceSizeName": size, "regionName": region})
    } else {
        json!({
            "providerName": "TENANT",
            "backingProviderName": source.provider,
            "instanceSizeName": "M0",
            "regionName": source.region,
        })
    }
}

fn replication_specs(entry: &Entry, shown: Shown, dice: Dice) -> Value {
    let source = &entry.cluster;
    let region = if matches!(shown, Shown::Dedicated { .. }) {
        let Place { provider, region, size } = Place::of(entry);
        json!({
            "providerName": provider,
            "regionName": region,
            "priority": 7,
            "electableSpecs": {"instanceSize": size, "nodeCount": 3, "diskSizeGB": 10.0},
        })
    } else {
        json!({
            "providerName": "TENANT",
            "backingProviderName": source.provider,
            "regionName": source.region,
            "priority": 7,
            "electableSpecs": {"instanceSize": "M0"},
        })
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
    let (source, wanted) = (&entry.cluster, entry.wanted.as_deref());
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
        "providerSettings": {
            "backingProviderName": wanted.map_or(&source.provider, |wanted| &wanted.provider),
            "providerName": "SERVERLESS",
            "regionName": wanted.map_or(&source.region, |wanted| &wanted.region),
        },
        "serverlessBackupOptions": {
            "serverlessContinuousBackupEnabled": wanted.is_none_or(|wanted| wanted.backup),
        },
        "stateName": state(idle),
        "tags": wanted.map_or_else(|| json!([]), |wanted| wanted.tags.clone()),
        "terminationProtectionEnabled": wanted.is_some_and(|wanted| wanted.termination_protection),
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
    cluster(entry, Shown::Shared { idle: false, paused: false }, "2023-01-01", dice)
}

/// A flex cluster, from before an upgrade or one that an upgrade has made.
pub(super) fn flex(entry: &Entry, idle: bool, dice: Dice) -> Value {
    let source = &entry.cluster;
    let new = entry.becomes(Stage::Flex);
    let wanted = entry.wanted.as_deref().filter(|_| new);
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
        "providerSettings": {
            "backingProviderName": wanted.map_or(&source.provider, |wanted| &wanted.provider),
            "diskSizeGB": 5.0,
            "providerName": "FLEX",
            "regionName": wanted.map_or(&source.region, |wanted| &wanted.region),
        },
        "stateName": state(idle),
        "tags": wanted.map_or_else(|| json!([]), |wanted| wanted.tags.clone()),
        "terminationProtectionEnabled": wanted.is_some_and(|wanted| wanted.termination_protection),
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
