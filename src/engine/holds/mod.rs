//! What is held, for everybody in the engine: whoever gets an answer that holds a scope says so here before anything
//! else, and whoever begins something asks here first.
//!
//! The table has the same holds, written by the recorder and the dispatcher; an operator lifts them there, and the
//! dispatcher looks now and then ([`Holds::follow`]).

mod organisations;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Millis;
use crate::domain::hold::{Held, Hold, Reach, Release, Scope};

pub(super) use organisations::Finding;
use organisations::Organisations;
use standing::Standing;

/// Looks in a row that were refused in a project before what is in flight there is no longer followed.
const BLIND: u32 = 3;

/// What a step that was to send showed of the holds on its scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Tried {
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
    standing: Vec<Standing>,
    organisations: Organisations,
    /// Projects with an answer whose reach is being found out.
    asking: HashSet<String>,
    /// Refused looks in a row, by project.
    refused: HashMap<String, u32>,
    /// Holds that the table does not have yet, and those that a probe has lifted.
    unwritten: Vec<Held>,
    lifted: Vec<Scope>,
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
        if !state.standing.iter().any(|standing| standing.held.scope == held.scope) {
            state.unwritten.push(held.clone());
            state.standing.push(Standing::new(held, now));
        }
    }

    /// The hold that the table has in force for an answer in `project`.
    pub(super) fn of(&self, hold: &Hold, project: &str) -> Option<Held> {
        let state = self.state();
        let scope = state.scope(hold.reach, project);
        state.standing.iter().find(|standing| standing.held.scope == scope).map(|standing| standing.held.clone())
    }

    /// Follows the table, which has these; says whether that changed anything.
    pub(super) fn follow(&self, held: Vec<Held>, now: Millis) -> bool {
        let mut state = self.state();
        let before: Vec<Scope> = state.standing.iter().map(|standing| standing.held.scope.clone()).collect();
        let unwritten = state.unwritten.clone();
        let mut was = std::mem::take(&mut state.standing);
        for held in held.into_iter().chain(unwritten) {
            if state.standing.iter().any(|standing| standing.held.scope == held.scope) {
                continue;
            }
            let known = was.iter().position(|standing| standing.held.scope == held.scope);
            let standing = known.map_or_else(|| Standing::new(held, now), |place| was.swap_remove(place));
            state.standing.push(standing);
        }
        let lifted = state.lifted.clone();
        state.standing.retain(|standing| !lifted.contains(&standing.held.scope));
        before.len() != state.standing.len()
            || !state.standing.iter().all(|standing| before.contains(&standing.held.scope))
    }

    /// How many jobs of `project` may be begun at once.
    pub(super) fn room_in(&self, project: &str, now: Millis) -> usize {
        let state = self.state();
        if state.asking.contains(project) {
            return 0;
        }
        let covering = state.standing.iter().filter(|standing| state.covers(&standing.held.scope, project));
        covering.map(|standing| standing.room_for(project, now)).min().unwrap_or(usize::MAX)
    }

    /// Something is begun in `project`; if a probe is wanted there, it is up to that project.
    pub(super) fn begins(&self, project: &str, now: Millis) {
        let mut guard = self.state();
        let state = &mut *guard;
        for standing in &mut state.standing {
            if state.organisations.covers(&standing.held.scope, project) {
                standing.begun_by(project, now);
            }
        }
    }

    /// A job of `project` is about to be sent; if a probe was wanted there, it is the one.
    pub(super) fn sends(&self, job: i64, project: &str, now: Millis) {
        let mut guard = self.state();
        let state = &mut *guard;
        for standing in &mut state.standing {
            if state.organisations.covers(&standing.held.scope, project) {
                standing.probe_with(job, project, now);
            }
        }
    }

    /// Whether the job may be sent still.
    pub(super) fn may_send(&self, job: i64, project: &str) -> bool {
        let state = self.state();
        let mut covering = state.standing.iter().filter(|standing| state.covers(&standing.held.scope, project));
        !state.asking.contains(project) && covering.all(|standing| standing.is_probed_by(job))
    }

    /// The step that was to send the job is over.
    pub(super) fn over(&self, job: i64, tried: Tried, now: Millis) {
        let mut state = self.state();
        let mut lifted = Vec::new();
        state.standing.retain_mut(|standing| {
            let lifts = standing.is_probed_by(job) && tried == Tried::Through;
            if lifts {
                lifted.push(standing.held.scope.clone());
            } else {
                standing.probed(job, tried, now);
            }
            !lifts
        });
        state.lifted.extend(lifted);
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

    /// What the table does not know yet: holds to be written, scopes to be released.
    pub(super) fn unwritten(&self) -> (Vec<Held>, Vec<Scope>) {
        let state = self.state();
        (state.unwritten.clone(), state.lifted.clone())
    }

    /// The table knows these now.
    pub(super) fn written(&self, (holds, scopes): &(Vec<Held>, Vec<Scope>)) {
        let mut state = self.state();
        state.unwritten.retain(|held| !holds.contains(held));
        state.lifted.retain(|scope| !scopes.contains(scope));
    }

    /// The holds in force, the oldest first.
    pub(super) fn list(&self) -> Vec<Held> {
        self.state().standing.iter().map(|standing| standing.held.clone()).collect()
    }

    /// The hold that keeps `project` waiting for an operator, if one does.
    pub(super) fn waits_for_operator(&self, project: &str) -> Option<Scope> {
        let state = self.state();
        let operator = |standing: &&Standing| standing.held.release == Release::Operator;
        let mut covering = state.standing.iter().filter(operator);
        covering.find(|it| state.covers(&it.held.scope, project)).map(|standing| standing.held.scope.clone())
    }

    /// Whether nothing at all may be begun before an operator says so.
    pub(super) fn stop_all(&self) -> bool {
        let all = |it: &Standing| it.held.scope == Scope::Campaign && it.held.release == Release::Operator;
        self.state().standing.iter().any(all)
    }

    /// Whether anything is held.
    pub(super) fn any(&self) -> bool {
        let state = self.state();
        !state.standing.is_empty() || !state.asking.is_empty()
    }

    /// When the next probe is due, if it is yet to come.
    pub(super) fn next_probe(&self, now: Millis) -> Option<Millis> {
        self.state().standing.iter().filter_map(Standing::next_probe).filter(|at| *at > now).min()
    }

    /// Whether it is unknown which projects a hold on an organisation concerns.
    pub(super) fn wants_organisations(&self) -> bool {
        let state = self.state();
        let organisation = |standing: &Standing| matches!(standing.held.scope, Scope::Organisation(_));
        !state.organisations.is_known() && state.standing.iter().any(organisation)
    }
}

impl State {
    fn covers(&self, scope: &Scope, project: &str) -> bool {
        self.organisations.covers(scope, project)
    }

    fn scope(&self, reach: Reach, project: &str) -> Scope {
        match (reach, self.organisations.of(project)) {
            (Reach::Campaign, _) => Scope::Campaign,
            (Reach::Organisation, Some(id)) => Scope::Organisation(id.to_owned()),
            _ => Scope::Project(project.to_owned()),
        }
    }
}
