//! Drydock's own error codes, which stand beside Atlas's in reports and histories.

use serde::{Deserialize, Serialize};

/// No cluster of this name in either API, on two looks.
pub const CLUSTER_NOT_FOUND: &str = "CLUSTER_NOT_FOUND";
/// The cluster is paused; Atlas upgrades none that is.
pub const CLUSTER_PAUSED: &str = "CLUSTER_PAUSED";
/// The cluster is of a kind that this operation does not start from.
pub const WRONG_TIER: &str = "WRONG_TIER";
/// Another cluster has taken the name.
pub const CLUSTER_REPLACED: &str = "CLUSTER_REPLACED";
/// Of a failed job: after a send the cluster is idle and neither what it was nor what it should be. Of a succeeded one,
/// a warning: the cluster was upgraded, and is not in every respect what its row asks for.
pub const TARGET_DIFFERS: &str = "TARGET_DIFFERS";
/// Nothing to do: the cluster is what it should become.
pub const ALREADY_AT_TARGET: &str = "ALREADY_AT_TARGET";
/// Atlas accepted, and the cluster stayed, or became again, what it was.
pub const DID_NOT_TAKE: &str = "DID_NOT_TAKE";
/// As many attempts as the campaign allows, none of which landed.
pub const ATTEMPTS_EXHAUSTED: &str = "ATTEMPTS_EXHAUSTED";
/// The job ended while a request of ours may still land.
pub const OUTCOME_UNKNOWN: &str = "OUTCOME_UNKNOWN";
/// The time that the campaign gives a job has passed.
pub const GAVE_UP: &str = "GAVE_UP";
/// The row asks for another region or cloud than the cluster is in, and the campaign does not allow that.
pub const REGION_CHANGES: &str = "REGION_CHANGES";
/// The row is gone from the fleet.
pub const NO_LONGER_IN_FLEET: &str = "NO_LONGER_IN_FLEET";
/// The plan that is run leaves the job out.
pub const NOT_IN_PLAN: &str = "NOT_IN_PLAN";
/// An operator cancelled the job.
pub const CANCELLED: &str = "CANCELLED";
/// Too many requests, where Atlas gave no code.
pub const RATE_LIMITED: &str = "RATE_LIMITED";

/// What went wrong, for the machine (`code`) and for people (`detail`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fault {
    /// Atlas's `errorCode`, one of this module's, or a word for the way in which no answer came.
    pub code: String,
    /// What happened and what to do next.
    pub detail: String,
}

impl Fault {
    /// A fault of `code` with its explanation.
    pub fn new(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code: code.into(), detail: detail.into() }
    }
}
