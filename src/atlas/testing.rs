//! An Atlas of a few lines, for the tests of this module.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};

use crate::atlas::{Client, Credentials, MayLeave, Transport};
use crate::clock::{Clock, Millis};
use crate::domain::operation;

/// The time of one request in these tests.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
/// The project that they ask about.
pub(super) const PROJECT: &str = "32b6e34b3d91647abb20e7b8";
/// The path of an upgrade request.
pub(super) const UPGRADE: &str = "/api/atlas/v2/groups/32b6e34b3d91647abb20e7b8/clusters/tenantUpgradeToServerless";
/// Where tokens are fetched.
pub(super) const TOKEN: &str = "/api/oauth/token";

type Answers = dyn Fn(usize, &Request<Bytes>) -> Option<Response<Bytes>> + Send + Sync;

/// Answers requests by a closure, which is told how many came before, and keeps them.
pub(super) struct Desk {
    delay: Duration,
    answers: Box<Answers>,
    log: Mutex<Vec<Request<Bytes>>>,
}

impl Desk {
    pub(super) fn open(
        delay: Duration,
        answers: impl Fn(usize, &Request<Bytes>) -> Option<Response<Bytes>> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { delay, answers: Box::new(answers), log: Mutex::default() })
    }

    pub(super) fn client(self: &Arc<Self>, credentials: impl Into<Option<Credentials>>) -> Client {
        let desk = Arc::clone(self);
        let handler = move |request: Request<Bytes>| {
            let desk = Arc::clone(&desk);
            async move {
                tokio::time::sleep(desk.delay).await;
                let mut log = desk.log.lock().unwrap();
                let answer = (desk.answers)(log.len(), &request);
                log.push(request);
                answer
            }
            .boxed()
        };
        let clock = Clock::starting_at(Millis(1_000_000));
        Client::new(Transport::in_process(Arc::new(handler)), credentials.into(), clock, TIMEOUT)
    }

    /// How many requests came to `path`.
    pub(super) fn count(&self, path: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|request| request.uri().path() == path).count()
    }

    /// Every request's method and path, and its header `name`.
    pub(super) fn lines(&self, name: &str) -> Vec<String> {
        let line = |request: &Request<Bytes>| {
            let value = request.headers().get(name).map_or("-", |value| value.to_str().unwrap());
            format!("{} {} {value}", request.method(), request.uri().path())
        };
        self.log.lock().unwrap().iter().map(line).collect()
    }

    /// The body of the last request.
    pub(super) fn last_body(&self) -> Bytes {
        self.log.lock().unwrap().last().unwrap().body().clone()
    }
}

pub(super) fn account() -> Credentials {
    Credentials::ServiceAccount { client_id: "mdb_sa_id_1".into(), client_secret: "mdb sa/sk".into() }
}

pub(super) fn key() -> Credentials {
    Credentials::Digest { public_key: "PUBLIC".into(), private_key: "private".into() }
}

/// Whoever asks may send.
pub(super) fn always() -> MayLeave {
    Arc::new(|| Ok(()))
}

pub(super) fn upgrade() -> operation::Request {
    operation::Request { path: UPGRADE.to_owned(), version: "2023-01-01", body: br#"{"name":"c1"}"#.to_vec() }
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a desk answers")]
pub(super) fn answer(status: u16, body: impl Into<Bytes>) -> Option<Response<Bytes>> {
    Some(Response::builder().status(status).body(body.into()).unwrap())
}

/// An answer of the token endpoint.
pub(super) fn token(token: &str, expires_in: u32) -> Option<Response<Bytes>> {
    let body = format!(r#"{{"access_token":"{token}","expires_in":{expires_in},"token_type":"Bearer"}}"#);
    answer(200, body)
}

/// A 401 as recorded, with a digest challenge if there is a nonce.
pub(super) fn unauthorized(nonce: Option<&str>, stale: bool) -> Option<Response<Bytes>> {
    let body = r#"{"error":401,"reason":"Unauthorized","detail":"You are not authorized for this resource.",
        "errorCode":"UNEXPECTED_ERROR"}"#;
    let mut answer = answer(401, body)?;
    if let Some(nonce) = nonce {
        let challenge = format!(
            r#"Digest realm="MMS Public API", domain="", nonce="{nonce}", algorithm=MD5, qop="auth", stale={stale}"#
        );
        answer.headers_mut().insert("www-authenticate", challenge.parse().unwrap());
    }
    Some(answer)
}
