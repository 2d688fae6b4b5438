//! The simulated Atlas and the wire to it. Both outlive the process that works on the campaign.
//!
//! A request is a parcel: it leaves, is under way, and arrives, whether or not its sender still lives or waits. What
//! the wire sees is evidence of its own, beside the simulator's ledger.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use drydock::atlas::{Client, Credentials, Transport};
use drydock::clock::{Clock, Millis};
use drydock::domain::event::{Found, Seen};
use drydock::domain::operation::{CLUSTERS, FLEX, SERVERLESS};
use drydock::simulator::{Faults, Ledger, LedgerEntry, Refusals, Settings, SignIn, Simulator};
use futures_util::FutureExt as _;
use http::{Method, Request, Response};
use tokio::sync::{Notify, oneshot};

use super::dice::Dice;
use super::scenario::{Delays, START, Scenario};

/// A cluster's project and name.
pub(crate) type Name = (String, String);

/// A look may be five minutes old when the intent is written, and the call follows within a minute.
const OLDEST_LOOK: Duration = Duration::from_secs(6 * 60);

/// The world outside.
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    /// For how many milliseconds the machine has slept.
    pub(crate) asleep: &'static AtomicU64,
    /// Told when the machine is awake again.
    awake: Notify,
    settings: Settings,
    wire: Delays,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    parcels: BTreeMap<u64, Parcel>,
    sent: u64,
    turns: HashMap<String, u64>,
    /// When the newest look of this process that showed a cluster had left.
    looks: HashMap<Name, Millis>,
    /// Upgrade requests, in words, by cluster.
    log: BTreeMap<Name, Vec<String>>,
    violations: Vec<(Name, String)>,
    faults: Faults,
    refusals: Refusals,
}

struct Parcel {
    left: Millis,
    arrives: Millis,
    request: Request<Bytes>,
    upgrades: Option<Name>,
    reply: oneshot::Sender<Option<Response<Bytes>>>,
    back: Duration,
}

impl World {
    pub(crate) fn new(scenario: &Scenario) -> Arc<Self> {
        let settings = scenario.settings.clone();
        let clock = Clock::starting_at(START);
        let books = Books { faults: settings.faults.clone(), ..Books::default() };
        Arc::new(Self {
            simulator: Simulator::new(scenario.clusters.clone(), settings.clone(), clock),
            // A handful of bytes a scenario, so that a clock stays a thing that can be copied.
            asleep: Box::leak(Box::default()),
            awake: Notify::new(),
            settings,
            wire: scenario.wire,
            books: Mutex::new(books),
        })
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.simulator.ledger()
    }

    /// What the wire saw that must not be.
    pub(crate) fn violations(&self) -> Vec<(Name, String)> {
        self.books().violations.clone()
    }

    /// The upgrade requests to a cluster as the wire saw them.
    pub(crate) fn log(&self, name: &Name) -> Vec<String> {
        self.books().log.get(name).cloned().unwrap_or_default()
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        self.books().faults = faults.clone();
        self.simulator.set_faults(faults);
    }

    pub(crate) fn set_refusals(&self, refusals: Refusals) {
        self.books().refusals = refusals.clone();
        self.simulator.set_refusals(refusals);
    }

    /// Another cluster takes the name.
    pub(crate) fn replace(&self, (project, name): &Name) {
        self.simulator.replace(project, name);
    }

    /// A clock of this world in the runtime of now.
    pub(crate) fn clock_at(&self, now: Millis) -> Clock {
        Clock::with_sleep(now, self.asleep)
    }

    /// Another process begins: what is under way arrives in its time, and no look is its own yet.
    pub(crate) fn begin(self: &Arc<Self>, clock: Clock) {
        self.simulator.set_clock(clock);
        self.books().looks.clear();
        let under_way: Vec<u64> = self.books().parcels.keys().copied().collect();
        for parcel in under_way {
            tokio::spawn(Arc::clone(self).carry(parcel, clock));
        }
    }

    /// The way to this Atlas for the process of now.
    pub(crate) fn transport(self: &Arc<Self>, clock: Clock) -> Transport {
        let world = Arc::clone(self);
        Transport::in_process(Arc::new(move |request| {
            let (parcel, answer) = world.leave(request, clock.now());
            tokio::spawn(Arc::clone(&world).carry(parcel, clock));
            async move { answer.await.ok().flatten() }.boxed()
        }))
    }

    pub(crate) fn credentials(&self) -> Option<Credentials> {
        match &self.settings.sign_in {
            SignIn::Anyone => None,
            SignIn::Bearer(token) => Some(Credentials::Bearer(token.clone().into())),
            SignIn::ServiceAccount { id, secret } => {
                Some(Credentials::ServiceAccount { client_id: id.clone(), client_secret: secret.clone().into() })
            }
            SignIn::Digest { public, private } => {
                Some(Credentials::Digest { public_key: public.clone(), private_key: private.clone().into() })
            }
        }
    }

    fn leave(&self, request: Request<Bytes>, now: Millis) -> (u64, oneshot::Receiver<Option<Response<Bytes>>>) {
        let upgrades = upgrades(&request);
        let mut books = self.books();
        let subject = format!("{} {} {upgrades:?}", request.method(), request.uri().path());
        let turn = books.turns.entry(subject.clone()).or_default();
        *turn += 1;
        let mut dice = Dice::of(self.settings.seed, &subject, *turn);
        let mut there = self.wire.usual.mul_f64(dice.share()).min(self.wire.latest);
        let back = self.wire.usual.mul_f64(dice.share());
        if let Some(name) = &upgrades {
            if dice.happens(self.wire.late) {
                there = (self.wire.lingers + self.wire.latest).mul_f64(dice.share());
            }
            books.check_departure(name, now);
        }
        let (reply, answer) = oneshot::channel();
        let arrives = now.after(there);
        books.sent += 1;
        let id = books.sent;
        books.parcels.insert(id, Parcel { left: now, arrives, request, upgrades, reply, back });
        (id, answer)
    }

    /// Brings a parcel there and its answer back.
    async fn carry(self: Arc<Self>, id: u64, clock: Clock) {
        let Some(arrives) = self.books().parcels.get(&id).map(|parcel| parcel.arrives) else { return };
        // The world does not sleep with the machine: whoever waits counts anew after that.
        loop {
            tokio::select! {
                () = clock.sleep_until(arrives) => break,
                () = self.awake.notified() => {}
            }
        }
        let Some(parcel) = self.books().parcels.remove(&id) else { return };
        let back = parcel.back;
        let (answer, reply) = self.arrive(parcel, clock.now());
        tokio::time::sleep(back).await;
        if let Ok(answer) = answer {
            let _gone = reply.send(answer);
        } else {
            std::future::pending::<()>().await;
            drop(reply);
        }
    }

    /// The parcel is there. A lost connection is no answer, and in silence there is not even that.
    fn arrive(&self, parcel: Parcel, now: Millis) -> (Result<Option<Response<Bytes>>, Silence>, Reply) {
        let Parcel { left, request, upgrades, reply, .. } = parcel;
        let path = request.uri().path().to_owned();
        let is_look = *request.method() == Method::GET;
        let before = upgrades.as_ref().and_then(|name| self.ledger().entries.remove(name)).unwrap_or_default();
        // The simulator works without waiting, but for an answer that never comes.
        let answer = self.simulator.answer(request).now_or_never().map(Result::ok).ok_or(Silence);
        let status = answer.as_ref().map(|answer| answer.as_ref().map(|answer| answer.status().as_u16()));
        let mut books = self.books();
        if let Some(name) = upgrades {
            let after = self.ledger().entries.remove(&name).unwrap_or_default();
            let standing = |account: &LedgerEntry| account.after_effect - account.after_rollback;
            if before.effects > 0 && standing(&after) > standing(&before) {
                books.violations.push((name.clone(), format!("arrived at {now} where an effect of ours stood")));
            }
            let line = format!("left {left}, arrived {now}: {status:?}");
            books.log.entry(name).or_default().push(line);
        } else if is_look && let Ok(Some(answer)) = &answer {
            for name in shown(&path, answer) {
                books.looks.insert(name, left);
            }
        }
        (answer, reply)
    }

    /// What arrives until `until` while nobody of ours is awake.
    pub(crate) fn pass(&self, until: Millis) {
        loop {
            let mut books = self.books();
            let next = books.parcels.iter().map(|(id, parcel)| (parcel.arrives, *id)).min();
            let Some((arrives, id)) = next.filter(|(arrives, _)| *arrives <= until) else { return };
            let Some(parcel) = books.parcels.remove(&id) else { return };
            drop(books);
            self.simulator.set_clock(self.clock_at(arrives));
            let (answer, reply) = self.arrive(parcel, arrives);
            if let Ok(answer) = answer {
                let _gone = reply.send(answer);
            }
        }
    }

    /// The machine sleeps for `span`, and the world does not.
    pub(crate) fn sleep(&self, clock: Clock, span: Duration) {
        self.pass(clock.now().after(span));
        self.asleep.fetch_add(u64::try_from(span.as_millis()).unwrap_or(0), Ordering::Relaxed);
        self.simulator.set_clock(clock);
        self.awake.notify_waiters();
    }

    /// What stands under a name, asked for without any fault. The clock of the world may have to move on for it.
    pub(crate) async fn sight(&self, (project, name): &Name, now: &mut Millis) -> Option<Seen> {
        self.simulator.set_faults(Faults::default());
        self.simulator.set_refusals(Refusals::default());
        let simulator = self.simulator.clone();
        let direct = Transport::in_process(Arc::new(move |request| {
            let simulator = simulator.clone();
            async move { simulator.answer(request).await.ok() }.boxed()
        }));
        let mut found = None;
        for api in [CLUSTERS, SERVERLESS, FLEX] {
            loop {
                let clock = self.clock_at(*now);
                self.simulator.set_clock(clock);
                let client = Client::new(direct.clone(), self.credentials(), clock, Duration::from_secs(30));
                match client.read_one(api, project, name).await.value {
                    Ok(Found::Cluster(seen)) => found = Some(seen),
                    Ok(_) => {}
                    Err(_) => {
                        // Too many requests, here or for a token.
                        *now = now.after(Duration::from_secs(60));
                        continue;
                    }
                }
                break;
            }
        }
        self.simulator.set_faults(self.books().faults.clone());
        self.simulator.set_refusals(self.books().refusals.clone());
        found
    }
}

/// Nothing ever comes back.
#[derive(Debug)]
struct Silence;

type Reply = oneshot::Sender<Option<Response<Bytes>>>;

impl Books {
    /// Promise 1 as the wire sees it, and rule 4: what is sent upon a look is sent soon.
    fn check_departure(&mut self, name: &Name, now: Millis) {
        if self.parcels.values().any(|parcel| parcel.upgrades.as_ref() == Some(name)) {
            self.violations.push((name.clone(), format!("sent at {now} while an earlier request was under way")));
        }
        let newest = self.looks.get(name);
        if newest.is_none_or(|at| now.since(*at) > OLDEST_LOOK) {
            let newest = newest.map_or_else(|| "none of this process".to_owned(), ToString::to_string);
            self.violations.push((name.clone(), format!("sent at {now} without a fresh look; the newest: {newest}")));
        }
    }
}

/// The clusters that an answer shows under an API that an operation starts from.
fn shown(path: &str, answer: &Response<Bytes>) -> Vec<Name> {
    let Some((project, rest)) = path.strip_prefix("/api/atlas/v2/groups/").and_then(|path| path.split_once('/')) else {
        return Vec::new();
    };
    if rest.starts_with("serverless") || answer.status() != 200 {
        return Vec::new();
    }
    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let list = body["results"].as_array().cloned().unwrap_or_else(|| vec![body]);
    list.iter().filter_map(|cluster| Some((project.to_owned(), cluster["name"].as_str()?.to_owned()))).collect()
}

/// The cluster that the request is to upgrade, if it is to upgrade one.
fn upgrades(request: &Request<Bytes>) -> Option<Name> {
    let path = request.uri().path().strip_prefix("/api/atlas/v2/groups/")?;
    let ways = ["/clusters/tenantUpgradeToServerless", "/clusters/tenantUpgrade", "/flexClusters:tenantUpgrade"];
    let project = ways.iter().find_map(|way| path.strip_suffix(way))?;
    let body: serde_json::Value = serde_json::from_slice(request.body()).ok()?;
    Some((project.to_owned(), body.get("name")?.as_str()?.to_owned()))
}
