//! Access tokens for service accounts: OAuth 2 client credentials.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use serde_json::json;

use crate::simulator::auth::{SignIn, authorization};
use crate::simulator::protocol::resource::RateLimitSet;
use crate::simulator::protocol::response::{
    ApiError, ApiResponse, empty_response, json_response, retry_later, set_header,
};
use crate::simulator::state::SharedState;

/// `POST token`: issues an access token.
pub(crate) fn exchange(state: &SharedState, parts: &Parts, body: &[u8]) -> ApiResponse {
    let (mut state, now) = state.lock();
    state.tally.counts.requests += 1;
    let token = state.token_buckets.take(RateLimitSet::Tokens, "", now);
    if let Some(seconds) = token.retry_after {
        state.tally.counts.throttled += 1;
        let path = parts.uri.path();
        let detail = format!("{path} takes {} requests a minute.", token.bucket.refill);
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", detail);
        return retry_later(error.with([json!(path), json!(token.bucket.refill), json!(1)]), seconds);
    }
    if !has_valid_credentials(parts, &state.authenticator.sign_in) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client", "The client id or the secret is wrong.");
    }
    let Some(form) = form(parts, body) else {
        state.tally.note_broken_rule("token: the body is not a form");
        return refused(StatusCode::BAD_REQUEST, "invalid_request", "The body is not a form.");
    };
    if form.get("grant_type").map(String::as_str) != Some("client_credentials") {
        state.tally.note_broken_rule("token: the grant type is not client_credentials");
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Only client_credentials is served.");
    }
    let Some(token) = state.authenticator.tokens.issue(now) else {
        return refused(StatusCode::FORBIDDEN, "access_denied", "There are too many active tokens.");
    };
    let life = state.authenticator.tokens.life.as_secs();
    let body = json!({"access_token": token, "expires_in": life, "token_type": "Bearer"});
    let mut response = json_response(StatusCode::OK, &body);
    set_header(&mut response, CACHE_CONTROL, "no-store");
    response
}

/// `POST revoke`: revokes an access token.
pub(crate) fn revoke(state: &SharedState, parts: &Parts, body: &[u8]) -> ApiResponse {
    let (mut state, _) = state.lock();
    state.tally.counts.requests += 1;
    if !has_valid_credentials(parts, &state.authenticator.sign_in) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client", "The client id or the secret is wrong.");
    }
    match form(parts, body).and_then(|mut form| form.remove("token")) {
        Some(token) => {
            state.authenticator.tokens.revoke(&token);
            empty_response(StatusCode::OK)
        }
        None => refused(StatusCode::BAD_REQUEST, "invalid_request", "The form names no token."),
    }
}

fn refused(status: StatusCode, error: &str, why: &str) -> ApiResponse {
    json_response(status, &json!({"error": error, "error_description": why}))
}

/// Whether the Basic credentials are accepted, as they are or percent-encoded.
fn has_valid_credentials(parts: &Parts, sign_in: &SignIn) -> bool {
    let basic = authorization(&parts.headers).strip_prefix("Basic ");
    let Some(pair) = basic.and_then(|text| STANDARD.decode(text).ok()) else { return false };
    let pair = String::from_utf8_lossy(&pair);
    let Some((id, secret)) = pair.split_once(':') else { return false };
    match sign_in {
        SignIn::Anyone => true,
        SignIn::ServiceAccount { id: right_id, secret: right_secret } => {
            let matches = |given: &str, right: &str| given == right || decoded(given) == right;
            matches(id, right_id) && matches(secret, right_secret)
        }
        SignIn::Bearer(_) | SignIn::Digest { .. } => false,
    }
}

fn decoded(text: &str) -> String {
    form_urlencoded::parse(text.as_bytes()).next().map(|(key, _)| key.into_owned()).unwrap_or_default()
}

fn form(parts: &Parts, body: &[u8]) -> Option<HashMap<String, String>> {
    let sent = parts.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    sent.starts_with("application/x-www-form-urlencoded").then(|| form_urlencoded::parse(body).into_owned().collect())
}
