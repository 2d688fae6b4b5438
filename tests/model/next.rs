//! What follows from each thing that happens. Every write to the row is a decision of the rule book.

use drydock::domain::code::Fault;
use drydock::domain::event::{Answer, Event, Seen, Sighting};
use drydock::domain::job::State as JobState;

use crate::adversary::{Action, may_show};
use crate::bounds::{Bounds, Patience, SHOWS};
use crate::broken::Rules;
use crate::row::{Ago, CLUSTER, REFUSED, Row, at};
use crate::state::{OTHER, Other, Phase, Says, Shown, State, Step, Who, Wrong};

/// How decisions are made: by which rules, and with how much patience.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Court {
    pub(crate) rules: Rules,
    pub(crate) patience: Patience,
}

/// The moment after `action`.
pub(crate) fn next(mut state: State, action: Action, bounds: Bounds, court: Court) -> State {
    let it = &mut state;
    let counted = u8::from(bounds.crashes.is_some());
    match action {
        Action::Tick => it.tick(),
        Action::Crash => {
            it.runner = None;
            it.crashes_left -= counted;
        }
        Action::FormerDies => {
            it.former = Step::None;
            it.crashes_left -= counted;
        }
        Action::LoseLock => {
            it.former = it.step(Who::Runner);
            it.runner = None;
            it.crashes_left -= counted;
            if it.writer == Who::Runner {
                it.writer = Who::Former;
            }
        }
        Action::Start => start(it, court),
        Action::Look | Action::LookFails | Action::Intend if asks(it, court) => {
            claim(it);
            write(it, Who::Runner, &Event::SentElsewhere, court);
        }
        Action::Look => {
            claim(it);
            it.runner = Some(Step::Looking { started: 0, may: may_show(it) });
        }
        Action::LookFails => {
            claim(it);
            let fault = Fault::new("UNEXPECTED_ERROR", "");
            write(it, Who::Runner, &Event::LookFailed { fault, retry_after: None, braked: false }, court);
        }
        Action::Intend => intend(it, court),
        Action::Leave(who) => leave(it, who),
        Action::LeaveFirst => {
            it.runner = Some(Step::Intended(it.row.send + 1));
            leave(it, Who::Runner);
            it.runner = Some(Step::Unwritten(it.row.send + 1));
        }
        Action::IntendLast => {
            let Step::Unwritten(send) = it.step(Who::Runner) else { return state };
            intend(it, court);
            it.runner = Some(Step::Calling { send, left: 0 });
        }
        Action::Answer { who, says, ended, again } => answer(it, who, says, ended, again, court),
        Action::See(who, shown) => see(it, who, shown, court),
        Action::SeeReady(who) => {
            if let Step::Looking { started, .. } = it.step(who) {
                it.set_step(who, Step::Ready { started, stale: false });
            }
        }
        Action::IntendBoth(who) => intend_both(it, who, court),
        Action::GiveBack(who) => ready(it, who, court),
        Action::TakeStray => write(it, Who::Runner, &Event::TakenOver, court),
        Action::Land(send) => {
            it.since = it.take(send).unwrap_or(SHOWS);
            it.landed = send;
            it.becomes(Phase::Busy);
        }
        Action::OtherStarts => {
            it.since = 0;
            it.becomes(Phase::Busy);
        }
        Action::Finish => it.becomes(Phase::Target),
        Action::RollBack => {
            it.since = 0;
            it.becomes(Phase::Source);
            (it.landed, it.rolled_back, it.target_known) = (0, true, false);
        }
        Action::Cancel => write(it, Who::Operator, &Event::Cancel, court),
        Action::Retry => {
            let before = it.row;
            let elsewhere = it.asked_elsewhere();
            write(it, Who::Operator, &Event::Retry { reason: None, elsewhere }, court);
            if it.row.state != before.state {
                it.acceptance_known = false;
            }
        }
        Action::LeaveFleet => write(it, Who::Operator, &Event::LeftFleet, court),
        Action::Return => {
            let elsewhere = it.asked_elsewhere() && court.rules.ask_on_return();
            write(it, Who::Operator, &Event::Returned { elsewhere }, court);
        }
        Action::OtherSends => {
            it.leave(OTHER);
            (it.other, it.unsettled) = (Other::Asked, true);
        }
        Action::OtherCloses => {
            it.take(OTHER);
            it.other = Other::Ended;
        }
        Action::OtherSucceeds => it.other = Other::Ended,
    }
    state.merged(court.patience)
}

/// Whether the claim of a job that has not begun finds that the other campaign has asked, and that nobody has looked
/// into that since.
fn asks(state: &State, court: Court) -> bool {
    let begins = matches!(state.row.state, JobState::Pending | JobState::Ready);
    begins && state.asked_elsewhere() && state.unsettled && court.rules.ask_at_claims()
}

/// Decides about the row as it stands and writes it: a compare-and-swap that succeeds.
fn write(state: &mut State, who: Who, event: &Event, court: Court) {
    let decision = court.rules.decide(&state.row.job(), event, &court.patience.policy());
    state.row = Row::of(&decision.job);
    if state.writer != who {
        state.row.overdue = 0; // it counts what one process has seen
        state.writer = who;
    }
    if state.row.state == JobState::Verifying && state.row.ended == 0 {
        state.unsettled = false;
    }
    state.written_by(who);
}

/// Another runner's claim starts the count of overdue looks again.
fn claim(state: &mut State) {
    if state.writer != Who::Runner {
        state.writer = Who::Runner;
        state.row.overdue = 0;
    }
}

/// Whoever has the lock knows that the former runner sends no more.
fn start(state: &mut State, court: Court) {
    state.runner = Some(Step::None);
    if !state.row.state.is_ended() && state.row.state != JobState::Pending {
        write(state, Who::Runner, &Event::TakenOver, court);
    }
}

fn intend(state: &mut State, court: Court) {
    let before = state.row.send;
    write(state, Who::Runner, &Event::Intent, court);
    intended(state, Who::Runner, before);
}

/// One write for both, if nobody else has written since the row was read; otherwise it is read again, and the intent
/// decided anew.
fn intend_both(state: &mut State, who: Who, court: Court) {
    let before = state.row.send;
    ready(state, who, court);
    write(state, who, &Event::Intent, court);
    intended(state, who, before);
}

/// The look that made the job ready is written, unless somebody else has written the row since.
fn ready(state: &mut State, who: Who, court: Court) {
    if let Step::Ready { started, stale: false } = state.step(who)
        && let Some(started) = at(started)
    {
        write(state, who, &Event::Looked { started, sighting: sighting(Shown::Idle) }, court);
    }
    state.set_step(who, Step::None);
}

/// What an intent makes of the runner, if it was one.
fn intended(state: &mut State, who: Who, before: u8) {
    if state.row.send == before {
        return; // the look was too old
    }
    if state.target_known {
        state.wrong = Some(Wrong::AfterTarget);
    }
    if state.acceptance_known {
        state.wrong = Some(Wrong::AfterAcceptance);
    }
    if who == Who::Runner {
        state.runner = Some(Step::Intended(state.row.send));
    }
}

fn leave(state: &mut State, who: Who) {
    let Step::Intended(send) = state.step(who) else { return };
    if state.may_land() || state.landed > 0 {
        state.wrong = Some(Wrong::Twice);
    }
    state.leave(send);
    state.set_step(who, Step::Calling { send, left: 0 });
}

fn answer(state: &mut State, who: Who, says: Says, ended: Ago, again: bool, court: Court) {
    let (Step::Calling { send, .. }, Some(ended)) = (state.step(who), at(ended)) else { return };
    if matches!(says, Says::NotApplied | Says::Refused) {
        state.take(send);
    }
    write(state, who, &Event::Answered { send: i64::from(send), ended, answer: said(says), braked: false }, court);
    state.acceptance_known |= says == Says::Accepted;
    if !again {
        state.set_step(who, Step::None);
    }
}

fn see(state: &mut State, who: Who, shown: Shown, court: Court) {
    let Step::Looking { started, .. } = state.step(who) else { return };
    let Some(started) = at(started) else { return };
    // A look at a job that has ended is dropped: what it showed nobody knows. What was rolled back is no target.
    let target = matches!(shown, Shown::Coming | Shown::Done) && state.cluster != Phase::Source;
    state.target_known |= target && !state.row.state.is_ended();
    write(state, who, &Event::Looked { started, sighting: sighting(shown) }, court);
    state.set_step(who, Step::None);
}

fn said(says: Says) -> Answer {
    match says {
        Says::Accepted => Answer::Accepted { id: None },
        Says::NotApplied => Answer::Throttled { retry_after: None },
        Says::Refused => Answer::Refused(Fault::new(REFUSED, "")),
        Says::Unknown => Answer::Unknown(Fault::new("UNEXPECTED_ERROR", "")),
    }
}

fn sighting(shown: Shown) -> Sighting {
    let seen =
        |state: &str| Seen { id: CLUSTER.to_owned(), name: String::new(), state: state.to_owned(), ..Seen::default() };
    match shown {
        Shown::Idle => Sighting::Source(seen("IDLE")),
        Shown::Stirring => Sighting::Source(seen("UPDATING")),
        Shown::Coming => Sighting::Target { seen: seen("UPDATING"), done: false },
        Shown::Done => Sighting::Target { seen: seen("IDLE"), done: true },
    }
}
