//! Access tokens for service accounts: OAuth 2 client credentials.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use serde_json::json;

use super::answer::{Answer, Refusal, empty, later, plain, stamp};
use super::desk::Desk;
use super::dice::Dice;
use super::door::authorization;
use super::limits::Set;
use super::settings::SignIn;
use crate::clock::Millis;

/// A service account has no more active tokens than this.
const MOST: usize = 100;

/// The tokens that are alive.
pub(super) struct Tokens {
    dice: Dice,
    life: Duration,
    issued: u64,
    ends: BTreeMap<String, Millis>,
}

impl Tokens {
    pub(super) fn new(dice: Dice, life: Duration) -> Self {
        Self { dice, life, issued: 0, ends: BTreeMap::new() }
    }

    /// Whether a token was issued, is not revoked, and has not run out.
    pub(super) fn lives(&self, token: &str, now: Millis) -> bool {
        self.ends.get(token).is_some_and(|end| now < *end)
    }

    /// A new token, or none if there are too many.
    fn issue(&mut self, now: Millis) -> Option<String> {
        self.ends.retain(|_, end| now < *end);
        if self.ends.len() >= MOST {
            return None;
        }
        self.issued += 1;
        let token = format!("simulated.{}", self.dice.id(&["token"], self.issued));
        self.ends.insert(token.clone(), now.after(self.life));
        Some(token)
    }
}

/// Answers a request for a token.
pub(super) fn exchange(desk: &Desk, parts: &Parts, body: &[u8]) -> Answer {
    let (mut state, now) = desk.open();
    state.tally.requests += 1;
    let meter = state.limits.take(Set::Tokens, "", now);
    if let Some(seconds) = meter.wait {
        state.tally.throttled += 1;
        let path = parts.uri.path();
        let detail = format!("{path} takes {} requests a minute.", meter.bucket.refill);
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", detail);
        return later(refusal.with([json!(path), json!(meter.bucket.refill), json!(1)]), seconds);
    }
    if !known(parts, &state.door.sign_in) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client", "These are not the credentials of a client.");
    }
    let Some(form) = form(parts, body) else {
        state.tally.broken("token: the request is no form");
        return refused(StatusCode::BAD_REQUEST, "invalid_request", "The request is no form.");
    };
    if form.get("grant_type").map(String::as_str) != Some("client_credentials") {
        state.tally.broken("token: the grant type is not client_credentials");
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Only client_credentials is served.");
    }
    let Some(token) = state.door.tokens.issue(now) else {
        return refused(StatusCode::FORBIDDEN, "access_denied", "There are too many active tokens.");
    };
    let life = state.door.tokens.life.as_secs();
    let body = json!({"access_token": token, "expires_in": life, "token_type": "Bearer"});
    let mut answer = plain(StatusCode::OK, &body);
    stamp(&mut answer, CACHE_CONTROL, "no-store");
    answer
}

/// Ends the life of a token.
pub(super) fn revoke(desk: &Desk, parts: &Parts, body: &[u8]) -> Answer {
    let (mut state, _) = desk.open();
    state.tally.requests += 1;
    if !known(parts, &state.door.sign_in) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client", "These are not the credentials of a client.");
    }
    match form(parts, body).and_then(|mut form| form.remove("token")) {
        Some(token) => {
            state.door.tokens.ends.remove(&token);
            empty(StatusCode::OK)
        }
        None => refused(StatusCode::BAD_REQUEST, "invalid_request", "Which token?"),
    }
}

fn refused(status: StatusCode, error: &str, why: &str) -> Answer {
    plain(status, &json!({"error": error, "error_description": why}))
}

/// Whether the Basic credentials are the right ones, as they are or percent-encoded.
fn known(parts: &Parts, sign_in: &SignIn) -> bool {
    let basic = authorization(&parts.headers).strip_prefix("Basic ");
    let Some(pair) = basic.and_then(|text| STANDARD.decode(text).ok()) else { return false };
    let pair = String::from_utf8_lossy(&pair);
    let Some((id, secret)) = pair.split_once(':') else { return false };
    match sign_in {
        SignIn::Anyone => true,
        SignIn::ServiceAccount { id: right_id, secret: right_secret } => {
            let fits = |given: &str, right: &str| given == right || decoded(given) == right;
            fits(id, right_id) && fits(secret, right_secret)
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
