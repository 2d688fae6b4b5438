//! The model as stateright knows it: where it begins, what follows from what, and what must always hold.

use drydock::domain::job::State as JobState;
use stateright::{Model, Property};

use crate::adversary::{Action, actions};
use crate::bounds::Bounds;
use crate::broken::Rules;
use crate::fair::{Known, every_fair_run_ends};
use crate::next::{Court, next};
use crate::row::LEFT;
use crate::state::{Phase, State, Step, Who, Wrong};

/// The first promise.
pub(crate) const TWICE: &str = "no send while an earlier one may land";

/// One cluster, its job, the runners and their adversary.
pub(crate) struct House {
    pub(crate) bounds: Bounds,
    pub(crate) rules: Rules,
    known: Known,
}

impl House {
    pub(crate) fn new(bounds: Bounds, rules: Rules) -> Self {
        Self { bounds, rules, known: Known::new() }
    }

    fn court(&self) -> Court {
        Court { rules: self.rules, patience: self.bounds.patience }
    }
}

impl Model for House {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::first(self.bounds).merged(self.bounds.patience)]
    }

    fn actions(&self, state: &State, into: &mut Vec<Action>) {
        actions(state, self.bounds, self.rules, into);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let after = next(*state, action, self.bounds, self.court());
        (after != *state).then_some(after)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = promises();
        if self.rules != Rules::Production {
            all.truncate(1); // of a wrong rule book one broken promise is enough, and the shortest way to it
        }
        all
    }
}

fn promises() -> Vec<Property<House>> {
    vec![
        Property::<House>::always(TWICE, |_, state: &State| state.wrong != Some(Wrong::Twice)),
        Property::always("no send after a look that showed the target", |_, state: &State| {
            state.wrong != Some(Wrong::AfterTarget)
        }),
        Property::always("no send of its own accord after an acceptance", |_, state: &State| {
            state.wrong != Some(Wrong::AfterAcceptance)
        }),
        Property::always("every ended job has its reason", |_, state: &State| has_its_reason(state)),
        Property::always("an open request ends as OUTCOME_UNKNOWN", |_, state: &State| owns_up(state)),
        Property::always("every live job waits for something", |_, state: &State| waits_for_something(state)),
        Property::always("every fair run ends", |model: &House, state: &State| {
            state.wrong.is_some() || every_fair_run_ends(state, model.rules, &model.known)
        }),
    ]
}

/// Succeeded and skipped say that the cluster is at the target, and then it is.
fn has_its_reason(state: &State) -> bool {
    match state.row.state {
        JobState::Succeeded => state.cluster == Phase::Target && state.row.code().is_empty(),
        JobState::Skipped => state.cluster == Phase::Target && state.row.code() == "ALREADY_AT_TARGET",
        JobState::Failed if matches!(state.row.code(), "OUTCOME_UNKNOWN" | "GAVE_UP") => true,
        // Every other reason says that the cluster is not what our request would have made of it.
        JobState::Failed => {
            !state.own_landed() && !matches!(state.row.code(), "" | "ALREADY_AT_TARGET" | "CANCELLED" | LEFT)
        }
        JobState::Cancelled => !state.own_landed() && matches!(state.row.code(), "CANCELLED" | LEFT),
        _ => state.row.code().is_empty(),
    }
}

/// An ended job that knows of an open request says so, and so does one whose request may truly land yet; but for one
/// that was given up after Atlas had accepted: by the design (section 2) that closed the request, and a retry verifies
/// before it sends.
fn owns_up(state: &State) -> bool {
    let row = &state.row;
    let open = row.state.is_ended() && row.open;
    let followed = row.accepted && row.code() == "GAVE_UP";
    let may_land = matches!(row.state, JobState::Failed | JobState::Cancelled) && state.own_may_land() && !followed;
    !(open || may_land) || row.code() == "OUTCOME_UNKNOWN"
}

/// A live job is due, or its request is on the wire, or its runner is dead or a former one, and another takes it over.
fn waits_for_something(state: &State) -> bool {
    let in_hand = [Who::Runner, Who::Former].iter().any(|who| state.step(*who) != Step::None);
    let is_taken_over = state.runner.is_none() || state.is_stray();
    state.row.state.is_ended() != state.row.due || state.row.state == JobState::Submitting && (in_hand || is_taken_over)
}
