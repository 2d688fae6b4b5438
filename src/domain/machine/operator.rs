//! Rules 7 and 8: what an operator, the fleet file and a dead runner's successor may do.

use std::time::Duration;

use crate::domain::code::{ALREADY_AT_TARGET, CANCELLED, CLUSTER_REPLACED, Fault, NO_LONGER_IN_FLEET, NOT_IN_PLAN};
use crate::domain::history::{Entry, Kind};
use crate::domain::job::{Identity, IfNotLanded, Job, State};
use crate::domain::machine::Decision;
use crate::domain::machine::turn::Turn;
use crate::domain::waiting;

/// No further send. What is under way is followed to its end: Atlas takes nothing back.
pub(super) fn cancel(mut turn: Turn<'_>) -> Decision {
    let entry = Entry::new(Kind::Cancelled);
    match turn.was.state {
        State::Pending | State::Ready => {
            let fault = Fault::new(CANCELLED, "cancelled by an operator before anything was sent");
            turn.end(State::Cancelled, Some(fault)).noting(entry)
        }
        State::Submitting | State::Verifying => {
            turn.next.request.if_not_landed = Some(IfNotLanded::Cancelled);
            turn.noting(entry.saying("no further send; the one that may have left is followed"))
        }
        _ => turn.noting(entry.saying("too late: Atlas is upgrading the cluster")),
    }
}

/// The row is gone from the fleet: a job that has not started ends.
pub(super) fn left_fleet(turn: Turn<'_>) -> Decision {
    // Neither has a request open; whatever was sent before is settled.
    if !matches!(turn.was.state, State::Pending | State::Ready) {
        return turn.unchanged();
    }
    let fault = Fault::new(NO_LONGER_IN_FLEET, "the row is gone from the fleet; put it back to have it upgraded");
    turn.end(State::Cancelled, Some(fault)).noting(Entry::new(Kind::LeftFleet))
}

/// Whether the job ended because its row is gone: only the row's return brings it back, no operator's retry.
fn has_left(job: &Job) -> bool {
    job.error.as_ref().is_some_and(|fault| fault.code == NO_LONGER_IN_FLEET)
}

/// Two jobs of the campaign are for one cluster: only the one that stands for it goes on. What is under way is followed.
pub(super) fn duplicate(mut turn: Turn<'_>, of: &str) -> Decision {
    let entry = Entry::new(Kind::Duplicate);
    match turn.was.state {
        State::Pending | State::Ready => {
            let detail = format!("Atlas ignores case: this is the cluster {of}, which has a job of its own here");
            turn.end(State::Cancelled, Some(Fault::new(CANCELLED, detail))).noting(entry)
        }
        State::Submitting | State::Verifying if turn.was.request.if_not_landed != Some(IfNotLanded::Cancelled) => {
            turn.next.request.if_not_landed = Some(IfNotLanded::Cancelled);
            turn.noting(
                entry
                    .saying(format!("no further send, since this is the cluster {of}; what may have left is followed")),
            )
        }
        _ => turn.unchanged(),
    }
}

/// The row is back: a job that ended only for its absence is pending again, or verified first.
pub(super) fn returned(turn: Turn<'_>, elsewhere: bool) -> Decision {
    if turn.was.state != State::Cancelled || !has_left(turn.was) {
        return turn.unchanged();
    }
    go_back(turn, elsewhere).noting(Entry::new(Kind::Returned))
}

/// The cluster is the one that the plan saw, or the next look will show that it is not.
pub(super) fn planned(mut turn: Turn<'_>, source: &Identity, plan: &str) -> Decision {
    let waits = matches!(turn.was.state, State::Pending | State::Ready);
    if !waits || turn.was.source.as_ref().is_some_and(|known| known.id == source.id) {
        return turn.unchanged();
    }
    turn.next.source = Some(source.clone());
    turn.to(State::Pending).noting(Entry::new(Kind::Planned).saying(format!("plan {plan}: cluster {}", source.id)))
}

/// Only what the plan includes is begun.
pub(super) fn left_out(turn: Turn<'_>, why: &str, at_target: bool) -> Decision {
    if !matches!(turn.was.state, State::Pending | State::Ready) {
        return turn.unchanged();
    }
    let (state, code) = if at_target { (State::Skipped, ALREADY_AT_TARGET) } else { (State::Cancelled, NOT_IN_PLAN) };
    turn.end(state, Some(Fault::new(code, why))).noting(Entry::new(Kind::LeftOut))
}

/// Another campaign of the database may have a request to this cluster under way: look before leaping.
pub(super) fn sent_elsewhere(turn: Turn<'_>) -> Decision {
    if !matches!(turn.was.state, State::Pending | State::Ready) {
        return turn.unchanged();
    }
    suspect(turn).noting(Entry::new(Kind::SentElsewhere))
}

/// The database may not know of every request that was sent: whatever has not begun is verified first, and whatever has
/// is taken over as from a dead runner.
pub(super) fn restored(turn: Turn<'_>) -> Decision {
    let entry = Entry::new(Kind::Restored);
    if matches!(turn.was.state, State::Pending | State::Ready) {
        return suspect(turn).noting(entry);
    }
    succeed_runner(turn, entry)
}

/// A request to the cluster may have left, and not from here: it is looked for before the first send.
fn suspect(mut turn: Turn<'_>) -> Turn<'_> {
    let now = turn.now;
    // A refusal may then be the echo of that request's success.
    turn.next.request.submitted_at = turn.next.request.submitted_at.or(Some(now));
    turn.verify(now, IfNotLanded::Ready)
}

/// An operator's word: failed and cancelled jobs go back, counts and times start again.
pub(super) fn retry(turn: Turn<'_>, reason: Option<&str>, elsewhere: bool) -> Decision {
    if !matches!(turn.was.state, State::Failed | State::Cancelled) || has_left(turn.was) {
        return turn.unchanged();
    }
    let entry = Entry { detail: reason.map(str::to_owned), ..Entry::new(Kind::Retried) };
    go_back(turn, elsewhere).noting(entry)
}

/// An operator's word: a job that waits for what Atlas has asked for is acted on now.
pub(super) fn brought_forward(turn: Turn<'_>, reason: Option<&str>) -> Decision {
    if waiting::asked_until(turn.was, turn.now).is_none() {
        return turn.unchanged();
    }
    let entry = Entry { detail: reason.map(str::to_owned), ..Entry::new(Kind::BroughtForward) };
    turn.due_in(Duration::ZERO).noting(entry)
}

/// To `pending`; but where a request was accepted or is open, here or elsewhere, a verification comes first.
fn go_back(turn: Turn<'_>, elsewhere: bool) -> Turn<'_> {
    let doubtful = turn.was.request.open || turn.was.request.accepted || elsewhere;
    let turn = reopen(turn);
    let now = turn.now;
    if doubtful { turn.verify(now, IfNotLanded::Ready) } else { turn.to(State::Pending) }
}

fn reopen(mut turn: Turn<'_>) -> Turn<'_> {
    let replaced = turn.was.error.as_ref().is_some_and(|fault| fault.code == CLUSTER_REPLACED);
    if replaced || !(turn.was.request.open || turn.was.request.accepted) {
        // The operator has seen what stands under the name now; the next look saves it anew.
        turn.next.source = None;
        turn.next.request.answered_id = None;
    }
    turn.next.error = None;
    turn.next.finished_at = None;
    turn.next.request.attempts = 0;
    turn.next.schedule.deferrals = 0;
    turn.next.schedule.overdue = 0;
    turn.next.observed.missing = 0;
    turn.next.observed.alone = false;
    turn.next.observed.streak = None;
    // What was verified before is no verification of what other campaigns may have sent since.
    turn.next.request.left_at = None;
    turn.next.observed.first_look_at = None;
    turn.next.observed.looked_at = None;
    turn.next.request.accepted_at = None;
    turn.next.observed.unattended_ms = 0;
    turn.next.target = None;
    turn.next.observed.seen = None;
    turn
}

/// The former runner is dead. What it gave to the system may still leave, and its looks are not this runner's.
pub(super) fn taken_over(turn: Turn<'_>) -> Decision {
    succeed_runner(turn, Entry::new(Kind::TakenOver))
}

fn succeed_runner(mut turn: Turn<'_>, entry: Entry) -> Decision {
    turn.next.schedule.overdue = 0;
    match turn.was.state {
        State::Ready => turn.to(State::Pending).noting(entry),
        State::Submitting => {
            turn.next.request.attempts += 1;
            turn.next.request.submitted_at = turn.next.request.submitted_at.or(turn.was.request.sent_at);
            let wish = turn.was.request.if_not_landed.clone().unwrap_or(IfNotLanded::Ready);
            let (now, send) = (turn.now, turn.was.request.send);
            turn.verify(now, wish).noting(entry.of_send(send).saying("its request may have left"))
        }
        State::Verifying => {
            let wish = turn.was.request.if_not_landed.clone().unwrap_or(IfNotLanded::Ready);
            let now = turn.now;
            turn.verify(now, wish).noting(entry)
        }
        State::Upgrading => {
            turn.next.observed.streak = None;
            let due = turn.was.schedule.due_at.unwrap_or(turn.now);
            turn.next.schedule.due_at = Some(due);
            turn.noting(entry)
        }
        _ => turn.unchanged(),
    }
}
