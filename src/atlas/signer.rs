//! Signs requests, whichever way Drydock signs in.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue, USER_AGENT};
use http::{HeaderMap, Request, Response};
use secrecy::ExposeSecret;

use crate::atlas::credentials::Credentials;
use crate::atlas::digest::Digest;
use crate::atlas::send_gate::SendGate;
use crate::atlas::sign_in::SignInError;
use crate::atlas::token::TokenKeeper;
use crate::atlas::transport::{Transport, TransportError};
use crate::clock::Clock;
use crate::redaction::Redactor;

const AGENT: &str = concat!("drydock/", env!("CARGO_PKG_VERSION"));

/// The transport with what every call needs.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) transport: Transport,
    pub(super) clock: Clock,
    pub(super) request_timeout: Duration,
    /// Knows what must not be kept or shown.
    pub(super) redactor: Redactor,
}

impl Line {
    /// Sends one request as it stands. One that could not even be built was never sent. The answer is as it came, for
    /// things are decided by it; an error is for people, and repeats no secret.
    pub(super) async fn call(
        &self,
        request: http::Result<Request<Bytes>>,
        within: Duration,
    ) -> Result<Response<Bytes>, TransportError> {
        self.transport.call(named(request)?, within).await.map_err(|error| error.redacted(&self.redactor))
    }

    /// Sends one upgrade request, if `gate` lets it.
    pub(super) async fn send(
        &self,
        request: http::Result<Request<Bytes>>,
        gate: &SendGate,
    ) -> Result<Response<Bytes>, TransportError> {
        self.transport.send(named(request)?, gate).await.map_err(|error| error.redacted(&self.redactor))
    }
}

/// The request with the name of this program.
fn named(request: http::Result<Request<Bytes>>) -> Result<Request<Bytes>, TransportError> {
    let mut request = request.map_err(|why| TransportError::NeverMade(why.to_string()))?;
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
    Ok(request)
}

/// The signature of one request.
#[derive(Debug, Default)]
pub(super) struct Signature {
    /// The `Authorization` header; none where anyone is let in.
    pub(super) header: Option<HeaderValue>,
    /// Which token or nonce it was made with.
    pub(super) generation: u64,
}

impl Signature {
    /// A signature by `header`, which logs must not show.
    pub(super) fn of(header: &str, generation: u64) -> Result<Self, SignInError> {
        let mut header = HeaderValue::from_str(header).map_err(|_| SignInError::unsendable())?;
        header.set_sensitive(true);
        Ok(Self { header: Some(header), generation })
    }

    /// Signs the request.
    pub(super) fn put(&self, request: &mut Request<Bytes>) {
        if let Some(header) = &self.header {
            request.headers_mut().insert(AUTHORIZATION, header.clone());
        }
    }
}

/// The way in.
pub(super) enum Signer {
    /// Anyone is let in: a simulation in this process.
    Nobody,
    /// A token that cannot be renewed.
    Bearer(secrecy::SecretString),
    /// Tokens of a service account.
    Account(TokenKeeper),
    /// HTTP digest.
    Key(Digest),
}

impl Signer {
    pub(super) fn new(credentials: Option<Credentials>) -> Self {
        match credentials {
            None => Self::Nobody,
            Some(Credentials::Bearer(token)) => Self::Bearer(token),
            Some(Credentials::ServiceAccount { client_id, client_secret }) => {
                Self::Account(TokenKeeper::new(client_id, client_secret))
            }
            Some(Credentials::Digest { public_key, private_key }) => Self::Key(Digest::new(public_key, private_key)),
        }
    }

    /// Sees to it that [`Signer::sign`] will find a token or a nonce, for requests like those to `path`.
    pub(super) async fn ready(&self, line: &Line, path: &str) -> Result<(), SignInError> {
        match self {
            Self::Nobody | Self::Bearer(_) => Ok(()),
            Self::Account(keeper) => keeper.token(line).await.map(drop),
            Self::Key(digest) => digest.ready(line, path).await,
        }
    }

    /// Signs a request, after fetching what is missing.
    pub(super) async fn sign(&self, line: &Line, request: &Request<Bytes>) -> Result<Signature, SignInError> {
        match self {
            Self::Nobody => Ok(Signature::default()),
            Self::Bearer(token) => Signature::of(&format!("Bearer {}", token.expose_secret()), 0),
            Self::Account(keeper) => keeper.token(line).await,
            Self::Key(digest) => {
                digest.ready(line, request.uri().path()).await?;
                digest.sign(request.method(), request.uri())
            }
        }
    }

    /// Takes in a 401 to a request signed with `generation`. Says whether a new signature would differ.
    pub(super) async fn refused(&self, generation: u64, headers: &HeaderMap) -> bool {
        match self {
            Self::Nobody | Self::Bearer(_) => false,
            Self::Account(keeper) => {
                keeper.forget(generation).await;
                true
            }
            Self::Key(digest) => digest.challenged(generation, headers),
        }
    }

    /// What Atlas asked to wait for before signing in again counts no more.
    pub(super) async fn ask_again(&self) {
        match self {
            Self::Nobody | Self::Bearer(_) => {}
            Self::Account(keeper) => keeper.ask_again().await,
            Self::Key(digest) => digest.ask_again().await,
        }
    }

    /// Gives up what was fetched.
    pub(super) async fn sign_out(&self, line: &Line, within: Duration) {
        if let Self::Account(keeper) = self {
            keeper.revoke(line, within).await;
        }
    }
}
