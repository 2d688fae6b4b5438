//! The JSON of the resources.

use serde_json::{Value, json};

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
        _ => (true, false),
    };
    let mut body = json!({
        "backupEnabled": false,
        "clusterType": "REPLICASET",
        "connectionStrings": {
            "standard": standard(entry, dice),
            "standardSrv": srv(&source.name, &source.project, dice),
        },
        "createDate": date(born(entry, dice)),
        "diskSizeGB": if shown == Shown::Dedicated { 10.0 } else { 0.5 },
        "groupId": source.project,
        "id": source.id,
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

fn provider_settings(entry: &Entry, shown: Shown) -> Value {
    let source = &entry.cluster;
    if shown == Shown::Dedicated {
        json!({"providerName": source.provider, "instanceSizeName": "M10", "regionName": source.region})
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
    let region = if shown == Shown::Dedicated {
        json!({
            "providerName": source.provider,
            "regionName": source.region,
            "priority": 7,
            "electableSpecs": {"instanceSize": "M10", "nodeCount": 3, "diskSizeGB": 10.0},
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
            "serverlessContinuousBackupEnabled": wanted.is_none_or(|wanted| wanted.continuous_backup),
        },
        "stateName": state(idle),
        "tags": wanted.map_or_else(|| json!([]), |wanted| wanted.tags.clone()),
        "terminationProtectionEnabled": wanted.is_some_and(|wanted| wanted.termination_protection),
    })
}

/// The answer to an accepted upgrade: the old cluster, in the shape of what it is to become.
pub(super) fn accepted(entry: &Entry, dice: Dice) -> Value {
    let mut body = serverless(entry, false, dice);
    body["id"] = json!(entry.cluster.id);
    body["createDate"] = json!(date(born(entry, dice)));
    body["connectionStrings"] = json!({"standardSrv": srv(&entry.cluster.name, &entry.cluster.project, dice)});
    body
}

/// A flex cluster.
pub(super) fn flex(entry: &Entry, dice: Dice) -> Value {
    let source = &entry.cluster;
    json!({
        "backupSettings": {"enabled": true},
        "clusterType": "REPLICASET",
        "connectionStrings": {
            "standard": standard(entry, dice),
            "standardSrv": srv(&source.name, &source.project, dice),
        },
        "createDate": date(born(entry, dice)),
        "groupId": source.project,
        "id": source.id,
        "links": [],
        "mongoDBVersion": MONGODB,
        "name": source.name,
        "providerSettings": {
            "backingProviderName": source.provider,
            "diskSizeGB": 5.0,
            "providerName": "FLEX",
            "regionName": source.region,
        },
        "stateName": state(true),
        "tags": [],
        "terminationProtectionEnabled": false,
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
