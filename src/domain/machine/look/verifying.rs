//! Looking before leaping again: did the open request land?

use crate::clock::Millis;
use crate::domain::code::{ATTEMPTS_EXHAUSTED, CANCELLED, DID_NOT_TAKE, Fault, TARGET_DIFFERS};
use crate::domain::event::{Seen, Sighting};
use crate::domain::job::{IfNotLanded, State};
use crate::domain::machine::look::shared::{
    again, count, differs, fail_move, fail_replaced, moves, note_source, replaced, succeed, wait,
};
use crate::domain::machine::turn::Turn;

/// Look before leaping again. The target means that the request landed, whatever was decided meanwhile.
pub(super) fn verifying<'a>(mut turn: Turn<'a>, started: Millis, sighting: &Sighting) -> Turn<'a> {
    let settled = turn.was.request.left_at.is_some_and(|at| started >= at.after(turn.policy.settle));
    match sighting {
        Sighting::Target { seen, done } => {
            // What landed was accepted, whatever became of the answer: a retry has to know.
            turn.next.request.open = false;
            turn.next.request.accepted = true;
            turn.begun(started);
            turn.next.observed.streak = None;
            turn.next.schedule.overdue = 0;
            if *done {
                return succeed(turn, seen);
            }
            again(turn.to(State::Upgrading))
        }
        Sighting::Source(seen) | Sighting::Other(seen) if seen.is_idle() => {
            if !settled {
                let due = turn.was.request.left_at.map_or(turn.now, |at| at.after(turn.policy.settle));
                turn.next.schedule.due_at = Some(due.max(turn.now));
                return turn;
            }
            match count(&mut turn, started, seen) {
                Some(streak) if started >= streak.since.after(turn.policy.settle) => never_landed(turn, sighting, seen),
                streak => {
                    let since = streak.map_or(started, |streak| streak.since);
                    turn.next.schedule.due_at = Some(since.after(turn.policy.settle).max(turn.now));
                    turn
                }
            }
        }
        Sighting::Missing | Sighting::Elsewhere | Sighting::Unlisted => wait(turn, sighting),
        Sighting::Source(_) | Sighting::Other(_) => {
            // Perhaps ours has begun: remembered, in case it is rolled back before the target is seen.
            turn.begun(started);
            turn.next.observed.streak = None;
            wait(turn, sighting)
        }
    }
}

/// Two looks, a settle time apart, showed the same cluster idle: the request is closed.
fn never_landed<'a>(mut turn: Turn<'a>, sighting: &Sighting, seen: &Seen) -> Turn<'a> {
    if let Sighting::Other(seen) = sighting {
        // It is no target and no source, so what became of our request cannot be told: it stays open.
        return turn.fail(TARGET_DIFFERS, differs(seen));
    }
    turn.next.request.open = false;
    turn.next.request.accepted = false;
    turn.next.observed.streak = None;
    if replaced(turn.was, seen) {
        return fail_replaced(turn, seen);
    }
    match turn.was.request.if_not_landed.clone().unwrap_or(IfNotLanded::Ready) {
        IfNotLanded::Cancelled => {
            let fault = Fault::new(CANCELLED, "cancelled by an operator; the request never took effect");
            turn.end(State::Cancelled, Some(fault))
        }
        IfNotLanded::Failed(fault) => turn.fail(&fault.code, fault.detail),
        IfNotLanded::Ready if turn.was.request.attempts >= turn.policy.max_attempts => {
            let detail = format!(
                "{} requests, none of which took effect: see the history, then retry",
                turn.was.request.attempts
            );
            turn.fail(ATTEMPTS_EXHAUSTED, detail)
        }
        IfNotLanded::Ready if turn.was.request.accepted_at.is_some() => turn.fail(
            DID_NOT_TAKE,
            "after the request the cluster changed and then was what it had been: an upgrade that was rolled back, or \
             somebody else's change; look at its activity feed, then retry",
        ),
        IfNotLanded::Ready if moves(&turn, seen).is_some() => fail_move(turn, seen),
        IfNotLanded::Ready if seen.paused => turn.to(State::Pending),
        IfNotLanded::Ready => {
            if turn.is_overdue() {
                return turn.give_up("the request never took effect");
            }
            note_source(&mut turn, seen);
            let delay = turn.policy.backoff(turn.was.request.attempts.max(1), turn.now.0.unsigned_abs());
            turn.to(State::Ready).due_in(delay)
        }
    }
}
