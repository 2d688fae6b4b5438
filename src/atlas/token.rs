//! Tokens of a service account: fetched once, shared by all, renewed when nine tenths of their life have passed.
//!
//! (Atlas documentation, "Generate a service account token"; RFC 6749, sections 2.3.1 and 4.4; RFC 7009.) A
//! service account may have a hundred tokens and fifty fetches a minute, so a fetch that failed is not repeated
//! by everyone who waited for it: its failure counts for a while.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use form_urlencoded::byte_serialize;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::atlas::page::page;
use crate::atlas::sign_in::SignInError;
use crate::atlas::signer::{Line, Signature};
use crate::atlas::transport::TransportError;
use crate::clock::Millis;

const FETCH: &str = "/api/oauth/token";
const REVOKE: &str = "/api/oauth/revoke";
/// What Atlas documents, for an answer that says nothing.
const USUAL_LIFE: f64 = 3600.0;

/// Keeps the one token of this process.
pub(super) struct TokenKeeper {
    client_id: String,
    client_secret: SecretString,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// Counts the fetched tokens.
    generation: u64,
    /// The last fetch's failure, and until when it counts.
    failure: Option<(Millis, SignInError)>,
}

struct Held {
    token: SecretString,
    renew_at: Millis,
    expires_at: Millis,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// In seconds; a number with a fraction does no harm.
    expires_in: Option<f64>,
}

impl TokenKeeper {
    pub(super) fn new(client_id: String, client_secret: SecretString) -> Self {
        Self { client_id, client_secret, state: Mutex::default() }
    }

    /// A token that is valid now, as a signature. Whoever comes while it is fetched waits for the same one.
    pub(super) async fn token(&self, line: &Line) -> Result<Signature, SignInError> {
        let mut state = self.state.lock().await;
        let now = line.clock.now();
        if state.held.as_ref().is_none_or(|held| held.renew_at <= now) {
            self.renew(line, &mut state, now).await?;
        }
        match &state.held {
            Some(held) => Signature::of(&format!("Bearer {}", held.token.expose_secret()), state.generation),
            None => Err(SignInError::later("there is no token")),
        }
    }

    /// Fetches a token. A failure is none as long as the old token is valid.
    async fn renew(&self, line: &Line, state: &mut State, now: Millis) -> Result<(), SignInError> {
        let failed_just_now = state.failure.take_if(|(until, _)| *until <= now).is_none() && state.failure.is_some();
        if !failed_just_now {
            match self.fetch(line, now).await {
                Ok(held) => {
                    *state = State { held: Some(held), generation: state.generation + 1, failure: None };
                    return Ok(());
                }
                Err(failure) => {
                    let until = line.clock.now().after(failure.holds_for());
                    state.failure = Some((until, failure));
                }
            }
        }
        state.held.take_if(|held| held.expires_at <= line.clock.now());
        match &state.failure {
            Some((_, failure)) if state.held.is_none() => Err(failure.clone()),
            _ => Ok(()),
        }
    }

    async fn fetch(&self, line: &Line, now: Millis) -> Result<Held, SignInError> {
        let form = Bytes::from_static(b"grant_type=client_credentials");
        let answer = self.post(line, FETCH, form, line.request_timeout).await;
        let answer = answer.map_err(|error| SignInError::of_transport(&error))?;
        if answer.status() != http::StatusCode::OK {
            return Err(SignInError::of_answer(&answer, line.clock.now(), &line.redactor));
        }
        let Ok(granted) = serde_json::from_slice::<Granted>(answer.body()) else {
            return Err(match page(200, answer.body(), &line.redactor) {
                Some(fault) => SignInError::Later { fault, retry_after: None },
                None => SignInError::later(format!("{FETCH} answered 200 without a token")),
            });
        };
        line.redactor.hide_token(&granted.access_token);
        // Counted from before the request: Atlas's clock may have started then.
        let seconds = granted.expires_in.unwrap_or(USUAL_LIFE).clamp(0.0, 24.0 * USUAL_LIFE);
        let whole = Duration::from_secs_f64(seconds);
        Ok(Held {
            token: granted.access_token.into(),
            renew_at: now.after(whole * 9 / 10),
            expires_at: now.after(whole),
        })
    }

    /// The last failure counts no more: the next call asks again.
    pub(super) async fn ask_again(&self) {
        self.state.lock().await.failure = None;
    }

    /// Drops the token that Atlas refused, unless it was renewed meanwhile.
    pub(super) async fn forget(&self, generation: u64) {
        let mut state = self.state.lock().await;
        if state.generation == generation {
            state.held = None;
        }
    }

    /// Revokes the token, best effort: it would expire by itself.
    pub(super) async fn revoke(&self, line: &Line, within: Duration) {
        let revoke = async {
            let Some(held) = self.state.lock().await.held.take() else { return };
            let token: String = byte_serialize(held.token.expose_secret().as_bytes()).collect();
            let form = format!("token={token}&token_type_hint=access_token");
            let _ = self.post(line, REVOKE, form.into(), within).await;
        };
        let _ = tokio::time::timeout(within, revoke).await;
    }

    async fn post(
        &self,
        line: &Line,
        path: &str,
        form: Bytes,
        within: Duration,
    ) -> Result<Response<Bytes>, TransportError> {
        let post = Request::post(path)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(AUTHORIZATION, self.basic());
        line.call(post.body(form), within).await
    }

    /// Basic authentication, both halves form-encoded first (RFC 6749, section 2.3.1).
    fn basic(&self) -> HeaderValue {
        let id: String = byte_serialize(self.client_id.as_bytes()).collect();
        let secret: String = byte_serialize(self.client_secret.expose_secret().as_bytes()).collect();
        let pair = STANDARD.encode(format!("{id}:{secret}"));
        // Base64 fits any header; an empty value would be refused as wrong credentials.
        let mut header = HeaderValue::from_str(&format!("Basic {pair}")).unwrap_or(HeaderValue::from_static(""));
        header.set_sensitive(true);
        header
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
