//! What the answer to a read says, and where reads go.

use bytes::Bytes;
use http::Response;

use crate::atlas::classify::{classify, is_elsewhere};
use crate::atlas::codes::UNREADABLE;
use crate::atlas::document::{error_code, object};
use crate::atlas::exchange::{Limits, Page};
use crate::atlas::page::page;
use crate::atlas::wire;
use crate::domain::cluster_name::is_same_name;
use crate::domain::code::Fault;
use crate::domain::event::{Answer, Found};
use crate::domain::operation::Api;
use crate::redaction::Redactor;

/// The most that Atlas allows.
pub(super) const ROWS_PER_PAGE: usize = 500;

/// Where one cluster is read.
pub(super) fn one_path(api: Api, project: &str, name: &str) -> String {
    format!("{}/{}", all_path(api, project), segment(name))
}

/// Where page `page` of a project's clusters is read.
pub(super) fn list_path(api: Api, project: &str, page: u32) -> String {
    // To count costs Atlas more than to list, and the count is an estimate anyway.
    format!("{}?includeCount=false&itemsPerPage={ROWS_PER_PAGE}&pageNum={page}", all_path(api, project))
}

/// Where all of a project's are.
pub(super) fn all_path(api: Api, project: &str) -> String {
    format!("/api/atlas/v2/groups/{}/{}", segment(project), api.segment)
}

/// A path segment, percent-encoded (RFC 3986, section 2.3). What the fleet allows needs none of it.
fn segment(text: &str) -> String {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            safe.push(char::from(byte));
        } else {
            safe.extend(['%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
    safe
}

/// The answer to a single read of `name`.
pub(super) fn found(
    api: Api,
    name: &str,
    answer: &Response<Bytes>,
    limits: &Limits,
    redactor: &Redactor,
) -> Result<Found, Answer> {
    let status = answer.status().as_u16();
    if status == 200 {
        if let Some(page) = page(status, answer.body(), redactor) {
            return Err(Answer::Unknown(page));
        }
        return match wire::cluster(api.segment, answer.body()) {
            Some(seen) if is_same_name(&seen.name, name) => Ok(Found::Cluster(seen)),
            Some(seen) => {
                let other = redactor.redact(&seen.name);
                Err(unreadable(&format!("it described the cluster {other:?} in place of {name}")))
            }
            None => Err(unreadable("it is no description of a cluster")),
        };
    }
    let document = object(answer.body()).unwrap_or_default();
    match (status, error_code(&document)) {
        (404, Some("CLUSTER_NOT_FOUND" | "SERVERLESS_INSTANCE_NOT_FOUND" | "RESOURCE_NOT_FOUND")) => {
            Ok(Found::NotFound)
        }
        (400, Some(code)) if is_elsewhere(code) => Ok(Found::Elsewhere),
        _ => Err(failed(answer, limits, redactor)),
    }
}

/// The answer to the read of a list.
pub(super) fn listed(api: Api, answer: &Response<Bytes>, limits: &Limits, redactor: &Redactor) -> Result<Page, Answer> {
    if answer.status().as_u16() != 200 {
        return Err(failed(answer, limits, redactor));
    }
    if let Some(page) = page(200, answer.body(), redactor) {
        return Err(Answer::Unknown(page));
    }
    let rows = wire::rows(api.segment, answer.body()).ok_or_else(|| unreadable("it is no list of clusters"))?;
    Ok(Page { clusters: rows.clusters, last: rows.count < ROWS_PER_PAGE })
}

pub(super) fn failed(answer: &Response<Bytes>, limits: &Limits, redactor: &Redactor) -> Answer {
    match classify(answer.status().as_u16(), answer.body(), limits.retry_after, redactor) {
        Answer::Accepted { .. } => unreadable("it is none that a read can have"),
        class => class,
    }
}

pub(super) fn unreadable(why: &str) -> Answer {
    Answer::Unknown(Fault::new(UNREADABLE, format!("Atlas's answer cannot be read: {why}.")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::operation::{CLUSTERS, SERVERLESS};

    fn answer(status: u16, body: &'static str) -> Response<Bytes> {
        Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap()
    }

    fn look(status: u16, body: &'static str) -> Result<Found, Answer> {
        found(SERVERLESS, "c1", &answer(status, body), &Limits::default(), &Redactor::default())
    }

    #[test]
    fn a_name_that_is_missing_or_of_another_tier_is_an_answer_and_no_error() {
        for code in ["CLUSTER_NOT_FOUND", "SERVERLESS_INSTANCE_NOT_FOUND", "RESOURCE_NOT_FOUND"] {
            let body: &'static str = format!(r#"{{"error":404,"errorCode":"{code}"}}"#).leak();
            assert_eq!(look(404, body), Ok(Found::NotFound));
        }
        for code in ["CANNOT_USE_CLUSTER_IN_SERVERLESS_INSTANCE_API", "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API"] {
            let body: &'static str = format!(r#"{{"error":400,"errorCode":"{code}"}}"#).leak();
            assert_eq!(look(400, body), Ok(Found::Elsewhere));
        }
    }

    #[test]
    fn whatever_else_a_look_answers_is_a_failed_look() {
        assert!(matches!(look(404, "<html>"), Err(Answer::Unknown(_))));
        assert!(matches!(look(404, r#"{"errorCode":"GROUP_NOT_FOUND"}"#), Err(Answer::ScopeHeld(_))));
        assert!(matches!(look(200, "{}"), Err(Answer::Unknown(_))));
        assert!(matches!(look(202, "{}"), Err(Answer::Unknown(_))));
        assert!(matches!(look(503, "{}"), Err(Answer::Unknown(_))));
        assert!(matches!(look(200, r#"{"id":"1","name":"c2","stateName":"IDLE"}"#), Err(Answer::Unknown(_))));
    }

    #[test]
    fn a_page_is_the_last_when_it_is_short_whatever_the_count_says() {
        let row = r#"{"id":"1","name":"c","stateName":"IDLE","providerSettings":{"providerName":"TENANT"}}"#;
        let page = |rows: usize| {
            let body = format!(r#"{{"results":[{}],"totalCount":9999}}"#, vec![row; rows].join(","));
            listed(CLUSTERS, &answer(200, body.leak()), &Limits::default(), &Redactor::default()).unwrap()
        };
        assert!(page(499).last && page(0).last && !page(500).last);
        assert_eq!(page(500).clusters.len(), 500);
    }

    #[test]
    fn paths_are_safe() {
        assert_eq!(one_path(CLUSTERS, "abc", "a/b c"), "/api/atlas/v2/groups/abc/clusters/a%2Fb%20c");
        let list = "/api/atlas/v2/groups/abc/serverless?includeCount=false&itemsPerPage=500&pageNum=2";
        assert_eq!(list_path(SERVERLESS, "abc", 2), list);
    }
}
