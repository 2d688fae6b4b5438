//! What keeps whole projects from being upgraded: no payment, a missing role, an operation that is served no longer.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::json;

use super::answer::Refusal;
use super::desk::Visit;

/// Every project.
pub(super) const ALL: &str = "*";

/// The codes that a project can answer with, their statuses, and whether reads are refused as well.
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

/// Projects that are barred, and with which of the codes.
#[derive(Debug, Clone, Default)]
pub struct Bars(BTreeMap<String, usize>);

impl Bars {
    /// The codes that [`Bars::set`] knows.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        CODES.iter().map(|(code, _, _)| *code)
    }

    /// From now on `project` (`*` for every one) answers with `code`; tells whether there is such a code.
    pub fn set(&mut self, project: &str, code: &str) -> bool {
        let place = CODES.iter().position(|(known, _, _)| *known == code);
        place.is_some_and(|place| {
            self.0.insert(project.to_owned(), place);
            true
        })
    }

    /// The bar is taken away.
    pub fn lift(&mut self, project: &str) {
        self.0.remove(project);
    }

    /// What a request is refused with, if it is.
    pub(super) fn refusal(&self, visit: &Visit) -> Option<Refusal> {
        let place = self.0.get(&visit.group).or_else(|| self.0.get(ALL))?;
        let (code, status, reads) = CODES.get(*place)?;
        let detail = format!("Project {} is barred from this ({code}).", visit.group);
        let refused = *reads || visit.resource.is_upgrade();
        refused.then(|| Refusal::new(*status, code, detail).with([json!(visit.group)]))
    }
}
