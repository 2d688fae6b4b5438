//! How a simulated Atlas behaves: chance, durations, sign-in, limits.

use std::fmt;
use std::time::Duration;

use super::bars::Bars;
use super::durations::Durations;
use super::faults::Faults;
pub use crate::domain::bucket::Bucket;

/// All that can be chosen about a simulator but its clusters.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The same seed and the same requests give the same world.
    pub seed: u64,
    /// How long upgrades take.
    pub durations: Durations,
    /// What goes wrong.
    pub faults: Faults,
    /// Which projects are kept from being upgraded.
    pub bars: Bars,
    /// How many organisations the projects belong to.
    pub organisations: u64,
    /// Who may come in.
    pub sign_in: SignIn,
    /// The token bucket of each project for the cluster endpoints; Atlas's documented one if there is none here.
    pub limit: Option<Bucket>,
    /// Which endpoints of a project share a token bucket.
    pub buckets: Buckets,
    /// How long an access token of a service account lives.
    pub token_life: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            durations: Durations::Between(Duration::from_secs(2), Duration::from_secs(10)),
            faults: Faults::default(),
            bars: Bars::default(),
            organisations: 1,
            sign_in: SignIn::Anyone,
            limit: None,
            buckets: Buckets::default(),
            token_life: Duration::from_hours(1),
        }
    }
}

/// Which endpoints of a project share a token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Buckets {
    /// Those of an endpoint set, as the list of rate limits says.
    #[default]
    BySet,
    /// All of them, as the list says.
    ByProject,
    /// Those of an endpoint set, and nothing is listed.
    BySetUnlisted,
    /// All of them, and nothing is listed.
    ByProjectUnlisted,
}

/// Who may come in.
#[derive(Clone)]
pub enum SignIn {
    /// Anyone, with or without credentials.
    Anyone,
    /// Who shows this access token.
    Bearer(String),
    /// Who fetches an access token with these credentials.
    ServiceAccount {
        /// The client id.
        id: String,
        /// The client secret.
        secret: String,
    },
    /// Who knows this API key (HTTP digest).
    Digest {
        /// The public key, which is the user name.
        public: String,
        /// The private key.
        private: String,
    },
}

impl fmt::Debug for SignIn {
    /// The kind alone: nothing here may end up in a log.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Anyone => "Anyone",
            Self::Bearer(_) => "Bearer(..)",
            Self::ServiceAccount { .. } => "ServiceAccount(..)",
            Self::Digest { .. } => "Digest(..)",
        })
    }
}
