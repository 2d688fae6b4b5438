//! What Atlas says beside the clusters: projects with their organisations, regions, rate limits.

use serde::Deserialize;

use crate::domain::operation::Api;

/// All projects (`GET /groups` of the API document).
pub(super) const GROUPS: Api = Api { segment: "groups", version: "2023-01-01" };
/// Regions (`GET /groups/{groupId}/clusters/provider/regions`).
pub(super) const REGIONS: Api = Api { segment: "clusters/provider/regions", version: "2023-01-01" };
/// Rate limits (`GET /rateLimits`).
pub(super) const RATE_LIMITS: Api = Api { segment: "rateLimits", version: "2025-03-12" };

/// A project as the list of all projects names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Project {
    /// Atlas's id, 24 hex digits.
    pub id: String,
    /// The id of the organisation that it belongs to.
    #[serde(rename = "orgId")]
    pub organisation: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
}

/// The sizes that a cloud provider offers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// `AWS`, `AZURE` or `GCP`.
    pub provider: String,
    /// Its sizes, each with its regions.
    #[serde(default)]
    pub instance_sizes: Vec<Size>,
}

/// A size, and where it is offered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Size {
    /// `M0`, `M10`, ...
    pub name: String,
    /// Its regions.
    #[serde(default)]
    pub available_regions: Vec<Region>,
}

/// A region by Atlas's name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Region {
    /// Such as `US_EAST_1`.
    pub name: String,
}

/// The token bucket of a set of endpoints, as Atlas states it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointSet {
    /// Which set.
    pub endpoint_set_id: String,
    /// `GROUP` (a project), `ORGANIZATION`, `USER` or `IP`.
    pub scope: String,
    /// The most tokens.
    pub capacity: Applied,
    /// How many come back.
    pub refill_rate: Applied,
    /// How often, in seconds.
    pub refill_duration_seconds: Applied,
    /// The endpoints that share it.
    #[serde(default)]
    pub endpoints: Vec<Endpoint>,
}

/// A number that is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Applied {
    /// The number.
    pub value: u64,
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Endpoint {
    /// `GET`, `POST`, ...
    #[serde(default)]
    pub method: String,
    /// Its path, with the parameters in braces.
    pub path: String,
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Response;

    use super::*;
    use crate::atlas::exchange::Limits;
    use crate::atlas::list::{Listed, paged, read};
    use crate::domain::event::Answer;
    use crate::domain::hold::Reach;

    fn reading<T: serde::de::DeserializeOwned>(status: u16, body: &'static str) -> Result<Listed<T>, Answer> {
        let answer = Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap();
        read(&answer, &Limits::default(), &crate::redaction::Redactor::default())
    }

    #[test]
    fn a_row_that_names_no_organisation_is_passed_over() {
        let body = r#"{"results":[{"id":"p1","orgId":"o1","name":"one","clusterCount":3},{"id":"p2"},7]}"#;
        let project = Project { id: "p1".into(), organisation: "o1".into(), name: "one".into() };
        assert_eq!(reading(200, body), Ok(Listed { rows: vec![project], last: true }));
    }

    #[test]
    fn a_refusal_is_told_from_an_answer_that_cannot_be_read() {
        let refused = reading::<Project>(403, r#"{"errorCode":"IP_ADDRESS_NOT_ON_ACCESS_LIST"}"#);
        assert!(matches!(refused, Err(Answer::ScopeHeld(hold)) if hold.reach == Reach::Organisation));
        assert!(matches!(reading::<Project>(200, "[]"), Err(Answer::Unknown(_))));
        assert!(matches!(reading::<Project>(404, r#"{"errorCode":"RESOURCE_NOT_FOUND"}"#), Err(Answer::Refused(_))));
    }

    #[test]
    fn regions_and_limits_are_read_in_the_shapes_of_the_document() {
        let body = r#"{"results":[{"provider":"AWS","instanceSizes":[{"name":"M10","availableRegions":
            [{"default":true,"name":"US_EAST_1"}]}]}]}"#;
        let offers = reading::<Offer>(200, body).unwrap().rows;
        assert_eq!(offers[0].instance_sizes[0].available_regions[0].name, "US_EAST_1");
        let body = r#"{"results":[{"endpointSetId":"clusters_group","endpointSetName":"Clusters","scope":"GROUP",
            "capacity":{"value":10,"defaultValue":null},"refillRate":{"value":120},"refillDurationSeconds":{"value":60},
            "endpoints":[{"method":"GET","path":"/api/atlas/v2/groups/{groupId}/clusters"}]}]}"#;
        let sets = reading::<EndpointSet>(200, body).unwrap().rows;
        assert_eq!((sets[0].capacity.value, sets[0].refill_rate.value), (10, 120));
    }

    #[test]
    fn a_page_is_asked_for_behind_whatever_else_is_asked() {
        assert_eq!(paged("/a", 1), "/a?itemsPerPage=500&pageNum=1");
        assert_eq!(paged("/a?b=c", 2), "/a?b=c&itemsPerPage=500&pageNum=2");
    }
}
