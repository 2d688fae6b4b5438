//! How a simulated Atlas behaves: seed, durations, faults, sign-in, limits.

use std::time::Duration;

use crate::domain::bucket::Bucket;
use crate::simulator::auth::SignIn;
use crate::simulator::faults::Faults;
use crate::simulator::faults::refusals::Refusals;
use crate::simulator::protocol::token_buckets::BucketSharing;
use crate::simulator::world::durations::Durations;

/// All that can be chosen about a simulator but its clusters.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The same seed and the same requests give the same world.
    pub seed: u64,
    /// How long upgrades take.
    pub durations: Durations,
    /// Which faults are injected, and how often.
    pub faults: Faults,
    /// Which projects refuse requests.
    pub refusals: Refusals,
    /// How many organisations the projects belong to.
    pub organisations: u64,
    /// Which credentials are accepted.
    pub sign_in: SignIn,
    /// The token bucket of each project for the cluster endpoints; Atlas's documented one if there is none here.
    pub limit: Option<Bucket>,
    /// Which endpoints of a project share a token bucket.
    pub bucket_sharing: BucketSharing,
    /// How long an access token of a service account lives.
    pub token_life: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            durations: Durations::Between(Duration::from_secs(2), Duration::from_secs(10)),
            faults: Faults::default(),
            refusals: Refusals::default(),
            organisations: 1,
            sign_in: SignIn::Anyone,
            limit: None,
            bucket_sharing: BucketSharing::default(),
            token_life: Duration::from_hours(1),
        }
    }
}
