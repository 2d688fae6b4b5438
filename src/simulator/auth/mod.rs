//! Authentication of requests.

pub(super) mod access_tokens;
pub(super) mod digest;

use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use crate::clock::Millis;
use crate::simulator::auth::access_tokens::AccessTokens;
use crate::simulator::auth::digest::{DigestCheck, Nonces};
use crate::simulator::ledger::Tally;
use crate::simulator::protocol::response::{ApiError, ApiResponse, set_header};
use crate::simulator::seeded_rng::SeededRng;

/// Which credentials are accepted.
#[derive(Clone)]
pub enum SignIn {
    /// All, and requests without credentials.
    Anyone,
    /// This access token.
    Bearer(String),
    /// An access token that was issued for these credentials.
    ServiceAccount {
        /// The client id.
        id: String,
        /// The client secret.
        secret: String,
    },
    /// This API key, by HTTP digest.
    Digest {
        /// The public key, which is the user name.
        public: String,
        /// The private key.
        private: String,
    },
}

impl fmt::Debug for SignIn {
    /// The kind alone: nothing here may end up in a log.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Anyone => "Anyone",
            Self::Bearer(_) => "Bearer(..)",
            Self::ServiceAccount { .. } => "ServiceAccount(..)",
            Self::Digest { .. } => "Digest(..)",
        })
    }
}

/// Checks the credentials of requests.
pub(crate) struct Authenticator {
    pub(crate) sign_in: SignIn,
    pub(crate) tokens: AccessTokens,
    nonces: Nonces,
}

impl Authenticator {
    /// An authenticator that has issued neither tokens nor nonces.
    pub(crate) fn new(sign_in: SignIn, rng: SeededRng, token_life: Duration) -> Self {
        Self { sign_in, tokens: AccessTokens::new(rng, token_life), nonces: Nonces::new(rng) }
    }

    /// The 401 that a request without valid credentials gets.
    pub(crate) fn refusal(&mut self, parts: &Parts, now: Millis, tally: &mut Tally) -> Option<ApiResponse> {
        let sent = authorization(&parts.headers);
        let is_valid = match &self.sign_in {
            SignIn::Anyone => true,
            SignIn::Bearer(token) => sent.strip_prefix("Bearer ") == Some(token),
            SignIn::ServiceAccount { .. } => {
                sent.strip_prefix("Bearer ").is_some_and(|token| self.tokens.is_valid(token, now))
            }
            SignIn::Digest { public, private } => {
                let stale = match self.nonces.check(sent, parts, (public, private)) {
                    DigestCheck::Valid => return None,
                    DigestCheck::StaleNonce => true,
                    DigestCheck::Invalid => false,
                    DigestCheck::ProtocolError { rule, stale } => {
                        tally.note_broken_rule(rule);
                        stale
                    }
                };
                return Some(unauthorized(&self.nonces.challenge(stale)));
            }
        };
        if is_valid { None } else { Some(unauthorized("Bearer error=\"invalid_token\"")) }
    }
}

/// The `Authorization` header, or nothing.
pub(crate) fn authorization(headers: &HeaderMap) -> &str {
    headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn unauthorized(challenge: &str) -> ApiResponse {
    let detail = "These credentials are not valid.";
    let mut response = ApiResponse::from(ApiError::new(StatusCode::UNAUTHORIZED, "UNEXPECTED_ERROR", detail));
    set_header(&mut response, WWW_AUTHENTICATE, challenge);
    response
}
