//! Answers, and what becomes of them on their way out.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

/// An answer that is ready to be sent.
pub(super) type Answer = Response<Bytes>;

/// What happens to an answer instead of being sent, carried among its extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The connection is lost.
    Dropped,
    /// Nothing ever comes.
    Silent,
}

/// An error as Atlas words it.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    detail: String,
    parameters: Vec<Value>,
    field: Option<String>,
}

impl Refusal {
    /// An error with this status, code and explanation.
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), parameters: Vec::new(), field: None }
    }

    /// The same error with its parameters.
    pub(super) fn with<const N: usize>(self, parameters: [Value; N]) -> Self {
        Self { parameters: parameters.into(), ..self }
    }

    /// A request body, or a query, that is not as it must be in `field`.
    pub(super) fn invalid(field: &str, detail: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::new(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", format!("{field}: {detail}"))
        }
    }

    /// What it says of itself.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let mut body = json!({
            "error": refusal.status.as_u16(),
            "errorCode": refusal.code,
            "detail": refusal.detail,
            "reason": refusal.status.canonical_reason(),
            "parameters": refusal.parameters,
        });
        if let Some(field) = refusal.field {
            body["badRequestDetail"] = json!({"fields": [{"field": field, "description": refusal.detail}]});
        }
        let mut answer = plain(refusal.status, &body);
        stamp(&mut answer, HeaderName::from_static("x-error-code"), refusal.code);
        answer
    }
}

/// A JSON answer of the plain media type.
pub(super) fn plain(status: StatusCode, body: &impl Serialize) -> Answer {
    let mut answer = empty(status);
    *answer.body_mut() = Bytes::from(serde_json::to_vec(body).unwrap_or_default());
    stamp(&mut answer, CONTENT_TYPE, "application/json");
    answer
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = status;
    answer
}

/// No answer.
pub(super) fn lost(fate: Fate) -> Answer {
    let mut answer = empty(StatusCode::INTERNAL_SERVER_ERROR);
    answer.extensions_mut().insert(fate);
    answer
}

/// A refusal that says when to come back.
pub(super) fn later(refusal: Refusal, seconds: u64) -> Answer {
    let mut answer = Answer::from(refusal);
    stamp(&mut answer, RETRY_AFTER, &seconds.to_string());
    answer
}

/// Sets a header.
pub(super) fn stamp(answer: &mut Answer, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}
