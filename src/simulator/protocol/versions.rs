//! Versions of resources: a date in `Accept` selects one.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::simulator::protocol::resource::Resource;
use crate::simulator::protocol::response::{ApiError, ApiResponse, json_response, set_header};

/// The newest version that is no newer than the date in `Accept`.
pub(crate) fn negotiate(resource: &Resource, headers: &HeaderMap) -> Result<&'static str, ApiError> {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let version = accept
        .split(',')
        .filter_map(date)
        .find_map(|wanted| resource.versions.iter().rev().find(|version| **version <= wanted));
    version.copied().ok_or_else(|| {
        ApiError::new(
            StatusCode::NOT_ACCEPTABLE,
            "INVALID_VERSION_DATE",
            format!("No version of this resource matches Accept: {accept:?}."),
        )
    })
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
pub(crate) fn success(version: &str, body: &impl Serialize) -> ApiResponse {
    let mut response = json_response(StatusCode::OK, body);
    set_header(&mut response, CONTENT_TYPE, &format!("application/vnd.atlas.{version}+json;charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::simulator::protocol::resource::RateLimitSet;

    fn version(versions: &'static [&'static str], accept: &str) -> Option<&'static str> {
        let rate_limit_set = RateLimitSet::Clusters;
        let resource = Resource { label: "", versions, rate_limit_set, is_of_a_project: true, is_upgrade: false };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        negotiate(&resource, &headers).ok()
    }

    #[test]
    fn a_date_selects_the_newest_version_that_is_no_newer() {
        let at = |date: &str| {
            version(&["2023-01-01", "2023-02-01", "2024-08-05"], &format!("application/vnd.atlas.{date}+json"))
        };
        assert_eq!(at("2023-01-01"), Some("2023-01-01"));
        assert_eq!(at("2024-08-04"), Some("2023-02-01"));
        assert_eq!(at("2025-03-12"), Some("2024-08-05"));
        assert_eq!(at("2022-12-31"), None);
        assert_eq!(at("2025-13-01"), None);
        assert_eq!(at("20250301"), None);
    }

    #[test]
    fn no_date_is_not_acceptable() {
        assert_eq!(version(&["2023-01-01"], "application/json"), None);
        assert_eq!(version(&["2024-11-13"], "application/vnd.atlas.2023-01-01+json"), None);
        let two = "application/json, application/vnd.atlas.2024-11-13+json;q=0.9";
        assert_eq!(version(&["2024-11-13"], two), Some("2024-11-13"));
    }
}
