//! What may happen next: all that the runners may do, and all that the adversary may do to them.
//!
//! The adversary is as free as Assumption A allows: a request lands whenever it likes until it would have to show,
//! or never; an answer comes when it likes, says anything that is not a lie about what was applied, and may come
//! again; a look shows what is, or what was before a change that need not show yet; a runner dies between any two
//! steps; an operator cancels and retries as often as he likes.

use drydock::domain::job::State as JobState;

use crate::bounds::{Bounds, LINGERS, SETTLE, SHOWS};
use crate::broken::Rules;
use crate::row::{Ago, LEFT};
use crate::state::{MayShow, OTHER, Other, Phase, Says, Shown, State, Step, Who};

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Half a settle time passes.
    Tick,
    /// The runner dies.
    Crash,
    /// The runner loses its lock and lives on with what it has in memory.
    LoseLock,
    /// The former runner dies with what it has in memory.
    FormerDies,
    /// A runner starts, takes the lock, and takes over what it finds.
    Start,
    /// The runner begins to look at the cluster.
    Look,
    /// The runner looks, and the look fails.
    LookFails,
    /// The runner writes the intent to send.
    Intend,
    /// The request leaves.
    Leave(Who),
    /// (A broken engine only.) The request leaves before its intent is written.
    LeaveFirst,
    /// (A broken engine only.) The intent is written after its request has left.
    IntendLast,
    /// The answer of a call that ended so long ago is decided upon and written; perhaps another one is to come.
    Answer { who: Who, says: Says, ended: Ago, again: bool },
    /// What a look shows is decided upon and written.
    See(Who, Shown),
    /// A look shows that a pending job is ready; nothing is written yet.
    SeeReady(Who),
    /// The look and the intent are written at once. A former runner sends nothing upon it: it looks at the lock first.
    IntendBoth(Who),
    /// A job that is ready is given back, and its look written, unless somebody else has written the row.
    GiveBack(Who),
    /// The runner finds that a former one has written an intent.
    TakeStray,
    /// A request takes effect.
    Land(u8),
    /// Another operator starts the same upgrade.
    OtherStarts,
    /// The upgrade ends.
    Finish,
    /// The upgrade is rolled back.
    RollBack,
    /// An operator cancels.
    Cancel,
    /// An operator retries.
    Retry,
    /// The row is gone from the fleet.
    LeaveFleet,
    /// The row is back.
    Return,
    /// The other campaign writes its intent, and its request leaves.
    OtherSends,
    /// It is written that the other campaign's request never landed.
    OtherCloses,
    /// It is written that the other campaign's request has succeeded.
    OtherSucceeds,
}

/// Gathers what may happen next.
pub(crate) fn actions(state: &State, bounds: Bounds, rules: Rules, into: &mut Vec<Action>) {
    if state.is_over() {
        return;
    }
    world(state, into);
    deaths(state, bounds, into);
    for who in [Who::Runner, Who::Former] {
        memory(state, who, bounds, into);
    }
    if state.runner == Some(Step::None) {
        new_steps(state, bounds, rules, into);
    }
    if state.row.state.is_ended() {
        into.push(Action::Retry);
    } else {
        into.push(Action::Cancel);
    }
    if bounds.other {
        other_campaign(state, rules, into);
    }
    into.push(Action::Tick);
}

/// What the other campaign does, and what becomes of the row meanwhile. A run of either campaign holds the lock, so
/// that the other one sends only while this one has no runner. It sends as the rule book allows: while the cluster is
/// idle, and nothing may land.
fn other_campaign(state: &State, rules: Rules, into: &mut Vec<Action>) {
    if state.runner.is_none() {
        let is_free = state.cluster == Phase::Source && !state.may_land() && state.landed == 0;
        // For the wrong rule book about returns even the index of live clusters is no help.
        let once_live = rules != Rules::ReturnsWithoutAsking || state.row.state.is_ended();
        if state.other == Other::Idle && is_free && once_live {
            into.push(Action::OtherSends);
        }
        match state.row.state {
            JobState::Pending | JobState::Ready => into.push(Action::LeaveFleet),
            JobState::Cancelled if state.row.code() == LEFT => into.push(Action::Return),
            _ => {}
        }
    }
    let landed = state.landed == OTHER;
    if state.other == Other::Asked && !landed {
        into.push(Action::OtherCloses);
    }
    // An upgrade takes longer than it takes until it shows in every look: who has seen it done is no news to others.
    if state.other == Other::Asked && landed && state.cluster == Phase::Target && state.since >= SHOWS {
        into.push(Action::OtherSucceeds);
    }
}

fn world(state: &State, into: &mut Vec<Action>) {
    match state.cluster {
        Phase::Source => {
            into.extend(state.wire.iter().filter(|away| away.send > 0).map(|away| Action::Land(away.send)));
            into.push(Action::OtherStarts);
        }
        Phase::Busy => into.extend([Action::Finish, Action::RollBack]),
        Phase::Target => {}
    }
}

fn deaths(state: &State, bounds: Bounds, into: &mut Vec<Action>) {
    let may_die = bounds.crashes.is_none() || state.crashes_left > 0;
    if let Some(step) = state.runner
        && may_die
    {
        into.push(Action::Crash);
        // What it had not begun to send when it lost the lock it never sends, since it looks at the lock once more
        // right before: that is a crash.
        if bounds.lost_locks && state.former == Step::None && !matches!(step, Step::None | Step::Intended(_)) {
            into.push(Action::LoseLock);
        }
    }
    if state.former != Step::None && may_die {
        into.push(Action::FormerDies);
    }
    if state.runner.is_none() {
        into.push(Action::Start);
    }
}

/// What becomes of what `who` has in memory.
fn memory(state: &State, who: Who, bounds: Bounds, into: &mut Vec<Action>) {
    match state.step(who) {
        Step::None => {}
        Step::Intended(_) => into.push(Action::Leave(who)),
        Step::Unwritten(_) => into.push(Action::IntendLast),
        Step::Calling { send, left } => answers(state, who, send, left, into),
        Step::Looking { may, .. } => {
            let phases = [Phase::Source, Phase::Busy, Phase::Target].into_iter().filter(|phase| may.has(*phase));
            into.extend(phases.flat_map(shows).map(|shown| match shown {
                Shown::Idle if state.row.state == JobState::Pending => Action::SeeReady(who),
                shown => Action::See(who, *shown),
            }));
        }
        Step::Ready { .. } => {
            into.push(Action::GiveBack(who));
            if state.row.send < bounds.sends {
                into.push(Action::IntendBoth(who));
            }
        }
    }
}

/// The answers that may be written. What says that nothing was applied is no lie. Between the end of a call and its
/// answer's writing any time may pass; more than it takes until looks count makes no difference.
fn answers(state: &State, who: Who, send: u8, left: Ago, into: &mut Vec<Action>) {
    for again in [false, true] {
        into.push(Action::Answer { who, says: Says::Accepted, ended: 0, again });
        if state.landed != send {
            into.push(Action::Answer { who, says: Says::NotApplied, ended: 0, again });
        }
        for ended in 0..=left.min(LINGERS + SETTLE + 1) {
            into.push(Action::Answer { who, says: Says::Unknown, ended, again });
            if state.landed != send {
                into.push(Action::Answer { who, says: Says::Refused, ended, again });
            }
        }
    }
}

/// What a runner with empty hands may begin.
fn new_steps(state: &State, bounds: Bounds, rules: Rules, into: &mut Vec<Action>) {
    if state.is_stray() {
        into.push(Action::TakeStray);
    }
    let may_send = state.row.send < bounds.sends;
    match state.row.state {
        JobState::Ready if rules == Rules::WritesTheIntentAfterTheCall && may_send => into.push(Action::LeaveFirst),
        JobState::Ready if may_send => into.push(Action::Intend),
        _ => {}
    }
    if state.row.state.is_ended() || state.row.state == JobState::Submitting {
        return;
    }
    into.push(Action::Look);
    if bounds.patience.of_a_job().is_some() {
        into.push(Action::LookFails);
    }
}

/// How a cluster looks.
pub(crate) fn shows(phase: Phase) -> &'static [Shown] {
    match phase {
        Phase::Source => &[Shown::Idle],
        Phase::Busy => &[Shown::Stirring, Shown::Coming],
        Phase::Target => &[Shown::Done],
    }
}

/// What a look that is started now may show: what is, what was before the newest change until that has to show, and
/// an upgrade that has ended as if it had not.
pub(crate) fn may_show(state: &State) -> MayShow {
    let must_show = state.since >= SHOWS;
    let now = MayShow::NOTHING.and(state.cluster);
    match state.cluster {
        Phase::Source if state.rolled_back && !must_show => now.and(Phase::Busy),
        Phase::Busy if !must_show => now.and(Phase::Source),
        Phase::Target if !must_show => now.and(Phase::Busy).and(Phase::Source),
        Phase::Target => now.and(Phase::Busy),
        _ => now,
    }
}
