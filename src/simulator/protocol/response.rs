//! Responses, errors in Atlas's form, and requests that get no response at all.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

/// A response with its whole body.
pub(crate) type ApiResponse = Response<Bytes>;

/// Why a client gets no response; carried among the extensions of a response that is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoResponse {
    /// The connection is closed.
    ConnectionLost,
    /// The connection stays open, and nothing is ever sent.
    Silence,
}

/// An error in the form of Atlas's error bodies.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    detail: String,
    parameters: Vec<Value>,
    field: Option<String>,
}

impl ApiError {
    /// An error with this status, code and explanation.
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), parameters: Vec::new(), field: None }
    }

    /// The same error with its parameters.
    pub(crate) fn with<const N: usize>(self, parameters: [Value; N]) -> Self {
        Self { parameters: parameters.into(), ..self }
    }

    /// An invalid `field` of a request body or a query.
    pub(crate) fn invalid(field: &str, detail: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::new(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", format!("{field}: {detail}"))
        }
    }

    /// The explanation.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<ApiError> for ApiResponse {
    fn from(error: ApiError) -> Self {
        let mut body = json!({
            "error": error.status.as_u16(),
            "errorCode": error.code,
            "detail": error.detail,
            "reason": error.status.canonical_reason(),
            "parameters": error.parameters,
        });
        if let Some(field) = error.field {
            body["badRequestDetail"] = json!({"fields": [{"field": field, "description": error.detail}]});
        }
        let mut response = json_response(error.status, &body);
        set_header(&mut response, HeaderName::from_static("x-error-code"), error.code);
        response
    }
}

/// A response with a JSON body of the plain media type.
pub(crate) fn json_response(status: StatusCode, body: &impl Serialize) -> ApiResponse {
    let mut response = empty_response(status);
    *response.body_mut() = Bytes::from(serde_json::to_vec(body).unwrap_or_default());
    set_header(&mut response, CONTENT_TYPE, "application/json");
    response
}

/// A response without a body.
pub(crate) fn empty_response(status: StatusCode) -> ApiResponse {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// Stands for a request that gets no response.
pub(crate) fn no_response(why: NoResponse) -> ApiResponse {
    let mut response = empty_response(StatusCode::INTERNAL_SERVER_ERROR);
    response.extensions_mut().insert(why);
    response
}

/// An error with `Retry-After`.
pub(crate) fn retry_later(error: ApiError, seconds: u64) -> ApiResponse {
    let mut response = ApiResponse::from(error);
    set_header(&mut response, RETRY_AFTER, &seconds.to_string());
    response
}

/// Sets a header.
pub(crate) fn set_header(response: &mut ApiResponse, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
