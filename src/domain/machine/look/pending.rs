//! The first looks at a cluster: may it be upgraded, and is it what its row says?

use crate::clock::Millis;
use crate::domain::code::{ALREADY_AT_TARGET, CLUSTER_NOT_FOUND, CLUSTER_PAUSED, Fault, WRONG_TIER};
use crate::domain::comparison::differences;
use crate::domain::event::Sighting;
use crate::domain::job::State;
use crate::domain::machine::look::shared::{
    again, fail_move, fail_replaced, identity, moves, note_source, replaced, succeed, wait,
};
use crate::domain::machine::turn::Turn;

pub(super) fn pending<'a>(mut turn: Turn<'a>, started: Millis, sighting: &Sighting) -> Turn<'a> {
    match sighting {
        Sighting::Target { seen, done: true } if turn.was.request.submitted_at.is_some() => succeed(turn, seen),
        Sighting::Target { seen, done: true } => {
            turn.next.target = Some(identity(seen));
            let detail = differences(&turn.was.wanted, seen).map_or_else(
                || "nothing was sent: the cluster is what it should become".to_owned(),
                |differs| format!("nothing was sent: the cluster was upgraded before, but {differs}"),
            );
            turn.end(State::Skipped, Some(Fault::new(ALREADY_AT_TARGET, detail)))
        }
        Sighting::Target { .. } => {
            turn.next.request.accepted_at = None; // of an earlier send
            turn.begun(started);
            let turn = turn.to(State::Upgrading);
            again(turn)
        }
        Sighting::Source(seen) if replaced(turn.was, seen) => fail_replaced(turn, seen),
        Sighting::Source(seen) if seen.is_idle() && seen.paused => {
            turn.fail(CLUSTER_PAUSED, "the cluster is paused: resume it in Atlas, then retry")
        }
        Sighting::Source(seen) if seen.is_idle() && moves(&turn, seen).is_some() => fail_move(turn, seen),
        Sighting::Source(seen) if seen.is_idle() => {
            note_source(&mut turn, seen);
            turn.to(State::Ready)
        }
        Sighting::Other(seen) if seen.is_idle() => {
            let detail = format!(
                "the cluster is {}, which this operation does not upgrade: take it off the fleet",
                seen.words()
            );
            turn.fail(WRONG_TIER, detail)
        }
        Sighting::Missing if turn.was.observed.missing > 0 => turn.fail(
            CLUSTER_NOT_FOUND,
            "Atlas knows no cluster of this name in the project: correct the fleet, or retry once it exists",
        ),
        Sighting::Elsewhere if turn.was.observed.missing > 0 => turn.fail(
            WRONG_TIER,
            "the name belongs to a cluster of another kind, which this operation does not upgrade: take it off the fleet",
        ),
        Sighting::Missing | Sighting::Elsewhere => {
            turn.next.observed.missing += 1;
            turn.next.observed.alone = true;
            let min = turn.policy.min_look;
            turn.due_in(min)
        }
        _ => wait(turn, sighting),
    }
}

/// The target is there, or on its way, before the answer is: whatever the answer says, nothing is sent again.
pub(super) fn arrived(mut turn: Turn<'_>, started: Millis) -> Turn<'_> {
    turn.next.request.attempts += 1;
    turn.next.request.submitted_at = turn.next.request.submitted_at.or(turn.was.request.sent_at);
    turn.begun(started);
    again(turn.to(State::Upgrading))
}
