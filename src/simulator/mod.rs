//! An Atlas that fits in a process.
//!
//! It serves the part of the administration API that upgrades need: versions, sign-in, rate limits, error bodies, and
//! clusters that pass through the stages of an upgrade as time passes. It fails in the ways in which Atlas can fail,
//! as often as it is told to. It keeps a ledger of all requests, so that a test can tell whether a cluster was
//! upgraded twice.
//!
//! A request goes `server` (a socket; tests and rehearsals call [`Simulator::answer`] instead) → `service` →
//! `routes` → `pipeline` (authentication, rate limit, version, faults) → `handlers` → `world`. No task runs in the
//! background: time is the clock's, and randomness is a hash of the seed (`seeded_rng`), so the same seed and the same
//! requests give the same answers.
//!
//! Imports point down this list:
//!
//! | module | what it has |
//! |---|---|
//! | `server` | sockets, connections and their limits |
//! | `service`, `routes` | the router |
//! | `pipeline` | the steps that every request passes through, in order |
//! | `handlers` | what each path answers; `upgrades/` has one file for each upgrade |
//! | `state` | all that changes, behind one lock |
//! | `settings` | all that can be chosen |
//! | `world` | the clusters: their stages, durations and what a read shows |
//! | `auth` | bearer tokens, service accounts, HTTP digest |
//! | `faults` | which faults there are, which request they hit, projects that refuse |
//! | `protocol` | requests, responses, versions, pages, token buckets |
//! | `ledger`, `seeded_rng` | what was requested, as evidence; reproducible randomness |
//!
//! Where to add
//! * a fault: a line in `faults/mod.rs`, and an entry in a table of `faults/injection.rs`;
//! * an upgrade: a file in `handlers/upgrades/`, and a line in its `mod.rs`;
//! * another path: an entry in the `ROUTES` of a file in `handlers/`;
//! * a code with which a project refuses: a line in `faults/refusals.rs`.

mod auth;
mod faults;
mod handlers;
mod ledger;
mod pipeline;
mod protocol;
mod routes;
mod seeded_rng;
mod server;
mod service;
mod settings;
mod state;
mod world;

#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use tokio::net::TcpListener;

use crate::clock::Clock;
pub use crate::domain::bucket::Bucket;
pub use crate::simulator::auth::SignIn;
pub use crate::simulator::faults::Faults;
pub use crate::simulator::faults::refusals::Refusals;
use crate::simulator::handlers::projects;
pub use crate::simulator::ledger::{Ledger, LedgerEntry, RequestCounts};
pub use crate::simulator::protocol::token_buckets::BucketSharing;
use crate::simulator::service::ApiService;
pub use crate::simulator::service::ConnectionLost;
pub use crate::simulator::settings::Settings;
use crate::simulator::state::SharedState;
pub use crate::simulator::world::cluster::{Cluster, ClusterKind, Stage, UpgradePath};
pub use crate::simulator::world::durations::Durations;

/// A simulated Atlas; its clones are the same one.
#[derive(Clone)]
pub struct Simulator {
    state: Arc<SharedState>,
    service: ApiService,
}

impl Simulator {
    /// A simulation of these clusters; its projects are those that they name.
    pub fn new(clusters: Vec<Cluster>, settings: Settings, clock: Clock) -> Self {
        let state = Arc::new(SharedState::new(clusters, settings, clock));
        Self { service: ApiService::new(Arc::clone(&state)), state }
    }

    /// One request in, one response out, as over a socket. It waits for ever where a fault says so.
    pub async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ConnectionLost> {
        self.service.answer(request).await
    }

    /// Serves HTTP/1.1 until `stop` resolves; then all connections end at once.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) -> io::Result<()> {
        server::serve(self.service, listener, stop).await
    }

    /// How many requests it has had, how many of them for upgrades, and how many 429 it has answered.
    pub fn request_counts(&self) -> RequestCounts {
        self.state.lock().0.tally.counts
    }

    /// A copy of the ledger.
    pub fn ledger(&self) -> Ledger {
        self.state.lock().0.ledger()
    }

    /// The organisation of a project.
    pub fn organisation(&self, project: &str) -> String {
        projects::organisation(project, &self.state.lock().0)
    }

    /// From now on these projects refuse requests: for tests in which somebody pays, or no longer does.
    pub fn set_refusals(&self, refusals: Refusals) {
        self.state.lock().0.refusals = refusals;
    }

    /// Puts another cluster, with another id, under the name: for tests.
    pub fn replace(&self, project: &str, name: &str) {
        let world = &mut self.state.lock().0.world;
        let rng = world.rng;
        if let Some(entry) = world.entry(project, name) {
            entry.replace(rng);
        }
    }

    /// Compute auto-scaling gives a dedicated cluster another size: for tests.
    pub fn scale(&self, project: &str, name: &str, size: &str) {
        if let Some(entry) = self.state.lock().0.world.entry(project, name) {
            entry.scale(size);
        }
    }

    /// Uses another clock: for tests in which it outlives the runtime that counted its time.
    pub fn set_clock(&self, clock: Clock) {
        self.state.lock().0.clock = clock;
    }

    /// From now on these faults: for tests in which faults come and go.
    pub fn set_faults(&self, faults: Faults) {
        self.state.lock().0.injector.faults = faults;
    }
}
