//! Whether every fair run ends, from any moment on.
//!
//! stateright's `eventually` overlooks runs that go round in a circle. So this is asked as a question about each
//! state: let the adversary rest, let time pass and looks tell the truth, let Atlas answer every request in the same
//! way from now on, whichever that is: then, step by step, does the job end? A run from here is one path without
//! choices, so it either ends or returns to where it has been, and that is found for certain. A state from which the
//! run is known to end is remembered, so that most questions take a few steps.
//!
//! Atlas's tempers are what a run may depend on. With an Atlas that throttles for ever, or an upgrade that never
//! ends, only a campaign that gives up ends: there the answer is for a campaign of some patience from here on.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use drydock::domain::job::State as JobState;

use crate::adversary::{Action, shows};
use crate::bounds::{Bounds, Patience};
use crate::broken::Rules;
use crate::next::{Court, next};
use crate::state::{Phase, Says, State, Step, Who};

/// More steps than any run takes that ends.
const STEPS: usize = 500;

/// How Atlas treats every request from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Temper {
    /// Applies it and says so.
    Kind,
    /// Says 500 and applies nothing.
    Deaf,
    /// Refuses it.
    Refusing,
    /// Puts it off.
    Throttling,
    /// Applies it, says so, and never finishes.
    Stuck,
    /// Applies it, says so, and rolls it back.
    RollingBack,
}

impl Temper {
    fn applies(self) -> bool {
        matches!(self, Self::Kind | Self::Stuck | Self::RollingBack)
    }

    /// A campaign that never gives up must end as well, but for the tempers that nothing else ends.
    fn patience(self) -> Patience {
        if matches!(self, Self::Throttling | Self::Stuck) { Patience::Short } else { Patience::Endless }
    }

    fn says(self, state: &State, send: u8) -> Says {
        let applied = state.landed == send;
        match self {
            Self::Refusing if !applied => Says::Refused,
            Self::Throttling if !applied => Says::NotApplied,
            Self::Deaf => Says::Unknown,
            _ if applied => Says::Accepted,
            _ => Says::Unknown,
        }
    }
}

const TEMPERS: [Temper; 6] =
    [Temper::Kind, Temper::Deaf, Temper::Refusing, Temper::Throttling, Temper::Stuck, Temper::RollingBack];

/// States from which the fair run is known to end. It forgets when it is full.
pub(crate) struct Known(Vec<AtomicU64>);

impl Known {
    pub(crate) fn new() -> Self {
        Self((0..1 << 20).map(|_| AtomicU64::new(0)).collect())
    }

    fn place(&self, print: u64) -> &AtomicU64 {
        &self.0[print as usize % self.0.len()]
    }
}

fn print(state: &State, temper: Temper) -> u64 {
    let mut hasher = DefaultHasher::new();
    (state, temper).hash(&mut hasher);
    hasher.finish()
}

/// Whether the job ends, whatever Atlas's temper.
pub(crate) fn every_fair_run_ends(state: &State, rules: Rules, known: &Known) -> bool {
    TEMPERS.into_iter().all(|temper| ends(*state, temper, rules, known))
}

fn ends(state: State, temper: Temper, rules: Rules, known: &Known) -> bool {
    let court = Court { rules, patience: temper.patience() };
    let bounds = Bounds { sends: u8::MAX, crashes: None, patience: court.patience, other: false, lost_locks: true };
    let mut state = state.merged(court.patience);
    let mut way: Vec<u64> = Vec::new();
    for _ in 0..STEPS {
        let print = print(&state, temper);
        if state.row.state.is_ended() || known.place(print).load(Ordering::Relaxed) == print {
            for print in way {
                known.place(print).store(print, Ordering::Relaxed);
            }
            return true;
        }
        way.push(print);
        let action = step(&state, temper, rules);
        state = next(state, action, bounds, court);
        if matches!(action, Action::Answer { .. } | Action::See(..)) {
            state = next(state, Action::Tick, bounds, court); // nothing is done again at once
        }
    }
    false
}

/// What happens next in a fair run.
fn step(state: &State, temper: Temper, rules: Rules) -> Action {
    for who in [Who::Former, Who::Runner] {
        match state.step(who) {
            Step::None => {}
            Step::Intended(_) => return Action::Leave(who),
            Step::Unwritten(_) => return Action::IntendLast,
            Step::Calling { send, .. } if temper.applies() && state.cluster == Phase::Source && state.is_away(send) => {
                return Action::Land(send);
            }
            Step::Calling { send, .. } => {
                return Action::Answer { who, says: temper.says(state, send), ended: 0, again: false };
            }
            Step::Looking { .. } if state.row.state == JobState::Pending && state.cluster == Phase::Source => {
                return Action::SeeReady(who);
            }
            Step::Looking { .. } => return Action::See(who, shows(state.cluster)[0]),
            Step::Ready { .. } => return Action::IntendBoth(who),
        }
    }
    match (state.cluster, temper) {
        (Phase::Source, _) if temper.applies() && state.may_land() => {
            return Action::Land(state.wire.iter().map(|away| away.send).max().unwrap_or(0));
        }
        (Phase::Source | Phase::Target, _) | (Phase::Busy, Temper::Stuck) => {}
        (Phase::Busy, Temper::RollingBack) => return Action::RollBack,
        (Phase::Busy, _) => return Action::Finish,
    }
    match (state.runner, state.row.state) {
        (None, _) => Action::Start,
        (_, JobState::Ready) if rules == Rules::WritesTheIntentAfterTheCall => Action::LeaveFirst,
        (_, JobState::Ready) => Action::Intend,
        (_, JobState::Submitting) => Action::TakeStray,
        _ => Action::Look,
    }
}
