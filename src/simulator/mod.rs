//! An Atlas that fits in a process.
//!
//! It speaks the part of the administration API that upgrades need:
//! versions, sign-in, rate limits, error bodies, and clusters that pass through the stages of an upgrade as the
//! clock goes on. It fails in the ways in which the real one can fail, as often as it is told to, and it keeps a
//! ledger of what was asked of it, so that a test can tell whether any cluster was upgraded twice.
//!
//! A request goes `routes` → `desk` (→ `door`, `limits`, faults) → `reads` or `upgrade` → `world`, and the answer
//! is worded by `shapes` and `answer`. Nothing runs in the background, and chance is a hash (`dice`): the same
//! seed and the same requests give the same answers.

mod answer;
mod bars;
mod cluster;
mod connections;
mod desk;
mod dice;
mod digest;
mod door;
mod durations;
mod faults;
mod host;
mod ledger;
mod limits;
mod offers;
mod projects;
mod reads;
mod routes;
mod settings;
mod shapes;
mod sockets;
mod tokens;
mod upgrade;
mod versions;
mod wish;
mod world;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::{fmt, io};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::clock::Clock;

pub use bars::Bars;
pub use cluster::{Cluster, Stage, Way};
pub use durations::Durations;
pub use faults::Faults;
pub use ledger::{Account, Ledger, Served};
pub use settings::{Bucket, Buckets, Settings, SignIn};

use answer::Fate;
use desk::Desk;

/// A simulated Atlas; its clones are the same one.
#[derive(Clone)]
pub struct Simulator {
    desk: Arc<Desk>,
    router: Router,
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The connection was lost; whether the request had an effect cannot be told.
    Dropped,
}

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the connection was lost")
    }
}

impl std::error::Error for Broken {}

impl Simulator {
    /// A simulation of these clusters; its projects are those that they name.
    pub fn new(clusters: Vec<Cluster>, settings: Settings, clock: Clock) -> Self {
        let desk = Arc::new(Desk::new(clusters, settings, clock));
        Self { router: routes::router(Arc::clone(&desk)), desk }
    }

    /// One request in, one answer out, as over a socket. It waits for ever where a fault says so.
    pub async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Broken> {
        let answer = match self.router.clone().oneshot(request.map(Body::from)).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        match answer.extensions().get::<Fate>() {
            Some(Fate::Dropped) => return Err(Broken::Dropped),
            Some(Fate::Silent) => std::future::pending().await,
            None => {}
        }
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| Broken::Dropped)?.to_bytes();
        Ok(Response::from_parts(parts, body))
    }

    /// Serves HTTP/1.1 until `stop` resolves; then all connections end at once.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) -> io::Result<()> {
        sockets::serve(self, listener, stop).await
    }

    /// How many requests it has had, how many of them for upgrades, and how many 429 it has answered: the books at a
    /// glance.
    pub fn served(&self) -> Served {
        let tally = &self.desk.open().0.tally;
        Served { requests: tally.requests, upgrades: tally.upgrade_requests, throttled: tally.throttled }
    }

    /// A copy of the books.
    pub fn ledger(&self) -> Ledger {
        self.desk.open().0.ledger()
    }

    /// The organisation of a project.
    pub fn organisation(&self, project: &str) -> String {
        projects::organisation(project, &self.desk.open().0)
    }

    /// From now on these projects are barred: for tests in which somebody pays, or no longer does.
    pub fn set_bars(&self, bars: Bars) {
        self.desk.open().0.bars = bars;
    }

    /// Puts another shared cluster, with another id, under the name: for tests.
    pub fn replace(&self, project: &str, name: &str) {
        self.desk.open().0.world.replace(project, name);
    }

    /// Compute auto-scaling makes another size of a dedicated cluster: for tests.
    pub fn scale(&self, project: &str, name: &str, size: &str) {
        self.desk.open().0.world.scale(project, name, size);
    }

    /// Goes on by another clock: for tests in which it outlives the runtime that counted its time.
    pub fn set_clock(&self, clock: Clock) {
        self.desk.open().0.clock = clock;
    }

    /// From now on these faults: for tests that let the weather change.
    pub fn set_faults(&self, faults: Faults) {
        self.desk.open().0.faults = faults;
    }
}
