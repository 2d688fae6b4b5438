//! How a request reaches Atlas: over sockets, or by a call within the process. The only file that says `reqwest`.
//!
//! What an error says about the effect of a request is the whole point here, so nothing below may send a
//! request again or elsewhere on its own: no redirect, no retry, and a kernel that gives up when we do.
//!
//! Upgrade requests have a client of their own. It speaks HTTP/1.1, and makes a connection for each of them: bytes that
//! wait behind another request's, on a connection of HTTP/2, cannot be taken back. A [`SendGate`] is asked at the first
//! byte.

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use reqwest::Url;

use crate::atlas::send_gate::{GatedBody, SendGate};
use crate::atlas::{codes, tls};
use crate::domain::code::Fault;
use crate::loopback::is_loopback;
use crate::redaction::Redactor;

/// No answer of Atlas is longer: 500 clusters are about 3 MiB.
const LARGEST_ANSWER: usize = 8 << 20;

/// A handler that answers in this process; `None` stands for a connection that was dropped.
pub type Handler = Arc<dyn Fn(Request<Bytes>) -> BoxFuture<'static, Option<Response<Bytes>>> + Send + Sync>;

/// Carries one request and brings its answer back.
#[derive(Clone)]
pub enum Transport {
    /// HTTP/1.1 or HTTP/2 over the network.
    Sockets(Sockets),
    /// A function call: the simulator, or a test.
    InProcess(Handler),
}

/// The ways to one host.
#[derive(Debug, Clone)]
pub struct Sockets {
    /// For reads and for signing in: a pool of connections.
    reads: reqwest::Client,
    /// For upgrade requests: a connection each.
    upgrades: reqwest::Client,
    base: String,
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection could be made, and so the request never left.
    #[error("no connection could be made ({0}): is the network or the VPN up?")]
    NeverMade(String),
    /// The other side could not be trusted, and so the request never left.
    #[error("no secure connection could be made: {0}")]
    Insecure(String),
    /// The proxy lets only those through who sign in to it, and so the request never left.
    #[error(
        "the proxy in HTTPS_PROXY or ALL_PROXY refused the sign-in (407): check the name and password in its URL \
         (http://NAME:PASSWORD@proxy.example:3128)"
    )]
    ProxySignIn,
    /// Something had changed when the request was about to leave, and so it never left.
    #[error("{}", .0.detail)]
    Withheld(Fault),
    /// The time was up. The request may have had its effect.
    #[error("no answer came in time")]
    TimedOut,
    /// The connection ended before the answer did. The request may have had its effect.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// The answer was longer than 8 MiB and was not read to its end.
    #[error("the answer was longer than {LARGEST_ANSWER} bytes")]
    TooLarge,
}

impl TransportError {
    /// Whether nothing of the request has left this machine.
    pub(super) fn never_left(&self) -> bool {
        self.is_no_way() || matches!(self, Self::Withheld(_) | Self::ProxySignIn)
    }

    /// Whether no connection was to be had, so that nobody else gets one either.
    pub(super) fn is_no_way(&self) -> bool {
        matches!(self, Self::NeverMade(_) | Self::Insecure(_))
    }

    /// The same without a secret, should the other side have put one into what was made of its words.
    pub(super) fn redacted(self, redactor: &Redactor) -> Self {
        let clean = |text: String| redactor.redact(&text).into_owned();
        match self {
            Self::NeverMade(why) => Self::NeverMade(clean(why)),
            Self::Insecure(why) => Self::Insecure(clean(why)),
            Self::Lost(why) => Self::Lost(clean(why)),
            other => other,
        }
    }

    /// The same for a history.
    pub(super) fn fault(&self) -> Fault {
        let code = match self {
            Self::NeverMade(_) => codes::NO_CONNECTION,
            Self::Insecure(_) => codes::INSECURE,
            Self::ProxySignIn => codes::PROXY_SIGN_IN,
            Self::Withheld(fault) => return fault.clone(),
            Self::TimedOut => codes::TIMED_OUT,
            Self::Lost(_) => codes::CONNECTION_LOST,
            Self::TooLarge => codes::ANSWER_TOO_LARGE,
        };
        Fault::new(code, self.to_string())
    }
}

impl Transport {
    /// A transport to the host of `base_url` (`https://cloud.mongodb.com`; a path is kept as a prefix). The kernel
    /// gives up on a connection that acknowledges nothing for `request_timeout`.
    ///
    /// Fails as [`TransportError::NeverMade`] where the URL is none, or is plain HTTP to a host that is not
    /// loopback, or where TLS cannot be set up.
    pub fn sockets(base_url: &str, request_timeout: Duration) -> Result<Self, TransportError> {
        let url = Url::parse(base_url).map_err(|why| TransportError::NeverMade(format!("{base_url}: {why}")))?;
        let loopback = is_loopback(url.host_str().unwrap_or_default());
        if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
            let why = format!("{base_url}: only https is allowed to a host that is not loopback");
            return Err(TransportError::NeverMade(why));
        }
        let never = |why| TransportError::NeverMade(words(why));
        // Shorter than servers keep a connection: one that the server just closed leaves an effect unknown.
        let reads = builder(loopback, request_timeout).pool_idle_timeout(Duration::from_secs(5));
        // No pool: a connection is used once.
        let upgrades = builder(loopback, request_timeout).http1_only().pool_max_idle_per_host(0);
        let (reads, upgrades) = (reads.build().map_err(never)?, upgrades.build().map_err(never)?);
        Ok(Self::Sockets(Sockets { reads, upgrades, base: base_url.trim_end_matches('/').to_owned() }))
    }

    /// A transport to a function in this process.
    pub fn in_process(handler: Handler) -> Self {
        Self::InProcess(handler)
    }

    /// Sends `request`, whose URI is a path with a query, and reads the whole answer, all `within` a time.
    pub(super) async fn call(
        &self,
        request: Request<Bytes>,
        within: Duration,
    ) -> Result<Response<Bytes>, TransportError> {
        in_time(self.answer(request, None), within).await
    }

    /// The same for an upgrade request, which leaves only if `gate` lets it when its first byte is about to be
    /// written. An error that [never left](TransportError::never_left) is proof of that.
    pub(super) async fn send(
        &self,
        request: Request<Bytes>,
        gate: &SendGate,
    ) -> Result<Response<Bytes>, TransportError> {
        gate.close(in_time(self.answer(request, Some(gate)), gate.left()).await)
    }

    async fn answer(
        &self,
        request: Request<Bytes>,
        gate: Option<&SendGate>,
    ) -> Result<Response<Bytes>, TransportError> {
        match self {
            Self::Sockets(sockets) => sockets.call(request, gate).await,
            Self::InProcess(handler) => {
                gate.map_or(Ok(()), SendGate::pass)?;
                match handler(request).await {
                    None => Err(TransportError::Lost("the handler dropped the request".to_owned())),
                    Some(answer) if answer.body().len() > LARGEST_ANSWER => Err(TransportError::TooLarge),
                    Some(answer) => Ok(answer),
                }
            }
        }
    }
}

async fn in_time<T>(
    answer: impl Future<Output = Result<T, TransportError>>,
    within: Duration,
) -> Result<T, TransportError> {
    tokio::time::timeout(within, answer).await.unwrap_or(Err(TransportError::TimedOut))
}

impl fmt::Debug for Transport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sockets(sockets) => write!(out, "Transport({})", sockets.base),
            Self::InProcess(_) => out.write_str("Transport(in process)"),
        }
    }
}

impl Sockets {
    async fn call(&self, request: Request<Bytes>, gate: Option<&SendGate>) -> Result<Response<Bytes>, TransportError> {
        let (parts, body) = request.into_parts();
        let client = if gate.is_some() { &self.upgrades } else { &self.reads };
        let mut outgoing = client.request(parts.method, format!("{}{}", self.base, parts.uri));
        outgoing = outgoing.headers(parts.headers);
        outgoing = match gate {
            Some(gate) => outgoing.body(reqwest::Body::wrap(GatedBody::new(gate.clone(), body))),
            None if body.is_empty() => outgoing,
            None => outgoing.body(body),
        };
        let mut incoming = outgoing.send().await.map_err(failure)?;
        let (status, headers) = (incoming.status(), std::mem::take(incoming.headers_mut()));
        let mut whole = BytesMut::new();
        while let Some(chunk) = incoming.chunk().await.map_err(failure)? {
            if whole.len() + chunk.len() > LARGEST_ANSWER {
                return Err(TransportError::TooLarge);
            }
            whole.extend_from_slice(&chunk);
        }
        let mut answer = Response::new(whole.freeze());
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

fn builder(loopback: bool, request_timeout: Duration) -> reqwest::ClientBuilder {
    // Fails only if someone installed a provider before, which does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        // Ends before the request's own time does, so that this failure is known as a connection never made.
        .connect_timeout((request_timeout / 2).min(Duration::from_secs(10)));
    #[cfg(target_os = "linux")]
    {
        // Or the kernel goes on delivering a request that we gave up.
        builder = builder.tcp_user_timeout(request_timeout);
    }
    if loopback { builder.no_proxy() } else { builder }
}

/// How the HTTP library says that the proxy answered 407; its error has no name that is known here.
const PROXY_REFUSES: &str = "proxy authorization required";

/// `is_connect` is true for what happens before a connection carries requests (name, TCP, proxy, TLS), and for
/// nothing else: not for a pooled connection that the server closed.
fn failure(error: reqwest::Error) -> TransportError {
    if error.is_connect() {
        match tls::trouble(&error) {
            Some(trouble) => TransportError::Insecure(trouble),
            None => match words(error) {
                why if why.contains(PROXY_REFUSES) => TransportError::ProxySignIn,
                why => TransportError::NeverMade(why),
            },
        }
    } else if error.is_timeout() {
        TransportError::TimedOut
    } else {
        TransportError::Lost(words(error))
    }
}

/// The error with its causes, without the URL (a path is said elsewhere).
fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    // What reqwest calls itself helps nobody.
    let words = words.trim_start_matches("error sending request: ").trim_start_matches("client error (Connect): ");
    words.chars().take(300).collect()
}

#[cfg(test)]
#[path = "transport_tests.rs"]
mod tests;
