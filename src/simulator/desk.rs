//! Where a request is dealt with, from the door to the answer.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::StatusCode;
use http::header::LOCATION;
use http::request::Parts;
use serde_json::json;

use super::answer::{Answer, Fate, Refusal, empty, later, lost, stamp};
use super::bars::Bars;
use super::cluster::Cluster;
use super::door::Door;
use super::faults::Faults;
use super::ledger::{Ledger, Tally};
use super::limits::{Limits, Meter};
use super::settings::Settings;
use super::versions::Resource;
use super::world::World;
use super::{offers, projects, reads, upgrade};
use crate::clock::{Clock, Millis};

/// Where a redirect leads. A client that goes there has followed it.
const ASTRAY: &str = "/astray";

/// The desk, and behind it the whole state of the simulation.
pub(super) struct Desk {
    state: Mutex<State>,
}

/// All that changes.
pub(super) struct State {
    pub(super) clock: Clock,
    pub(super) world: World,
    pub(super) faults: Faults,
    pub(super) bars: Bars,
    pub(super) organisations: u64,
    pub(super) tally: Tally,
    pub(super) door: Door,
    pub(super) limits: Limits,
    /// How often each subject was asked about, so that each time is rolled anew.
    turns: HashMap<String, u64>,
}

/// A request for a resource.
pub(super) struct Visit {
    pub(super) resource: Resource,
    pub(super) group: String,
    /// The name in the path, or for an upgrade that in the body.
    pub(super) name: Option<String>,
    pub(super) parts: Parts,
    pub(super) body: Bytes,
}

impl Desk {
    pub(super) fn new(clusters: Vec<Cluster>, settings: Settings, clock: Clock) -> Self {
        let world = World::new(clusters, &settings);
        let door = Door::new(settings.sign_in, world.dice, settings.token_life);
        let state = State {
            clock,
            world,
            faults: settings.faults,
            bars: settings.bars,
            organisations: settings.organisations,
            tally: Tally::default(),
            door,
            limits: Limits::new(settings.limit, settings.buckets),
            turns: HashMap::new(),
        };
        Self { state: Mutex::new(state) }
    }

    /// The state, and the time now.
    pub(super) fn open(&self) -> (MutexGuard<'_, State>, Millis) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = state.clock.now();
        (state, now)
    }

    /// Answers a request for a resource.
    pub(super) fn attend(&self, visit: &Visit) -> Answer {
        let (mut state, now) = self.open();
        state.attend(visit, now)
    }

    /// Answers a request for a path that does not exist.
    pub(super) fn lost(&self, parts: &Parts) -> Answer {
        let (mut state, _) = self.open();
        state.tally.requests += 1;
        let path = parts.uri.path();
        let what = if path.starts_with(ASTRAY) { "followed a redirect" } else { "no such method or path" };
        state.tally.broken(format!("{what}: {} {path}", parts.method));
        Refusal::new(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", format!("There is no {path}.")).into()
    }
}

impl State {
    /// The books as they stand.
    pub(super) fn ledger(&self) -> Ledger {
        self.tally.ledger(self.world.accounts())
    }

    fn attend(&mut self, visit: &Visit, now: Millis) -> Answer {
        self.tally.requests += 1;
        if let Some(challenge) = self.door.admit(&visit.parts, now, &mut self.tally) {
            return challenge;
        }
        if visit.resource.is_of_a_project() && self.world.project(&visit.group).is_none() {
            let detail = format!("There is no project {}.", visit.group);
            return Refusal::new(StatusCode::NOT_FOUND, "GROUP_NOT_FOUND", detail).with([json!(visit.group)]).into();
        }
        if visit.resource.is_upgrade() {
            self.tally.upgrade_requests += 1;
            let name = visit.name.as_deref().unwrap_or_default();
            if let Some(entry) = self.world.entry(&visit.group, name) {
                entry.asked(now);
            }
        }
        let meter = self.limits.take(visit.resource.set(), &visit.group, now);
        let mut answer = self.metered(visit, meter, now);
        self.tally.throttled += u64::from(answer.status() == StatusCode::TOO_MANY_REQUESTS);
        meter.stamp(&mut answer);
        answer
    }

    fn metered(&mut self, visit: &Visit, meter: Meter, now: Millis) -> Answer {
        if let Some(seconds) = meter.wait {
            return throttled(visit, meter, seconds);
        }
        let version = match visit.resource.version(&visit.parts.headers) {
            Ok(version) => version,
            Err(refusal) => {
                self.tally.broken(refusal.detail());
                return refusal.into();
            }
        };
        *self.turns.entry(visit.subject()).or_default() += 1;
        if let Some(answer) = self.before(visit, meter) {
            return answer;
        }
        if let Some(refusal) = self.bars.refusal(visit) {
            return refusal.into();
        }
        let silent = visit.resource.is_upgrade() && self.strikes(self.faults.silent, "silent", visit);
        if silent && !self.strikes(0.5, "silent_effect", visit) {
            return lost(Fate::Silent);
        }
        let answer = self.act(visit, version, now);
        if silent {
            return lost(Fate::Silent);
        }
        self.after(visit).unwrap_or(answer)
    }

    fn act(&mut self, visit: &Visit, version: &'static str, now: Millis) -> Answer {
        match (visit.resource, &visit.name) {
            (Resource::Projects, _) => projects::list(self, visit, version),
            (Resource::Regions, _) => offers::regions(self, visit, version),
            (Resource::RateLimits, _) => offers::rate_limits(self, visit, version),
            (Resource::Project, _) => projects::one(self, visit, version),
            (Resource::Organisations, _) => projects::organisations(self, visit, version),
            (Resource::Upgrade(which), _) => upgrade::ask(self, visit, which, version, now),
            (_, Some(name)) => reads::one(self, visit, name, version, now),
            (_, None) => reads::list(self, visit, version, now),
        }
    }

    /// A fault that keeps the request from having an effect.
    fn before(&self, visit: &Visit, meter: Meter) -> Option<Answer> {
        let (faults, write) = (&self.faults, visit.resource.is_upgrade());
        if self.strikes(faults.throttle, "throttle", visit) {
            return Some(throttled(visit, meter, 1));
        }
        if self.strikes(faults.unavailable, "unavailable", visit) {
            let detail = "The service is unavailable.";
            return Some(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", detail).into());
        }
        if write && self.strikes(faults.maintenance, "maintenance", visit) {
            let code = "WRITES_NOT_ALLOWED_DURING_APP_UPGRADES";
            return Some(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, code, "Atlas is being maintained.").into());
        }
        if self.strikes(faults.redirect, "redirect", visit) {
            let mut answer = empty(StatusCode::FOUND);
            stamp(&mut answer, LOCATION, &format!("{ASTRAY}{}", visit.parts.uri.path()));
            return Some(answer);
        }
        if self.strikes(faults.drop_before, "drop_before", visit) {
            return Some(lost(Fate::Dropped));
        }
        if self.strikes(faults.error_before, "error_before", visit) {
            return Some(unexpected());
        }
        if write && self.strikes(faults.conflict, "conflict", visit) {
            let detail = "Something else has hold of the cluster.";
            return Some(Refusal::new(StatusCode::CONFLICT, "SIMULATED_CONFLICT", detail).into());
        }
        None
    }

    /// A fault that hides what the request has done.
    fn after(&self, visit: &Visit) -> Option<Answer> {
        if self.strikes(self.faults.drop_after, "drop_after", visit) {
            return Some(lost(Fate::Dropped));
        }
        self.strikes(self.faults.error_after, "error_after", visit).then(unexpected)
    }

    /// Whether a fault strikes this request.
    pub(super) fn strikes(&self, probability: f64, fault: &str, visit: &Visit) -> bool {
        if probability <= 0.0 {
            return false;
        }
        let subject = visit.subject();
        let turn = self.turns.get(&subject).copied().unwrap_or_default();
        self.world.dice.happens(probability, &[fault, &subject], turn)
    }
}

impl Visit {
    /// What the request is about, in words.
    fn subject(&self) -> String {
        format!("{:?} {} {}", self.resource, self.group, self.name.as_deref().unwrap_or("*"))
    }
}

fn unexpected() -> Answer {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "UNEXPECTED_ERROR", "Something went wrong.").into()
}

fn throttled(visit: &Visit, meter: Meter, seconds: u64) -> Answer {
    let path = visit.parts.uri.path().trim_start_matches('/');
    let bucket = meter.bucket;
    let refusal = Refusal::new(
        StatusCode::TOO_MANY_REQUESTS,
        "RATE_LIMITED_TOKEN_BUCKET",
        format!("Too many requests for {path}; the next may come in {seconds} s."),
    );
    let (capacity, refill, per) = (bucket.capacity, bucket.refill, bucket.per.as_secs());
    later(refusal.with([json!(path), json!(seconds), json!(capacity), json!(refill), json!(per)]), seconds)
}
