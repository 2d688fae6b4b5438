//! The calls that Drydock makes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, Method, Request, Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::atlas::classify::{classify, is_missing_role};
use crate::atlas::credentials::Credentials;
use crate::atlas::document;
use crate::atlas::exchange::{Exchange, Limits, Page};
use crate::atlas::headers;
use crate::atlas::list::{self, Listed};
use crate::atlas::page::is_page;
use crate::atlas::projects::{EndpointSet, GROUPS, Offer, Project, RATE_LIMITS, REGIONS};
use crate::atlas::reads::{self, found, list_path, listed, one_path};
use crate::atlas::send_gate::{MayLeave, SendGate};
use crate::atlas::sign_in::{SignInError, may_be_cured};
use crate::atlas::signer::{Line, Signature, Signer};
use crate::atlas::transport::{Transport, TransportError};
use crate::clock::{Clock, Deadline};
use crate::domain::event::{Answer, Found};
use crate::domain::hold::{Hold, Reach};
use crate::domain::operation;
use crate::domain::operation::{Api, CLUSTERS};
use crate::redaction::Redactor;

/// How long a clean end may take.
const SIGN_OUT: Duration = Duration::from_secs(2);

/// Calls Atlas's API, signed in with one identity. Clones share it.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    line: Line,
    signer: Signer,
    who: String,
}

/// One request without its signature.
struct Call {
    method: Method,
    path: String,
    version: &'static str,
    /// Whether the answer is to tell the size that was asked for from the one that compute auto-scaling has made of it.
    tells_sizes_apart: bool,
    body: Bytes,
    /// For an upgrade request: whether it may leave, asked each time that it is about to.
    may_leave: Option<MayLeave>,
}

/// What asks for that (the API's document; only the clusters' own resource has it).
const EFFECTIVE_FIELDS: HeaderName = HeaderName::from_static("use-effective-instance-fields");

/// How far a request got.
enum Failure {
    /// It was not sent: no authorization was to be had. (Or it was, and was answered with a 401.)
    Unsigned(SignInError),
    /// It was sent, and no answer came.
    Unanswered(TransportError),
}

impl Client {
    /// A client that has sent nothing yet. Without credentials it signs nothing, for a simulation that lets anyone
    /// in. A call takes at most `request_timeout`, and so does the fetch of a token.
    pub fn new(
        transport: Transport,
        credentials: Option<Credentials>,
        clock: Clock,
        request_timeout: Duration,
    ) -> Self {
        Self::sharing(Redactor::default(), transport, credentials, clock, request_timeout)
    }

    /// The same. What is secret is made known to `redactor`, and no words of an answer repeat what that knows. Clusters,
    /// projects and limits are as Atlas wrote them.
    pub fn sharing(
        redactor: Redactor,
        transport: Transport,
        credentials: Option<Credentials>,
        clock: Clock,
        request_timeout: Duration,
    ) -> Self {
        if let Some(credentials) = &credentials {
            credentials.hide(&redactor);
        }
        let who = credentials.as_ref().map_or_else(|| "nobody".to_owned(), Credentials::who);
        let line = Line { transport, clock, request_timeout, redactor };
        Self(Arc::new(Inner { line, signer: Signer::new(credentials), who }))
    }

    /// Who is signed in, for people; never a secret.
    pub fn who(&self) -> String {
        self.0.who.clone()
    }

    /// Makes sure that a valid authorization is at hand: a token, renewed when nine tenths of its life have
    /// passed (one renewal at a time, shared by all), or a digest nonce, got by a read of `project`. Call it before an
    /// intent is written, so that after the intent comes only the request.
    pub async fn ready(&self, project: &str) -> Result<(), SignInError> {
        self.0.signer.ready(&self.0.line, &format!("/api/atlas/v2/groups/{project}")).await
    }

    /// Forgets that signing in was put off: the next call tries it.
    pub async fn ask_again(&self) {
        self.0.signer.ask_again().await;
    }

    /// Sends one upgrade request. A 401 with an error document, which applies nothing, is followed by one more
    /// send with a fresh token or nonce, within the same `request_timeout`; nothing else is sent twice.
    ///
    /// `may_leave` is asked when the first byte is about to be written, each time. Nothing leaves if it says no, or
    /// when `request_timeout` has passed by a clock that runs while the machine sleeps: [`Answer::NeverSent`].
    pub async fn upgrade(&self, request: &operation::Request, may_leave: MayLeave) -> Exchange<Answer> {
        let body = Bytes::copy_from_slice(&request.body);
        let (method, path, may_leave) = (Method::POST, request.path.clone(), Some(may_leave));
        let call = Call { method, path, version: request.version, tells_sizes_apart: false, body, may_leave };
        self.exchange(call, |answer, limits, redactor| {
            classify(answer.status().as_u16(), answer.body(), limits.retry_after, redactor)
        })
        .await
        .map(|value| value.unwrap_or_else(|answer| answer))
    }

    /// Reads one cluster. An error is the class of the answer, which says nothing about the cluster: the look
    /// failed.
    pub async fn read_one(&self, api: Api, project: &str, name: &str) -> Exchange<Result<Found, Answer>> {
        let call = Call::get(api, one_path(api, project, name));
        self.exchange(call, |answer, limits, redactor| found(api, name, answer, limits, redactor))
            .await
            .map(Result::flatten)
    }

    /// Reads page `page` (from 1) of a project's clusters, 500 a page.
    pub async fn read_list(&self, api: Api, project: &str, page: u32) -> Exchange<Result<Page, Answer>> {
        let call = Call::get(api, list_path(api, project, page));
        self.exchange(call, |answer, limits, redactor| listed(api, answer, limits, redactor)).await.map(Result::flatten)
    }

    /// Reads page `page` (from 1) of the projects that these credentials can see, 500 a page.
    pub async fn read_projects(&self, page: u32) -> Exchange<Result<Listed<Project>, Answer>> {
        let path = list::paged(&format!("/api/atlas/v2/{}?includeCount=false", GROUPS.segment), page);
        self.read_other(Call::get(GROUPS, path)).await
    }

    /// Reads where a provider offers a size to a project.
    pub async fn read_regions(
        &self,
        project: &str,
        provider: &str,
        size: &str,
    ) -> Exchange<Result<Listed<Offer>, Answer>> {
        let all = reads::all_path(REGIONS, project);
        self.read_other(Call::get(REGIONS, list::paged(&format!("{all}?providers={provider}&tier={size}"), 1))).await
    }

    /// Reads the token buckets that a project has.
    pub async fn read_rate_limits(&self, project: &str) -> Exchange<Result<Listed<EndpointSet>, Answer>> {
        let path = list::paged(&format!("/api/atlas/v2/{}?groupId={project}", RATE_LIMITS.segment), 1);
        self.read_other(Call::get(RATE_LIMITS, path)).await
    }

    async fn read_other<T: DeserializeOwned>(&self, call: Call) -> Exchange<Result<Listed<T>, Answer>> {
        self.exchange(call, list::read).await.map(Result::flatten)
    }

    /// Revokes a token that this client fetched: best effort, within two seconds.
    pub async fn sign_out(&self) {
        self.0.signer.sign_out(&self.0.line, SIGN_OUT).await;
    }

    /// Makes one call and reads its answer; an error is the class of a call that had no answer.
    async fn exchange<T>(
        &self,
        call: Call,
        read: impl FnOnce(&Response<Bytes>, &Limits, &Redactor) -> T,
    ) -> Exchange<Result<T, Answer>> {
        let Line { clock, redactor, .. } = &self.0.line;
        let started = clock.now();
        let result = self.send(&call, clock.deadline(self.0.line.request_timeout)).await;
        let ended = clock.now();
        let (mut status, mut error_code, mut limits, mut retired) = (None, None, Limits::default(), None);
        let value = match result {
            Ok(answer) => {
                let code = answer.status().as_u16();
                status = Some(code);
                error_code = document::refusal(code, answer.body()).map(|code| redactor.redact(&code).into_owned());
                limits = headers::limits(code, answer.headers(), ended);
                limits.bucket = document::bucket(code, answer.body());
                // Whoever answers with web pages does so to everybody.
                limits.host_unavailable |= is_page(code, answer.body());
                retired = headers::retired(answer.headers(), redactor);
                Ok(read(&answer, &limits, redactor))
            }
            Err(failure) => {
                (limits.host_unavailable, limits.retry_after) = failure.limits();
                Err(failure.answer())
            }
        };
        let method = if call.method == Method::POST { "POST" } else { "GET" };
        Exchange { value, method, path: call.path, status, error_code, started, ended, limits, retired }
    }

    /// Signs and sends; once more after a 401 that a fresh signature may cure.
    async fn send(&self, call: &Call, deadline: Deadline) -> Result<Response<Bytes>, Failure> {
        let (signature, answer) = self.send_once(call, deadline).await?;
        if answer.status() != StatusCode::UNAUTHORIZED || is_missing_role(answer.body()) {
            return Ok(answer);
        }
        let Inner { line, signer, .. } = &*self.0;
        let left = deadline.at.since(line.clock.now());
        let refused = signer.refused(signature.generation, answer.headers());
        // It may wait for someone else's fetch. If that takes all the time, `send_once` finds that none is left.
        let differs = tokio::time::timeout(left, refused).await.unwrap_or(true);
        // A read may be repeated whatever became of it.
        if !differs || !(call.method == Method::GET || may_be_cured(&answer)) {
            return Ok(answer);
        }
        let (_, answer) = self.send_once(call, deadline).await?;
        Ok(answer)
    }

    async fn send_once(&self, call: &Call, deadline: Deadline) -> Result<(Signature, Response<Bytes>), Failure> {
        let Inner { line, signer, .. } = &*self.0;
        let late = || Failure::Unsigned(SignInError::later("signing in took all the time of the request"));
        let left = || deadline.at.since(line.clock.now());
        let never = |why: http::Error| Failure::Unanswered(TransportError::NeverMade(why.to_string()));
        let mut request = call.request().map_err(never)?;
        let signed = tokio::time::timeout(left(), signer.sign(line, &request)).await;
        let signature = signed.map_err(|_| late())?.map_err(Failure::Unsigned)?;
        // A time-out of zero would still poll the call once, and so send it.
        let within = left();
        if within.is_zero() {
            return Err(late());
        }
        signature.put(&mut request);
        let answer = match &call.may_leave {
            Some(may_leave) => line.send(Ok(request), &SendGate::new(line.clock, deadline, may_leave.clone())).await,
            None => line.call(Ok(request), within).await,
        };
        Ok((signature, answer.map_err(Failure::Unanswered)?))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Client({:?} as {})", self.0.line.transport, self.0.who)
    }
}

impl Call {
    fn get(api: Api, path: String) -> Self {
        let tells_sizes_apart = api == CLUSTERS;
        let (method, body) = (Method::GET, Bytes::new());
        Self { method, path, version: api.version, tells_sizes_apart, body, may_leave: None }
    }

    /// The request without its signature; one without a body names no type of it.
    fn request(&self) -> http::Result<Request<Bytes>> {
        let accept = format!("application/vnd.atlas.{}+json", self.version);
        let mut request = Request::builder().method(self.method.clone()).uri(&self.path).header(ACCEPT, accept);
        if self.tells_sizes_apart {
            request = request.header(EFFECTIVE_FIELDS, "true");
        }
        if !self.body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(self.body.clone())
    }
}

impl Failure {
    /// Whether it brakes the host, and how long Atlas asked to wait.
    fn limits(&self) -> (bool, Option<Duration>) {
        match self {
            Self::Unsigned(error) => (error.host_unavailable(), error.retry_after()),
            Self::Unanswered(error) => (error.is_no_way(), None),
        }
    }

    fn answer(self) -> Answer {
        match self {
            Self::Unsigned(error) => error.answer(),
            Self::Unanswered(error @ TransportError::ProxySignIn) => {
                Answer::ScopeHeld(Hold::until_released(Reach::Campaign, error.fault()))
            }
            Self::Unanswered(error) if error.never_left() => Answer::NeverSent(error.fault()),
            Self::Unanswered(error) => Answer::Unknown(error.fault()),
        }
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
