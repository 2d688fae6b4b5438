//! Who may come in.

use std::time::Duration;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use super::answer::{Answer, Refusal, stamp};
use super::dice::Dice;
use super::digest::{Nonces, Verdict};
use super::ledger::Tally;
use super::settings::SignIn;
use super::tokens::Tokens;
use crate::clock::Millis;

/// The door of the API.
pub(super) struct Door {
    pub(super) sign_in: SignIn,
    pub(super) tokens: Tokens,
    nonces: Nonces,
}

impl Door {
    pub(super) fn new(sign_in: SignIn, dice: Dice, token_life: Duration) -> Self {
        Self { sign_in, tokens: Tokens::new(dice, token_life), nonces: Nonces::new(dice) }
    }

    /// Lets a request in, which is no answer, or answers what it must show first.
    pub(super) fn admit(&mut self, parts: &Parts, now: Millis, tally: &mut Tally) -> Option<Answer> {
        let shown = authorization(&parts.headers);
        let known = match &self.sign_in {
            SignIn::Anyone => true,
            SignIn::Bearer(token) => shown.strip_prefix("Bearer ") == Some(token),
            SignIn::ServiceAccount { .. } => {
                shown.strip_prefix("Bearer ").is_some_and(|token| self.tokens.lives(token, now))
            }
            SignIn::Digest { public, private } => {
                let stale = match self.nonces.check(shown, parts, (public, private)) {
                    Verdict::Welcome => return None,
                    Verdict::Stale => true,
                    Verdict::Stranger => false,
                    Verdict::Broken { rule, stale } => {
                        tally.broken(rule);
                        stale
                    }
                };
                return Some(challenge(&self.nonces.challenge(stale)));
            }
        };
        if known { None } else { Some(challenge("Bearer error=\"invalid_token\"")) }
    }
}

/// The `Authorization` header, or nothing.
pub(super) fn authorization(headers: &HeaderMap) -> &str {
    headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn challenge(what: &str) -> Answer {
    let detail = "These credentials do not open this door.";
    let mut answer = Answer::from(Refusal::new(StatusCode::UNAUTHORIZED, "UNEXPECTED_ERROR", detail));
    stamp(&mut answer, WWW_AUTHENTICATE, what);
    answer
}
