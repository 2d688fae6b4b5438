//! A job: one cluster in one campaign, with all that the rule book needs to know about it.

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::domain::code::Fault;

/// The nine states of a job. The first five are live, the last four are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// To be looked at when its turn comes.
    Pending,
    /// A fresh look of this runner found it eligible.
    Ready,
    /// The intent is on disk; the request may be on the wire.
    Submitting,
    /// The effect of a request is unknown and is being looked for.
    Verifying,
    /// Atlas accepted, or a look showed the wanted target on its way.
    Upgrading,
    /// At the target, by a request of ours or while we followed it.
    Succeeded,
    /// Was at the target before we sent anything.
    Skipped,
    /// Ended short of the target; the error says why.
    Failed,
    /// Ended by an operator, or because the row left the fleet.
    Cancelled,
}

impl State {
    /// All nine, in the order of a job's life.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Ready,
        Self::Submitting,
        Self::Verifying,
        Self::Upgrading,
        Self::Succeeded,
        Self::Skipped,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name in the database, in reports and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Submitting => "submitting",
            Self::Verifying => "verifying",
            Self::Upgrading => "upgrading",
            Self::Succeeded => "succeeded",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state called `name`, if there is one.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether the job has ended.
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Skipped | Self::Failed | Self::Cancelled)
    }

    /// Whether the job counts against the limits on upgrades in flight.
    pub const fn is_in_flight(self) -> bool {
        matches!(self, Self::Submitting | Self::Verifying | Self::Upgrading)
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(self.name())
    }
}

/// What a verifying job becomes if its request never landed; on a submitting one, what an operator has decided
/// meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum IfNotLanded {
    /// It may be sent again.
    Ready,
    /// It was refused, and the refusal stands.
    Failed(Fault),
    /// An operator cancelled it.
    Cancelled,
}

/// What a row of the fleet wants its cluster to become.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Wanted {
    /// `AWS`, `AZURE` or `GCP`.
    pub provider: String,
    /// Atlas's name of the region, such as `US_EAST_1`.
    pub region: String,
    /// `M10` and up, for a dedicated target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_size: Option<String>,
    /// Left out of the request if unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuous_backup: Option<bool>,
    /// Left out of the request if unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination_protection: Option<bool>,
    /// Key and value of each tag, in the row's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
    /// The wave that the row belongs to, 1 first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wave: Option<u32>,
}

/// A cluster as it was when it mattered: what an upgrade overwrites, or has made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Atlas's id of the cluster, 24 hex digits.
    pub id: String,
    /// The connection string for applications, `mongodb+srv://` where there is one.
    pub connection_string: Option<String>,
}

/// Looks in a row that showed the same source cluster idle.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Streak {
    /// When the request of the first of them was started.
    pub since: Millis,
    /// The id that they showed.
    pub id: String,
    /// How many there were.
    pub looks: i64,
}

/// The requests of a job. Times are UTC; `None` means not yet, or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RequestState {
    /// The number of the newest send, 0 before the first; never used again.
    pub send: i64,
    /// Sends whose effect could not be ruled out, or that were refused for good.
    pub attempts: i64,
    /// Whether a request may still land.
    pub open: bool,
    /// Whether Atlas accepted a request of this job.
    pub accepted: bool,
    /// What follows if the open request never landed.
    pub if_not_landed: Option<IfNotLanded>,
    /// The last moment at which the newest request may have left.
    pub left_at: Option<Millis>,
    /// When the newest intent was written.
    pub sent_at: Option<Millis>,
    /// When an upgrade was accepted, or first seen under way.
    pub accepted_at: Option<Millis>,
    /// When the first request left that was an attempt.
    pub submitted_at: Option<Millis>,
    /// The id that Atlas's acceptance named.
    pub answered_id: Option<String>,
}

/// What looks have shown of a job's cluster: working notes, which the history does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ObservedState {
    /// Looks in a row at an idle source, counted while verifying and upgrading.
    pub streak: Option<Streak>,
    /// Looks in a row that found no cluster in either API, counted while pending and upgrading.
    pub missing: i64,
    /// Whether the next look has to be a single read, since lists did not show the cluster.
    pub alone: bool,
    /// When the first look was started.
    pub first_look_at: Option<Millis>,
    /// When the newest look was started that was answered: until the job is ready or sent also one that failed, but not for
    /// want of a way to Atlas. Of a ready job it is the look that made it so.
    pub looked_at: Option<Millis>,
    /// What the newest look showed, in words.
    pub seen: Option<String>,
    /// The cluster's name as Atlas spells it, where that differs from the row's in case.
    pub atlas_name: Option<String>,
    /// How long, in milliseconds, nobody could see the cluster while its upgrade was followed: it does not count.
    pub unattended_ms: i64,
}

/// When a job is acted on next, and how often that was put off: working notes, which the history does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Schedule {
    /// When it is to be acted on next; `None` for an ended job and while a request is on the wire.
    pub due_at: Option<Millis>,
    /// Answers in a row that put it off; they stretch the delay.
    pub deferrals: i64,
    /// Answers and looks of this process after the job's time had passed.
    pub overdue: i64,
    /// Until when Atlas asked to wait, where the job waits for that.
    pub asked_until: Option<Millis>,
}

/// One cluster in one campaign. Times are UTC; `None` means not yet, or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Job {
    /// The row's key in the database.
    pub id: i64,
    /// The campaign's key in the database.
    pub campaign_id: i64,
    /// The row that a spreadsheet shows.
    pub row: i64,
    /// Atlas's `groupId`.
    pub project_id: String,
    /// The cluster's name, unique in its project.
    pub cluster_name: String,
    /// What the cluster is to become.
    pub wanted: Wanted,
    /// Where the job is in its life.
    pub state: State,
    /// Counts the writes of this row; each write compares it.
    pub revision: i64,
    /// What was asked of Atlas.
    pub request: RequestState,
    /// What was seen of the cluster.
    pub observed: ObservedState,
    /// When it is acted on next.
    pub schedule: Schedule,
    /// When the job ended.
    pub finished_at: Option<Millis>,
    /// Why it failed, was skipped or was cancelled.
    pub error: Option<Fault>,
    /// The cluster before the upgrade.
    pub source: Option<Identity>,
    /// The cluster after the upgrade.
    pub target: Option<Identity>,
}

impl Job {
    /// A job as the intake makes it: pending and due at once.
    pub fn new(row: i64, project_id: &str, cluster_name: &str, wanted: Wanted, now: Millis) -> Self {
        Self {
            id: 0,
            campaign_id: 0,
            row,
            project_id: project_id.to_owned(),
            cluster_name: cluster_name.to_owned(),
            wanted,
            state: State::Pending,
            revision: 0,
            request: RequestState::default(),
            observed: ObservedState::default(),
            schedule: Schedule { due_at: Some(now), ..Schedule::default() },
            finished_at: None,
            error: None,
            source: None,
            target: None,
        }
    }

    /// The job as `change` makes it.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Whether more than the working notes differ from `other`: whatever else changes is told in the history.
    pub fn differs(&self, other: &Self) -> bool {
        let noted = Self {
            revision: other.revision,
            observed: other.observed.clone(),
            schedule: other.schedule.clone(),
            ..self.clone()
        };
        noted != *other
    }

    /// The cluster's name as Atlas spells it, as far as a look has shown: what requests and reads name.
    pub fn name_in_atlas(&self) -> &str {
        self.observed.atlas_name.as_deref().unwrap_or(&self.cluster_name)
    }

    /// `PROJECT/CLUSTER`, as people name a job.
    pub fn name(&self) -> String {
        format!("{}/{}", self.project_id, self.cluster_name)
    }
}
