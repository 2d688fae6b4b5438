//! Why no valid authorization is at hand.

use std::time::Duration;

use http::Response;

use bytes::Bytes;

use crate::atlas::classify::classify;
use crate::atlas::codes::{DIGEST_UNSUPPORTED, INSECURE, NO_CONNECTION, SIGN_IN_FAILED, WEB_PAGE};
use crate::atlas::document::{fault, refusal};
use crate::atlas::headers;
use crate::atlas::transport::TransportError;
use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::event::Answer;
use crate::domain::hold::{Hold, Reach};
use crate::domain::policy::LONGEST_WAIT;
use crate::redaction::Redactor;

/// A service account has at most a hundred tokens, which expire by themselves within the hour.
const TOKEN_LIMIT_WAIT: Duration = Duration::from_mins(1);

/// Why Atlas did not let Drydock in. Nothing of a request was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The credentials are no good; an operator must act.
    #[error("Atlas refused the credentials ({}): {}", .0.code, .0.detail)]
    Refused(Fault),
    /// It may go well later: too many requests or tokens, an error of Atlas, no connection.
    #[error("could not sign in ({}): {}", .fault.code, .fault.detail)]
    Later {
        /// What happened.
        fault: Fault,
        /// How long to wait, if Atlas said so.
        retry_after: Option<Duration>,
    },
}

impl SignInError {
    /// Sorts an answer that came at `now` in place of a token or a challenge.
    pub(super) fn of_answer(answer: &Response<Bytes>, now: Millis, redactor: &Redactor) -> Self {
        let status = answer.status().as_u16();
        let denied = refusal(status, answer.body()).is_some_and(|code| code == "access_denied");
        let mut fault = fault(status, answer.body(), redactor);
        fault.detail = format!("Signing in: {}", fault.detail);
        let mut retry_after = headers::limits(status, answer.headers(), now).retry_after;
        if denied {
            retry_after = retry_after.or(Some(TOKEN_LIMIT_WAIT));
        }
        let later = match status {
            403 => denied,
            405 | 408 | 425 | 429 => true,
            400..500 => false,
            _ => true,
        };
        if later { Self::Later { fault, retry_after } } else { Self::Refused(fault) }
    }

    /// No answer came at all.
    pub(super) fn of_transport(error: &TransportError) -> Self {
        let mut fault = error.fault();
        if *error == TransportError::ProxySignIn {
            return Self::Refused(fault);
        }
        fault.detail = format!("Signing in: {}", fault.detail);
        Self::Later { fault, retry_after: None }
    }

    /// A token or key that no header may hold.
    pub(super) fn unsendable() -> Self {
        let detail = "the token or key holds characters that no header may hold: copy it anew";
        Self::Refused(Fault::new(SIGN_IN_FAILED, detail))
    }

    /// A digest that no waiting makes possible.
    pub(super) fn unsupported_digest() -> Self {
        let detail = "the challenge asks for a digest that Drydock cannot make: it needs qop \"auth\" and one of the \
                      algorithms MD5, SHA-256 and SHA-512-256. Is it Atlas that answers? A service account needs none.";
        Self::Refused(Fault::new(DIGEST_UNSUPPORTED, detail))
    }

    /// A failure on this side, or an answer that makes no sense.
    pub(super) fn later(detail: impl Into<String>) -> Self {
        Self::Later { fault: Fault::new(SIGN_IN_FAILED, detail), retry_after: None }
    }

    /// How long the failure counts for everybody who asks.
    pub(super) fn holds_for(&self) -> Duration {
        let least = Duration::from_secs(1);
        match self {
            Self::Refused(_) => 10 * least,
            Self::Later { retry_after, .. } => retry_after.unwrap_or(least).max(least).min(LONGEST_WAIT),
        }
    }

    /// Whether no connection to the host could be made, or it answered 503: nothing should be sent for a while.
    pub fn host_unavailable(&self) -> bool {
        let Self::Later { fault, .. } = self else { return false };
        matches!(fault.code.as_str(), NO_CONNECTION | INSECURE | WEB_PAGE | "HTTP_503" | "SERVICE_UNAVAILABLE")
    }

    /// How long to wait, if Atlas said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(_) => None,
            Self::Later { retry_after, .. } => *retry_after,
        }
    }

    /// What this means for a request that was not sent because of it.
    pub(super) fn answer(self) -> Answer {
        match self {
            Self::Refused(fault) => Answer::ScopeHeld(Hold::until_released(Reach::Campaign, fault)),
            Self::Later { fault, .. } if [NO_CONNECTION, INSECURE].contains(&&*fault.code) => Answer::NeverSent(fault),
            Self::Later { fault, .. } => Answer::NotNow(fault),
        }
    }
}

/// Whether a 401 to a signed request may be cured by a fresh token or nonce. It must carry an error document:
/// only then is it sure that nothing was applied.
pub(super) fn may_be_cured(answer: &Response<Bytes>) -> bool {
    let sorted = classify(answer.status().as_u16(), answer.body(), None, &Redactor::default());
    answer.status() == http::StatusCode::UNAUTHORIZED
        && matches!(sorted, Answer::ScopeHeld(_))
        && !crate::atlas::classify::is_missing_role(answer.body())
}
