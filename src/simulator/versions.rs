//! The resources, and which version of them a date asks for.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, StatusCode};
use serde::Serialize;

use super::answer::{Answer, Refusal, plain, stamp};
use super::limits::Set;

/// The first version of the clusters that knows replication specifications.
pub(super) const REPLICATION_SPECS: &str = "2024-08-05";

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    /// Shared and dedicated clusters.
    Clusters,
    /// Serverless instances.
    Serverless,
    /// Flex clusters.
    Flex,
    /// All projects.
    Projects,
    /// One project.
    Project,
    /// All organisations.
    Organisations,
    /// Where a size is offered to a project.
    Regions,
    /// The token buckets of a project.
    RateLimits,
    /// An upgrade.
    Upgrade(Upgrade),
}

/// The requests that upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Upgrade {
    /// Of a shared cluster to a serverless instance.
    ToServerless,
    /// Of a shared cluster to flex or dedicated.
    OfTenant,
    /// Of a flex cluster to dedicated.
    OfFlex,
}

impl Resource {
    /// Whether it changes anything.
    pub(super) fn is_upgrade(self) -> bool {
        matches!(self, Self::Upgrade(_))
    }

    /// Whether it lies below a project.
    pub(super) fn is_of_a_project(self) -> bool {
        !matches!(self, Self::Projects | Self::Organisations | Self::RateLimits)
    }

    /// The bucket it draws from.
    pub(super) fn set(self) -> Set {
        match self {
            Self::Flex | Self::Upgrade(Upgrade::OfFlex) => Set::Flex,
            Self::Clusters | Self::Regions | Self::Upgrade(_) => Set::Clusters,
            Self::RateLimits => Set::RateLimits,
            Self::Serverless => Set::Serverless,
            Self::Projects | Self::Project => Set::Projects,
            Self::Organisations => Set::Organisations,
        }
    }

    /// Its versions, the oldest first.
    fn versions(self) -> &'static [&'static str] {
        match self {
            Self::Clusters => &["2023-01-01", "2023-02-01", REPLICATION_SPECS],
            Self::Flex | Self::Upgrade(Upgrade::OfFlex) => &["2024-11-13"],
            Self::RateLimits => &["2025-03-12"],
            Self::Serverless
            | Self::Upgrade(_)
            | Self::Regions
            | Self::Projects
            | Self::Project
            | Self::Organisations => &["2023-01-01"],
        }
    }

    /// The newest version that is no newer than the date in `Accept`.
    pub(super) fn version(self, headers: &HeaderMap) -> Result<&'static str, Refusal> {
        let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let version = accept
            .split(',')
            .filter_map(date)
            .find_map(|wanted| self.versions().iter().rev().find(|version| **version <= wanted));
        version.copied().ok_or_else(|| {
            Refusal::new(
                StatusCode::NOT_ACCEPTABLE,
                "INVALID_VERSION_DATE",
                format!("No version of this resource answers to Accept: {accept:?}."),
            )
        })
    }
}

/// The date in one media type of Atlas; dates of this form can be compared as text.
fn date(media_type: &str) -> Option<&str> {
    let date = media_type.split(';').next()?.trim().strip_prefix("application/vnd.atlas.")?.strip_suffix("+json")?;
    let mut parts = date.splitn(3, '-');
    let mut number = |digits: usize| {
        let part = parts.next()?;
        if part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()) {
            part.parse::<u16>().ok()
        } else {
            None
        }
    };
    let (_year, month, day) = (number(4)?, number(2)?, number(2)?);
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(date)
}

/// A success in a version of a resource.
pub(super) fn success(resource: Resource, version: &str, body: &impl Serialize) -> Answer {
    let mut answer = plain(StatusCode::OK, body);
    stamp(&mut answer, CONTENT_TYPE, &format!("application/vnd.atlas.{version}+json;charset=utf-8"));
    if resource == Resource::Clusters && version < REPLICATION_SPECS {
        stamp(&mut answer, HeaderName::from_static("deprecation"), "Mon, 5 Aug 2024 00:00:00 GMT");
        stamp(&mut answer, HeaderName::from_static("sunset"), "Thu, 1 Jul 2027 00:00:00 GMT");
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(resource: Resource, accept: &str) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        resource.version(&headers).ok()
    }

    #[test]
    fn a_date_asks_for_the_newest_version_that_is_no_newer() {
        let at = |date: &str| version(Resource::Clusters, &format!("application/vnd.atlas.{date}+json"));
        assert_eq!(at("2023-01-01"), Some("2023-01-01"));
        assert_eq!(at("2024-08-04"), Some("2023-02-01"));
        assert_eq!(at("2025-03-12"), Some("2024-08-05"));
        assert_eq!(at("2022-12-31"), None);
        assert_eq!(at("2025-13-01"), None);
        assert_eq!(at("20250301"), None);
    }

    #[test]
    fn no_date_is_not_acceptable() {
        assert_eq!(version(Resource::Serverless, "application/json"), None);
        assert_eq!(version(Resource::Flex, "application/vnd.atlas.2023-01-01+json"), None);
        let two = "application/json, application/vnd.atlas.2024-11-13+json;q=0.9";
        assert_eq!(version(Resource::Flex, two), Some("2024-11-13"));
    }
}
