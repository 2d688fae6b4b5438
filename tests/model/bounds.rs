//! How far the model goes: the clock's ticks, the campaign's patience, and what the adversary may do.

use std::time::Duration;

use drydock::clock::Millis;
use drydock::domain::experience::Experience;
use drydock::domain::policy::{FRESH, Policy};

/// A tick: half a settle time.
pub(crate) const TICK: Duration = Duration::from_secs(150);

/// The settle time in ticks.
pub(crate) const SETTLE: u8 = 2;

/// A request whose call has ended, or whose runner is dead, may leave for so many ticks more: the system delivers what
/// is in the socket's buffer.
pub(crate) const LINGERS: u8 = 1;

/// Assumption A: a request that will ever take effect shows in every look started so many ticks after it left.
pub(crate) const SHOWS: u8 = 2 * SETTLE;

/// For so many ticks an accepted upgrade that looks untouched is waited for.
pub(crate) const UNTOUCHED: u8 = 10 * SETTLE;

/// The moment at which every decision is made; what happened before is so many ticks ago.
pub(crate) const NOW: Millis = Millis(4_000_000_000_000);

/// How long a campaign waits before it gives a job up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// It gives up nothing.
    Endless,
    /// A job's time has passed with the next tick; an accepted upgrade is never given up.
    None,
    /// It gives up jobs and upgrades after two settle times; for the fair runs that nothing else ends.
    Short,
}

impl Patience {
    /// The ticks after which a job's time has passed.
    pub(crate) const fn of_a_job(self) -> Option<u8> {
        match self {
            Self::Endless => None,
            Self::None => Some(0),
            Self::Short => Some(SHOWS),
        }
    }

    /// The ticks after which an upgrade's time has passed.
    pub(crate) const fn of_an_upgrade(self) -> Option<u8> {
        match self {
            Self::Endless | Self::None => None,
            Self::Short => Some(SHOWS),
        }
    }

    /// The campaign's policy.
    pub(crate) fn policy(self) -> Policy {
        let span = |ticks: Option<u8>| ticks.map_or(Duration::MAX, |ticks| TICK * u32::from(ticks));
        Policy {
            max_attempts: 2,
            initial_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(1),
            give_up_after: span(self.of_a_job()),
            first_look: TICK,
            min_look: TICK,
            max_look: TICK,
            settle: TICK * u32::from(SETTLE),
            request_timeout: TICK * u32::from(LINGERS),
            look_give_up_after: span(self.of_an_upgrade()),
            allow_region_change: false,
            loopback: true,
            experience: Experience::default(),
        }
    }
}

/// The ticks for which a look is good enough to send upon.
pub(crate) const fn fresh() -> u8 {
    (FRESH.as_secs() / TICK.as_secs()) as u8
}

/// What a run of the model exhausts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Upgrade requests that may be sent to the one cluster.
    pub(crate) sends: u8,
    /// Deaths of a runner, and locks that a living one loses; `None`: any number.
    pub(crate) crashes: Option<u8>,
    /// How patient the campaign is.
    pub(crate) patience: Patience,
    /// Whether another campaign may send one request to the cluster, and the row may leave the fleet and return.
    pub(crate) other: bool,
    /// Whether a runner may lose its lock and live on.
    pub(crate) lost_locks: bool,
}

/// What the example exhausts: all sends with a campaign that waits, fewer with one that gives up while a request is
/// open, and with another campaign over the same cluster.
#[allow(dead_code, reason = "the tests have smaller ones")]
pub(crate) const BOUNDS: [Bounds; 3] = [
    Bounds { sends: 3, crashes: None, patience: Patience::Endless, other: false, lost_locks: true },
    Bounds { sends: 2, crashes: Some(2), patience: Patience::None, other: false, lost_locks: true },
    Bounds { sends: 1, crashes: Some(1), patience: Patience::Endless, other: true, lost_locks: true },
];
