//! The upgrades that Drydock knows, one file each. Nothing else in the house knows which there are.

mod flex_to_dedicated;
mod m0_to_dedicated;
mod m0_to_flex;
mod shared_to_serverless;

use serde_json::{Value, json};

use crate::domain::event::{Found, Seen, Sighting};
use crate::domain::job::{Job, Wanted};

/// One of Atlas's cluster APIs, in the version that Drydock reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Api {
    /// The path segment below the project: `clusters`, `serverless`, ...
    pub segment: &'static str,
    /// The version date for `Accept`.
    pub version: &'static str,
}

/// Shared and dedicated clusters; read in the newest shape, since the older ones end on 1 July 2027.
pub const CLUSTERS: Api = Api { segment: "clusters", version: "2024-08-05" };

/// Serverless instances.
pub const SERVERLESS: Api = Api { segment: "serverless", version: "2023-01-01" };

/// Flex clusters.
pub const FLEX: Api = Api { segment: "flexClusters", version: "2024-11-13" };

/// What an upgrade request is, without its host and its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The path, percent-safe as it stands.
    pub path: String,
    /// The version date for `Accept`.
    pub version: &'static str,
    /// The JSON body.
    pub body: Vec<u8>,
}

/// One upgrade: what it asks of Atlas, what it reads, and when it is done.
#[derive(Debug)]
pub struct Operation {
    /// The name in the campaign file.
    pub name: &'static str,
    /// From what to what, for people.
    pub title: &'static str,
    /// When live Atlas stopped serving it, if it did.
    pub retired: Option<&'static str>,
    /// Whether the row must say an instance size.
    pub needs_instance_size: bool,
    /// Whether the row may say that backups are to be continuous.
    pub takes_continuous_backup: bool,
    /// Where the cluster is read before the upgrade.
    pub source: Api,
    /// Where it is read after the upgrade; may be the same.
    pub target: Api,
    /// What its users will notice, for whoever approves it (MongoDB's documentation; recordings).
    pub changes: &'static [&'static str],
    /// What the cluster of a row is to become, in a few words.
    pub becomes: fn(&Wanted) -> String,
    /// The size by which Atlas lists the regions of the target, where it does.
    pub tier: fn(&Wanted) -> Option<String>,
    path: &'static str,
    version: &'static str,
    body: fn(&str, &Wanted) -> Value,
    is_source: fn(&Seen) -> bool,
    is_target: fn(&Seen, &Wanted, Accepted) -> bool,
}

/// Whether Atlas has accepted a request of ours.
type Accepted = bool;

impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

static ALL: [&Operation; 4] = [
    &shared_to_serverless::OPERATION,
    &m0_to_flex::OPERATION,
    &m0_to_dedicated::OPERATION,
    &flex_to_dedicated::OPERATION,
];

/// What the users of a cluster notice that becomes dedicated.
const DEDICATED: &[&str] = &[
    "An initial sync copies all data: the upgrade takes from 25 minutes (recorded) to hours, by the size of the data.",
    "The cluster gets a new id. Its connection strings are gone for most of the time; in the recorded upgrade the same \
         mongodb+srv host came back.",
    "It is billed by the hour from then on, and cannot go back to free or flex.",
    "Only the upgrade's own settings are applied: all others want a change of their own afterwards.",
];

/// `M10 in AWS US_EAST_1`
fn becomes_dedicated(wanted: &Wanted) -> String {
    let Wanted { provider, region, .. } = wanted;
    format!("{} in {provider} {region}", wanted.instance_size.as_deref().unwrap_or("dedicated"))
}

/// A free cluster.
fn is_free(seen: &Seen) -> bool {
    seen.provider == "TENANT" && seen.size == "M0"
}

/// A dedicated cluster in the cloud that the row wants, and of its size; once Atlas has accepted our request, of any size:
/// compute auto-scaling may have changed it, and nothing but an upgrade makes a cluster dedicated.
fn is_wanted_size(seen: &Seen, wanted: &Wanted, accepted: Accepted) -> bool {
    seen.provider == wanted.provider && (accepted || Some(&seen.size) == wanted.instance_size.as_ref())
}

/// What each request may say besides, if the row does.
fn optional(body: &mut Value, wanted: &Wanted) {
    if !wanted.tags.is_empty() {
        body["tags"] = wanted.tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    }
    if let Some(on) = wanted.termination_protection {
        body["terminationProtectionEnabled"] = on.into();
    }
}

impl Operation {
    /// Every operation, the reference operation first.
    pub fn all() -> &'static [&'static Self] {
        &ALL
    }

    /// The operation called `name`.
    pub fn of_name(name: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|operation| operation.name == name)
    }

    /// Whose bucket an upgrade request draws from: the path segment below the project.
    pub fn endpoints(&self) -> &'static str {
        self.path.split(['/', ':']).next().unwrap_or_default()
    }

    /// The names of the others that live Atlas serves, as far as is known.
    pub fn others_served(&self) -> String {
        let served = ALL.iter().filter(|other| other.retired.is_none() && other.name != self.name);
        served.map(|other| other.name).collect::<Vec<_>>().join(", ")
    }

    /// The request that upgrades the job's cluster. It holds nothing secret.
    pub fn request(&self, job: &Job) -> Request {
        Request {
            path: format!("/api/atlas/v2/groups/{}/{}", job.project_id, self.path),
            version: self.version,
            body: (self.body)(job.name_in_atlas(), &job.wanted).to_string().into_bytes(),
        }
    }

    /// What the two reads together show of a job's cluster. The target wins: right after an upgrade the source's API may be stale.
    pub fn sight(&self, wanted: &Wanted, accepted: Accepted, source: Found, target: Found) -> Sighting {
        match (source, target) {
            (_, Found::Cluster(seen)) if (self.is_target)(&seen, wanted, accepted) => {
                let done = seen.is_idle() && seen.connection_string.is_some();
                Sighting::Target { seen, done }
            }
            (Found::Cluster(seen), _) if (self.is_source)(&seen) => Sighting::Source(seen),
            (Found::Cluster(seen), _) | (_, Found::Cluster(seen)) => Sighting::Other(seen),
            (Found::NotFound, Found::NotFound) => Sighting::Missing,
            (Found::Unlisted, _) | (_, Found::Unlisted) => Sighting::Unlisted,
            (Found::Elsewhere, _) | (_, Found::Elsewhere) => Sighting::Elsewhere,
        }
    }
}
