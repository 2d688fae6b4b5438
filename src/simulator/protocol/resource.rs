//! What can be requested, as far as all requests are treated alike.

/// One resource of the API, and the rules for every request that names it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resource {
    /// Its name in the seeded draws: another name would change the world of every seed.
    pub(crate) label: &'static str,
    /// Its version dates, the oldest first.
    pub(crate) versions: &'static [&'static str],
    /// The token bucket that a request draws from.
    pub(crate) rate_limit_set: RateLimitSet,
    /// Whether its path names a project.
    pub(crate) is_of_a_project: bool,
    /// Whether a request for it upgrades a cluster. All others read.
    pub(crate) is_upgrade: bool,
}

/// The sets of endpoints that share a token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RateLimitSet {
    /// Clusters, and their upgrade.
    Clusters,
    /// Serverless instances. Atlas documents no bucket for them; theirs is as large as that of the clusters.
    Serverless,
    /// Flex clusters.
    Flex,
    /// Projects: one bucket for all projects.
    Projects,
    /// Organisations: one bucket for all projects.
    Organisations,
    /// The list of rate limits: one bucket for all projects.
    RateLimits,
    /// The exchange of credentials for an access token.
    Tokens,
}
