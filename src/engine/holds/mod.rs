//! What is held, for everybody in the engine: whoever gets an answer that holds a scope says so here before anything
//! else, and whoever begins something asks here first.
//!
//! The table has the same holds, written by the recorder and the dispatcher; an operator lifts them there, and the
//! dispatcher looks now and then ([`Holds::follow`]).

mod active_hold;
mod organisations;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Millis;
use crate::domain::hold::{Held, Hold, Reach, Release, Scope};

use active_hold::ActiveHold;
pub(super) use organisations::Finding;
use organisations::Organisations;

/// Looks in a row that were refused in a project before what is in flight there is no longer followed.
const BLIND: u32 = 3;

/// What a step that was to send showed of the holds on its scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ProbeOutcome {
    /// Nothing: no request was made.
    #[default]
    Nothing,
    /// Atlas took the request for what it is.
    Through,
    /// It did not.
    InVain,
}

/// The holds of a campaign. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Holds {
    state: Arc<Mutex<State>>,
    /// Whoever asks Atlas for all projects; the others wait for what comes of it.
    one_asks: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct State {
    standing: HashMap<Scope, ActiveHold>,
    organisations: Organisations,
    /// Projects with an answer whose reach is being found out.
    asking: HashSet<String>,
    /// Refused looks in a row, by project.
    refused: HashMap<String, u32>,
    /// Holds that the table does not have yet, and those that are over, with the reason. What is over is written first.
    unwritten: Vec<Held>,
    lifted: Vec<(Scope, &'static str)>,
}

/// What the table does not know yet: scopes that are held no more, and holds.
#[derive(Clone, Default)]
pub(super) struct Unwritten {
    pub(super) lifted: Vec<(Scope, &'static str)>,
    pub(super) held: Vec<Held>,
}

impl Holds {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer in `project` holds more than its job. Until it is known how far that reaches, the project waits.
    pub(super) fn asking(&self, project: &str) {
        self.state().asking.insert(project.to_owned());
    }

    /// The hold with its scope, in force from now on.
    pub(super) fn add(&self, hold: &Hold, project: &str, now: Millis) {
        let mut state = self.state();
        state.asking.remove(project);
        let Hold { release, fault, .. } = hold.clone();
        let held = Held { scope: state.scope(hold.reach, project), release, fault, since: now };
        let scope = held.scope.clone();
        if let Some(before) = state.standing.get(&scope).map(|standing| standing.held.release) {
            // What an operator has to set right does not end by itself, whatever else is wrong.
            if before == release || release == Release::Probe {
                return;
            }
            state.unwritten.retain(|held| held.scope != scope);
            state.lifted.push((scope.clone(), "something else holds it too"));
        }
        state.unwritten.push(held.clone());
        state.standing.insert(scope, ActiveHold::new(held, now));
    }

    /// The hold that an answer in `project` has brought, if the table does not have it yet.
    pub(super) fn brought_by(&self, hold: &Hold, project: &str) -> Option<Held> {
        let state = self.state();
        let scope = state.scope(hold.reach, project);
        state.unwritten.iter().find(|held| held.scope == scope).cloned()
    }

    /// Follows the table, which has these; says whether anything is held no more.
    pub(super) fn follow(&self, held: Vec<Held>, now: Millis) -> bool {
        let mut state = self.state();
        let (lifted, unwritten) = (state.lifted.clone(), state.unwritten.clone());
        let over = |held: &Held| lifted.iter().any(|(scope, _)| *scope == held.scope);
        let mut was = std::mem::take(&mut state.standing);
        for held in held.into_iter().filter(|held| !over(held)).chain(unwritten) {
            let known = was.remove(&held.scope);
            let scope = held.scope.clone();
            state.standing.entry(scope).or_insert_with(|| known.unwrap_or_else(|| ActiveHold::new(held, now)));
        }
        if !was.is_empty() {
            state.refused.clear();
        }
        !was.is_empty()
    }

    /// How many jobs of `project` may be begun at once.
    pub(super) fn room_in(&self, project: &str, now: Millis) -> usize {
        let state = self.state();
        if state.asking.contains(project) {
            return 0;
        }
        state.covering(project).map(|standing| standing.room_for(project, now)).min().unwrap_or(usize::MAX)
    }

    /// Something is begun in `project`; if a probe is wanted there, it is up to that project.
    pub(super) fn begins(&self, project: &str, now: Millis) {
        let mut state = self.state();
        for scope in state.scopes(project) {
            if let Some(standing) = state.standing.get_mut(&scope) {
                standing.begun_by(project, now);
            }
        }
    }

    /// A job of `project` is about to be sent; if a probe was wanted there, it is the one.
    pub(super) fn sends(&self, job: i64, project: &str, now: Millis) {
        let mut state = self.state();
        for scope in state.scopes(project) {
            if let Some(standing) = state.standing.get_mut(&scope) {
                standing.probe_with(job, project, now);
            }
        }
    }

    /// Whether the job may be sent still.
    pub(super) fn may_send(&self, job: i64, project: &str) -> bool {
        let state = self.state();
        !state.asking.contains(project) && state.covering(project).all(|standing| standing.is_probed_by(job))
    }

    /// The step that was to send the job is over.
    pub(super) fn over(&self, job: i64, tried: ProbeOutcome, now: Millis) {
        let mut state = self.state();
        let probed = state.standing.values_mut().find(|standing| standing.is_probed_by(job));
        let Some(standing) = probed else { return };
        if tried != ProbeOutcome::Through {
            return standing.probed(tried, now);
        }
        let scope = standing.held.scope.clone();
        state.standing.remove(&scope);
        state.unwritten.retain(|held| held.scope != scope);
        state.lifted.push((scope, "a request got through"));
    }

    /// A look in `project` went well, or was refused for a reason that holds more than a job.
    pub(super) fn looked(&self, project: &str, refused: bool) -> bool {
        let mut state = self.state();
        if !refused {
            state.refused.remove(project);
            return false;
        }
        let count = state.refused.entry(project.to_owned()).or_default();
        *count += 1;
        *count >= BLIND
    }

    /// Whether what is in flight in `project` cannot be followed.
    pub(super) fn is_blind(&self, project: &str) -> bool {
        self.state().refused.get(project).is_some_and(|count| *count >= BLIND)
    }

    /// What the table does not know yet.
    pub(super) fn unwritten(&self) -> Unwritten {
        let state = self.state();
        Unwritten { lifted: state.lifted.clone(), held: state.unwritten.clone() }
    }

    /// The table knows these now.
    pub(super) fn written(&self, known: &Unwritten) {
        let mut state = self.state();
        state.unwritten.retain(|held| !known.held.contains(held));
        state.lifted.retain(|lifted| !known.lifted.contains(lifted));
    }

    /// The holds in force, the oldest first.
    pub(super) fn list(&self) -> Vec<Held> {
        let mut all: Vec<Held> = self.state().standing.values().map(|standing| standing.held.clone()).collect();
        all.sort_by(|one, other| {
            let key = |held: &Held| (held.since, held.scope.kind(), held.scope.id().to_owned());
            key(one).cmp(&key(other))
        });
        all
    }

    /// Whether `project` waits for an operator.
    pub(super) fn waits_for_operator(&self, project: &str) -> bool {
        self.state().covering(project).any(|standing| standing.held.release == Release::Operator)
    }

    /// Whether nothing at all may be begun before an operator says so.
    pub(super) fn stop_all(&self) -> bool {
        let state = self.state();
        state.standing.get(&Scope::Campaign).is_some_and(|standing| standing.held.release == Release::Operator)
    }

    /// Whether anything is held.
    pub(super) fn any(&self) -> bool {
        let state = self.state();
        !state.standing.is_empty() || !state.asking.is_empty()
    }

    /// When the next probe is due, if it is yet to come.
    pub(super) fn next_probe(&self, now: Millis) -> Option<Millis> {
        self.state().standing.values().filter_map(ActiveHold::next_probe).filter(|at| *at > now).min()
    }

    /// Whether it is unknown which projects a hold on an organisation concerns.
    pub(super) fn wants_organisations(&self) -> bool {
        let state = self.state();
        let organisation = |scope: &Scope| matches!(scope, Scope::Organisation(_));
        !state.organisations.is_known() && state.standing.keys().any(organisation)
    }
}

impl State {
    /// The scopes that are held and cover a project. While no organisation is known, any may be the project's.
    fn scopes(&self, project: &str) -> Vec<Scope> {
        let mut scopes = vec![Scope::Campaign, Scope::Project(project.to_owned())];
        match self.organisations.of(project) {
            Some(id) => scopes.push(Scope::Organisation(id.to_owned())),
            None if self.organisations.is_known() => {}
            None => scopes.extend(self.standing.keys().filter(|it| matches!(it, Scope::Organisation(_))).cloned()),
        }
        scopes
    }

    fn covering(&self, project: &str) -> impl Iterator<Item = &ActiveHold> {
        self.scopes(project).into_iter().filter_map(|scope| self.standing.get(&scope))
    }

    fn scope(&self, reach: Reach, project: &str) -> Scope {
        match (reach, self.organisations.of(project)) {
            (Reach::Campaign, _) => Scope::Campaign,
            (Reach::Organisation, Some(id)) => Scope::Organisation(id.to_owned()),
            _ => Scope::Project(project.to_owned()),
        }
    }
}
