//! All that changes while the simulation runs, behind one lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::{Clock, Millis};
use crate::simulator::auth::Authenticator;
use crate::simulator::faults::injection::FaultInjector;
use crate::simulator::faults::refusals::Refusals;
use crate::simulator::ledger::{Ledger, Tally};
use crate::simulator::protocol::token_buckets::TokenBuckets;
use crate::simulator::seeded_rng::SeededRng;
use crate::simulator::settings::Settings;
use crate::simulator::world::World;
use crate::simulator::world::cluster::Cluster;

/// All that changes.
pub(crate) struct SimulatorState {
    pub(crate) clock: Clock,
    pub(crate) world: World,
    pub(crate) injector: FaultInjector,
    pub(crate) refusals: Refusals,
    /// How many organisations there are.
    pub(crate) organisations: u64,
    pub(crate) tally: Tally,
    pub(crate) authenticator: Authenticator,
    pub(crate) token_buckets: TokenBuckets,
}

/// The state behind its lock.
pub(crate) struct SharedState(Mutex<SimulatorState>);

impl SharedState {
    /// The state of a simulation of these clusters.
    pub(crate) fn new(clusters: Vec<Cluster>, settings: Settings, clock: Clock) -> Self {
        let rng = SeededRng::new(settings.seed);
        Self(Mutex::new(SimulatorState {
            clock,
            world: World::new(clusters, rng, &settings.durations, &settings.faults),
            injector: FaultInjector::new(settings.faults, rng),
            refusals: settings.refusals,
            organisations: settings.organisations,
            tally: Tally::default(),
            authenticator: Authenticator::new(settings.sign_in, rng, settings.token_life),
            token_buckets: TokenBuckets::new(settings.limit, settings.bucket_sharing),
        }))
    }

    /// The state, and the time now.
    pub(crate) fn lock(&self) -> (MutexGuard<'_, SimulatorState>, Millis) {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = state.clock.now();
        (state, now)
    }
}

impl SimulatorState {
    /// The ledger as it stands.
    pub(crate) fn ledger(&self) -> Ledger {
        self.tally.ledger(self.world.ledger_entries())
    }
}
