//! Projects that refuse requests: no payment, a missing role, an operation that is no longer served.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::json;

use crate::simulator::protocol::request::ApiRequest;
use crate::simulator::protocol::response::ApiError;

/// Stands for every project.
const EVERY_PROJECT: &str = "*";

/// The codes that a project can refuse with, their statuses, and whether reads are refused as well.
const CODES: [(&str, StatusCode, bool); 9] = [
    ("NO_PAYMENT_INFORMATION_FOUND", StatusCode::PAYMENT_REQUIRED, false),
    ("ACCOUNT_SUSPENDED", StatusCode::PAYMENT_REQUIRED, false),
    ("HOURLY_BILLING_LIMIT_EXCEEDED", StatusCode::FORBIDDEN, false),
    ("ACCESS_FORBIDDEN", StatusCode::FORBIDDEN, false),
    ("IP_ADDRESS_NOT_ON_ACCESS_LIST", StatusCode::FORBIDDEN, true),
    ("ORG_REQUIRES_ACCESS_LIST", StatusCode::FORBIDDEN, true),
    ("USER_UNAUTHORIZED", StatusCode::UNAUTHORIZED, false),
    ("NOT_IN_GROUP", StatusCode::UNAUTHORIZED, true),
    ("VERSION_GONE", StatusCode::GONE, false),
];

/// The projects that refuse requests, and the code of each (an index into the table of codes).
#[derive(Debug, Clone, Default)]
pub struct Refusals(BTreeMap<String, usize>);

impl Refusals {
    /// The codes that [`Refusals::set`] knows.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        CODES.iter().map(|(code, _, _)| *code)
    }

    /// From now on `project` (`*` for every one) refuses with `code`. `false` if there is no such code.
    pub fn set(&mut self, project: &str, code: &str) -> bool {
        let place = CODES.iter().position(|(known, _, _)| *known == code);
        place.is_some_and(|place| {
            self.0.insert(project.to_owned(), place);
            true
        })
    }

    /// From now on `project` refuses nothing.
    pub fn lift(&mut self, project: &str) {
        self.0.remove(project);
    }

    /// The error that a request is refused with, if it is.
    pub(crate) fn refusal(&self, request: &ApiRequest) -> Option<ApiError> {
        let project = &request.project;
        let place = self.0.get(project).or_else(|| self.0.get(EVERY_PROJECT))?;
        let (code, status, refuses_reads) = CODES.get(*place)?;
        let detail = format!("Project {project} is barred from this ({code}).");
        let is_refused = *refuses_reads || request.resource.is_upgrade;
        is_refused.then(|| ApiError::new(*status, code, detail).with([json!(project)]))
    }
}
