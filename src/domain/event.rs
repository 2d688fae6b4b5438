//! What can happen to a job: all that [`decide`](crate::domain::machine::decide) can be told.

use std::time::Duration;

use crate::clock::Millis;
use crate::domain::cluster_name::is_same_name;
use crate::domain::code::Fault;
use crate::domain::hold::{Hold, Reach};
use crate::domain::job::Identity;

/// A cluster as one of Atlas's APIs describes it, whichever version of the resource that was.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Seen {
    /// Atlas's id, 24 hex digits.
    pub id: String,
    /// The cluster's name.
    pub name: String,
    /// `stateName`: `IDLE`, `UPDATING`, ...
    pub state: String,
    /// Whether the cluster is paused.
    pub paused: bool,
    /// `TENANT`, `SERVERLESS`, `FLEX`, or the cloud of a dedicated cluster.
    pub provider: String,
    /// `M0`, `M10`, ...: the size that was asked for; empty where the API names none.
    pub size: String,
    /// How it is configured.
    pub configuration: Box<Configuration>,
    /// The connection string for applications: `standardSrv`, else `standard`.
    pub connection_string: Option<String>,
}

/// How a cluster is configured, as far as the API says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Configuration {
    /// The size that it has now, where that is another one: compute auto-scaling has changed it.
    pub effective_size: Option<String>,
    /// The cloud that it is in, `AWS`, `AZURE` or `GCP`, also of a tenant; `None` where the API does not say.
    pub cloud: Option<String>,
    /// The region that it is in, in Atlas's spelling; `None` where the API does not say.
    pub region: Option<String>,
    /// The version of MongoDB, such as `8.0.29`.
    pub mongodb_version: Option<String>,
    /// Key and value of each tag; `None` where the API does not say.
    pub tags: Option<Vec<(String, String)>>,
    /// Whether it is backed up continuously (serverless), or by snapshots of the cloud (dedicated).
    pub backup: Option<bool>,
    /// Whether it is protected from being deleted.
    pub termination_protection: Option<bool>,
}

impl Seen {
    /// Whether Atlas says that it is making no changes.
    pub fn is_idle(&self) -> bool {
        self.state == "IDLE"
    }

    /// `M0 TENANT in AWS EU_WEST_1, MongoDB 8.0.29, IDLE`: the cluster in a few words.
    pub fn words(&self) -> String {
        let Configuration { cloud, effective_size, mongodb_version, .. } = &*self.configuration;
        let kind = match (&*self.size, &*self.provider) {
            ("", provider) => provider.to_owned(),
            (size, provider) if size == provider => provider.to_owned(),
            (size, provider) if cloud.as_deref() == Some(provider) => size.to_owned(),
            (size, provider) => format!("{size} {provider}"),
        };
        let scaled = effective_size.as_ref().map(|size| format!(" (scaled to {size})")).unwrap_or_default();
        let place = self.place().map(|place| format!(" in {place}")).unwrap_or_default();
        let version = mongodb_version.as_ref().map(|version| format!(", MongoDB {version}")).unwrap_or_default();
        let pause = if self.paused { ", paused" } else { "" };
        format!("{kind}{scaled}{place}{version}, {}{pause}", self.state)
    }

    /// `AWS EU_WEST_1`: the cloud and the region, as far as the API says.
    pub fn place(&self) -> Option<String> {
        match (&self.configuration.cloud, &self.configuration.region) {
            (Some(cloud), Some(region)) => Some(format!("{cloud} {region}")),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        }
    }
}

/// What one API said about one name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Found {
    /// It described the cluster.
    Cluster(Seen),
    /// A single read answered 404: no such cluster here.
    NotFound,
    /// A list did not show it, which is no news.
    Unlisted,
    /// A single read said that the cluster belongs to another API.
    Elsewhere,
}

impl Found {
    /// What a list says about a name, in whatever case Atlas spells it.
    pub fn among(list: &[Seen], name: &str) -> Self {
        list.iter()
            .find(|seen| is_same_name(&seen.name, name))
            .map_or(Self::Unlisted, |seen| Self::Cluster(seen.clone()))
    }
}

/// What both APIs together say about a cluster, seen with the eyes of the operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sighting {
    /// The wanted target, finished or not.
    Target {
        /// The cluster.
        seen: Seen,
        /// Idle and with connection strings.
        done: bool,
    },
    /// The cluster that the operation starts from.
    Source(Seen),
    /// A cluster that is neither.
    Other(Seen),
    /// Both APIs answered 404 to a single read.
    Missing,
    /// Single reads said that the name belongs to an API that this operation does not read.
    Elsewhere,
    /// Nothing was learned.
    Unlisted,
}

/// What Atlas's answer to an upgrade request means (the classes of Drydock's notes on Atlas).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Atlas upgrades. The id is the one that the answer named.
    Accepted {
        /// The cluster's id as the answer had it.
        id: Option<String>,
    },
    /// Too many requests; nothing was applied.
    Throttled {
        /// What `Retry-After` said.
        retry_after: Option<Duration>,
    },
    /// Nothing was applied, and later it may be.
    NotNow(Fault),
    /// No connection could be made: nothing left, nothing was applied.
    NeverSent(Fault),
    /// Atlas no longer serves the operation; nothing was applied.
    Gone(Fault),
    /// Refused for a reason that concerns more than this cluster; nothing was applied.
    ScopeHeld(Hold),
    /// Refused for good.
    Refused(Fault),
    /// Anything may have happened.
    Unknown(Fault),
}

impl Answer {
    /// What went wrong, in words, where anything did.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Accepted { .. } | Self::Throttled { .. } => None,
            Self::ScopeHeld(hold) => Some(&hold.fault),
            Self::NotNow(fault)
            | Self::NeverSent(fault)
            | Self::Gone(fault)
            | Self::Refused(fault)
            | Self::Unknown(fault) => Some(fault),
        }
    }

    /// What the answer asks to be held besides this job.
    pub fn hold(&self) -> Option<Hold> {
        match self {
            Self::Gone(fault) => Some(Hold::until_released(Reach::Campaign, fault.clone())),
            Self::ScopeHeld(hold) => Some(hold.clone()),
            _ => None,
        }
    }
}

/// What happened to a job.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Event {
    /// A look came back.
    Looked {
        /// When its request was started: that is when it counts.
        started: Millis,
        /// What it showed.
        sighting: Sighting,
    },
    /// A look failed, which says nothing about the cluster.
    LookFailed {
        /// Why.
        fault: Fault,
        /// How long Atlas asked to wait.
        retry_after: Option<Duration>,
        /// Whether nobody gets through at all, which says nothing about this job's time.
        braked: bool,
    },
    /// Everything is at hand to send the request now.
    Intent,
    /// The request's answer, or the news that none will come.
    Answered {
        /// The send that it belongs to.
        send: i64,
        /// When the call ended: after it nothing of the request is given to the system any more.
        ended: Millis,
        /// What it means.
        answer: Answer,
        /// Whether nobody gets through at all (503), so that it is no fault of this cluster's.
        braked: bool,
    },
    /// The runner that held the job is dead, and this one has taken over.
    TakenOver,
    /// An operator wants no further send.
    Cancel,
    /// The row is gone from the fleet.
    LeftFleet,
    /// The row is in the fleet again.
    Returned {
        /// Whether a request to the same cluster is open in another campaign, or was accepted there and did not
        /// succeed.
        elsewhere: bool,
    },
    /// Another job of the campaign stands for the same cluster, which it names in another case.
    Duplicate {
        /// That name.
        of: String,
    },
    /// A plan that is to be run names the cluster: no other may be upgraded in its place.
    Planned {
        /// What the plan saw under the name.
        source: Identity,
        /// The plan's digest.
        plan: String,
    },
    /// A plan that is to be run leaves the job out.
    LeftOut {
        /// What the plan says about it.
        why: String,
        /// The plan saw the cluster at the target, so that nothing is to be done.
        at_target: bool,
    },
    /// A request to the same cluster is open, or was accepted without success, in another campaign.
    SentElsewhere,
    /// The database may lack what was sent: it was put back from a backup, or comes from elsewhere.
    Restored,
    /// An operator wants no waiting for what Atlas has asked for.
    BroughtForward {
        /// The operator's words.
        reason: Option<String>,
    },
    /// An operator wants it tried again.
    Retry {
        /// The operator's words.
        reason: Option<String>,
        /// Whether a request to the same cluster is open in another campaign, or was accepted there and did not
        /// succeed; or whether one may have been sent without this database's knowing.
        elsewhere: bool,
    },
}
