//! The access tokens of service accounts.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Millis;
use crate::simulator::seeded_rng::SeededRng;

/// A service account has no more active tokens than this.
const MOST_ACTIVE: usize = 100;

/// The tokens that are active.
pub(crate) struct AccessTokens {
    rng: SeededRng,
    /// How long a token is valid.
    pub(crate) life: Duration,
    issued: u64,
    expires_at: BTreeMap<String, Millis>,
}

impl AccessTokens {
    pub(crate) fn new(rng: SeededRng, life: Duration) -> Self {
        Self { rng, life, issued: 0, expires_at: BTreeMap::new() }
    }

    /// Whether a token was issued, is not revoked, and has not expired.
    pub(crate) fn is_valid(&self, token: &str, now: Millis) -> bool {
        self.expires_at.get(token).is_some_and(|end| now < *end)
    }

    /// A new token, or none if there are too many.
    pub(crate) fn issue(&mut self, now: Millis) -> Option<String> {
        self.expires_at.retain(|_, end| now < *end);
        if self.expires_at.len() >= MOST_ACTIVE {
            return None;
        }
        self.issued += 1;
        let token = format!("simulated.{}", self.rng.id(&["token"], self.issued));
        self.expires_at.insert(token.clone(), now.after(self.life));
        Some(token)
    }

    /// The token is no longer valid.
    pub(crate) fn revoke(&mut self, token: &str) {
        self.expires_at.remove(token);
    }
}
