//! HTTP digest (RFC 7616) with a nonce that many requests share.
//!
//! Asking for a nonce costs a round trip, so one is kept until Atlas refuses it; each request counts it up (`nc`).
//! A nonce comes from a read, so that an upgrade request is signed from the start.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{ACCEPT, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_auth::digest::Qop;
use http_auth::{PasswordClient, PasswordParams};
use secrecy::{ExposeSecret, SecretString};

use crate::atlas::page::is_page;
use crate::atlas::sign_in::SignInError;
use crate::atlas::signer::{Line, Signature};
use crate::clock::Millis;

/// The version that the asking read names.
const VERSION: &str = "application/vnd.atlas.2024-08-05+json";

/// Keeps the one nonce of this process.
pub(super) struct Digest {
    public_key: String,
    private_key: SecretString,
    nonce: Mutex<Nonce>,
    /// Held while a nonce is asked for; inside, the last failure and until when it counts.
    asking: tokio::sync::Mutex<Option<(Millis, SignInError)>>,
}

#[derive(Default)]
struct Nonce {
    client: Option<PasswordClient>,
    /// Counts the nonces.
    generation: u64,
    /// A read was answered without a challenge, so that asking is of no use.
    unasked: bool,
}

impl Digest {
    pub(super) fn new(public_key: String, private_key: SecretString) -> Self {
        Self { public_key, private_key, nonce: Mutex::default(), asking: tokio::sync::Mutex::default() }
    }

    /// Asks for a nonce if there is none, by a read of the project that `path` is in. Whoever comes meanwhile waits
    /// for the same one.
    pub(super) async fn ready(&self, line: &Line, path: &str) -> Result<(), SignInError> {
        if self.has_nonce() {
            return Ok(());
        }
        let mut failure = self.asking.lock().await;
        if self.has_nonce() {
            return Ok(());
        }
        failure.take_if(|(until, _)| *until <= line.clock.now());
        if let Some((_, failure)) = &*failure {
            return Err(failure.clone());
        }
        let asked = self.ask(line, path).await;
        if let Err(error) = &asked {
            *failure = Some((line.clock.now().after(error.holds_for()), error.clone()));
        }
        asked
    }

    /// The last failure counts no more: the next call asks again.
    pub(super) async fn ask_again(&self) {
        *self.asking.lock().await = None;
    }

    async fn ask(&self, line: &Line, path: &str) -> Result<(), SignInError> {
        let get = Request::get(a_read_near(path)).header(ACCEPT, VERSION);
        let answer = line.call(get.body(Bytes::new()), line.request_timeout).await;
        let answer = answer.map_err(|error| SignInError::of_transport(&error))?;
        if let Some(client) = challenge(answer.headers()) {
            self.take(client);
            return Ok(());
        }
        if wants_digest(answer.headers()) {
            return Err(SignInError::unsupported_digest());
        }
        match answer.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {}
            status if status.is_server_error() || is_page(status.as_u16(), answer.body()) => {}
            // Whatever guards the other paths will challenge there; the answer to that is signed.
            _ => {
                self.lock().unasked = true;
                return Ok(());
            }
        }
        Err(SignInError::of_answer(&answer, line.clock.now(), &line.redactor))
    }

    /// Signs one request with the next `nc`; not at all if no challenge was ever seen.
    pub(super) fn sign(&self, method: &Method, uri: &Uri) -> Result<Signature, SignInError> {
        let mut nonce = self.lock();
        let generation = nonce.generation;
        let Some(client) = &mut nonce.client else { return Ok(Signature { header: None, generation }) };
        let signed = client.respond(&PasswordParams {
            username: &self.public_key,
            password: self.private_key.expose_secret(),
            uri: uri.path_and_query().map_or("/", |path| path.as_str()),
            method: method.as_str(),
            // Without a body it signs with `qop=auth`, all that Atlas offers.
            body: None,
        });
        match signed {
            Ok(header) => Signature::of(&header, generation),
            Err(why) => {
                // The count is exhausted, or the challenge asks for what we cannot do: the next asks anew.
                nonce.client = None;
                Err(SignInError::later(format!("no digest can be made: {why}")))
            }
        }
    }

    /// Takes in a 401 to a request signed with `generation`: its challenge replaces that nonce, unless another
    /// request was faster, for then there is a fresh one already. Says whether a new signature would differ.
    pub(super) fn challenged(&self, generation: u64, headers: &HeaderMap) -> bool {
        if self.lock().generation != generation {
            return true;
        }
        match challenge(headers) {
            Some(client) => {
                self.take(client);
                true
            }
            None => false,
        }
    }

    fn take(&self, client: PasswordClient) {
        let mut nonce = self.lock();
        *nonce = Nonce { client: Some(client), generation: nonce.generation + 1, unasked: nonce.unasked };
    }

    fn has_nonce(&self) -> bool {
        let nonce = self.lock();
        nonce.client.is_some() || nonce.unasked
    }

    fn lock(&self) -> MutexGuard<'_, Nonce> {
        self.nonce.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A read by which a nonce is had: the list of clusters of the project that `path` is in, which whoever may upgrade
/// there may do, or the list of projects where it is in none.
fn a_read_near(path: &str) -> String {
    const GROUPS: &str = "/api/atlas/v2/groups";
    let project = path.strip_prefix(GROUPS).and_then(|rest| rest.strip_prefix('/')?.split(['/', '?']).next());
    project.map_or_else(|| GROUPS.to_owned(), |project| format!("{GROUPS}/{project}/clusters"))
}

#[test]
fn a_nonce_is_had_by_a_path_that_there_is() {
    let groups = "/api/atlas/v2/groups";
    for path in ["/api/atlas/v2/groups/5f/serverless/c1", "/api/atlas/v2/groups/5f", "/api/atlas/v2/groups/5f/clusters"]
    {
        assert_eq!(a_read_near(path), format!("{groups}/5f/clusters"));
    }
    for path in [groups, "/api/atlas/v2/groups?pageNum=1", "/api/atlas/v2/rateLimits?groupId=5f", "/api/atlas/v2/orgs"]
    {
        assert_eq!(a_read_near(path), groups);
    }
}

/// The first challenge that can be answered, in any of the headers.
fn challenge(headers: &HeaderMap) -> Option<PasswordClient> {
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let client =
        challenges.fold(PasswordClient::builder(), http_auth::PasswordClientBuilder::challenges).build().ok()?;
    match &client {
        // With `auth-int` alone it could not be answered: no body is signed.
        PasswordClient::Digest(digest) if !(digest.qop() & Qop::Auth) => None,
        _ => Some(client),
    }
}

/// Whether a digest is asked for, of any kind.
fn wants_digest(headers: &HeaderMap) -> bool {
    let values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    values.into_iter().any(|value| value.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("digest")))
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
