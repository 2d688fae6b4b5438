//! A plan: what a campaign would do to each cluster of its fleet, before anything is done.
//!
//! `survey` reads what Atlas says now, `judge` asks the rule book what it would make of it, and [`Plan`] is both in one
//! document, which can be approved and then run ([`Fingerprint`] ties it to what the campaign does, and to its fleet).

mod judge;
mod names;
mod regions;
mod survey;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::hold::{Held, Scope};
use crate::domain::operation::Operation;
use crate::store::NewJob;

pub use judge::{Known, judge};
pub use survey::{Refusal, Survey, sightings, survey};

/// What is to become of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It would be upgraded.
    Eligible,
    /// It is what it should become.
    AtTarget,
    /// It is on its way to the target, by somebody's hand.
    UnderWay,
    /// It is at work, and would be looked at again.
    Busy,
    /// It would fail, or must not be tried.
    NotEligible,
    /// It could not be seen: a run would look at it first, and then decide.
    NotSeen,
    /// This campaign has begun with it, or has ended it.
    Begun,
}

impl Verdict {
    /// All, the good news first.
    pub const ALL: [Self; 7] =
        [Self::Eligible, Self::AtTarget, Self::UnderWay, Self::Busy, Self::NotEligible, Self::NotSeen, Self::Begun];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::AtTarget => "at the target",
            Self::UnderWay => "under way",
            Self::Busy => "busy",
            Self::NotEligible => "not eligible",
            Self::NotSeen => "could not be seen",
            Self::Begun => "begun",
        }
    }
}

/// One row of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The row that a spreadsheet shows.
    pub row: i64,
    /// Atlas's `groupId`.
    pub project_id: String,
    /// The cluster's name.
    pub cluster_name: String,
    /// What stands under the name now, in a few words.
    pub is: String,
    /// What it is to become.
    pub becomes: String,
    /// The move to another region or cloud that the row asks for, `from AWS EU_WEST_1 to GCP WESTERN_EUROPE`.
    pub moves: Option<String>,
    /// What is to become of the row.
    pub verdict: Verdict,
    /// Why, where it is not eligible.
    pub code: Option<String>,
    /// The same in words, with what to do.
    pub detail: Option<String>,
    /// What Atlas may refuse, though the row is eligible: a run would ask all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The id of the cluster that stands under the name.
    pub cluster_id: Option<String>,
    /// Its connection string.
    pub connection_string: Option<String>,
}

/// A hold in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// `project`, `organisation` or `campaign`.
    pub scope: String,
    /// The id of the project or organisation.
    pub id: Option<String>,
    /// Why.
    pub code: String,
    /// The same in words, with what to do.
    pub detail: String,
    /// Since when.
    pub since: String,
}

impl Hold {
    /// The same for a document.
    pub fn of(held: &Held) -> Self {
        let Held { scope, fault, since, .. } = held;
        Self {
            scope: scope.kind().to_owned(),
            id: (*scope != Scope::Campaign).then(|| scope.id().to_owned()),
            code: fault.code.clone(),
            detail: fault.detail.clone(),
            since: since.to_string(),
        }
    }
}

/// How much it takes, by a rehearsal of what is eligible.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The median of the upgrades' durations that it rests on, in seconds.
    pub upgrade_seconds: u64,
    /// All requests.
    pub requests: u64,
    /// From the start to the last end, in seconds.
    pub duration_seconds: u64,
    /// The most upgrades under way at once.
    pub peak_in_flight: i64,
}

/// The form of the plans that this version writes.
pub const FORM: u32 = 2;

/// The form of a plan that names none.
fn before() -> u32 {
    1
}

/// A whole plan, as it is written to a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of Drydock that made it.
    pub drydock: String,
    /// When.
    pub made_at: String,
    /// The campaign.
    pub campaign: String,
    /// Its file, as it was named.
    pub file: String,
    /// What it does.
    pub operation: String,
    /// The host that was looked at.
    pub against: String,
    /// Who looked; never a secret.
    pub signed_in_as: String,
    /// What the plan is tied to, by number: [`FORM`], or 1 for the plans of before, which a comment in the campaign file
    /// made stale.
    #[serde(default = "before")]
    pub form: u32,
    /// Over the campaign's name, operation, host and guard; not over its pace, its patience or its comments.
    pub campaign_digest: String,
    /// Over the rows of the fleet, as they were read.
    pub fleet_digest: String,
    /// Rows by verdict.
    pub counts: BTreeMap<Verdict, usize>,
    /// Rows that ask for another region or cloud than their cluster is in, whether or not that is allowed.
    #[serde(default)]
    pub region_changes: usize,
    /// What is held in this campaign: these rows wait, however eligible they are.
    pub holds: Vec<Hold>,
    /// Until when Atlas asked to wait, if jobs of this campaign, or a run that is at work on it, wait for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_until: Option<String>,
    /// Projects of the fleet that the credentials do not see; `None` if the list of projects could not be read.
    pub unseen_projects: Option<Vec<String>>,
    /// The token buckets of a project, by set of endpoints, as Atlas states them.
    pub limits: BTreeMap<String, String>,
    /// What Atlas says about the end of the resources that are read, by resource.
    pub retires: BTreeMap<String, String>,
    /// What changes for the users of the clusters.
    pub changes: Vec<String>,
    /// How much it takes, where anything is eligible.
    pub estimate: Option<Estimate>,
    /// Every row, in the fleet's order.
    pub rows: Vec<Row>,
    /// Over all of this.
    pub digest: String,
}

impl Plan {
    /// The same with its digest.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.digest = self.computed();
        self
    }

    /// Whether nobody has edited it since.
    pub fn is_as_written(&self) -> bool {
        self.digest == self.computed()
    }

    fn computed(&self) -> String {
        let bare = Self { digest: String::new(), ..self.clone() };
        let bytes = serde_json::to_vec(&bare).unwrap_or_default();
        HEXLOWER.encode(&Sha256::digest(bytes))
    }
}

/// Ties a plan to a fleet: a digest over its rows.
#[derive(Default)]
pub struct Fingerprint(Sha256);

impl Fingerprint {
    /// Takes in the next row.
    pub fn add(&mut self, row: &NewJob) {
        let NewJob { row, project_id, cluster_name, wanted, extra } = row;
        let form = serde_json::to_vec(&(row, project_id, cluster_name, wanted, extra)).unwrap_or_default();
        self.0.update(form);
        self.0.update(b"\n");
    }

    /// Over all rows: 64 hex digits.
    pub fn finish(self) -> String {
        HEXLOWER.encode(&self.0.finalize())
    }

    /// Over what a campaign does and where, beside its rows: 64 hex digits.
    pub fn of_campaign(name: &str, operation: &Operation, base_url: &str, allow_region_change: bool) -> String {
        let form = serde_json::to_vec(&("drydock campaign", FORM, name, operation.name, base_url, allow_region_change));
        HEXLOWER.encode(&Sha256::digest(form.unwrap_or_default()))
    }
}
