//! Following an upgrade to its end.

use crate::clock::Millis;
use crate::domain::code::{DID_NOT_TAKE, TARGET_DIFFERS};
use crate::domain::event::{Seen, Sighting};
use crate::domain::machine::look::shared::{count, differs, replaced, succeed, wait};
use crate::domain::machine::turn::Turn;

pub(super) fn upgrading<'a>(mut turn: Turn<'a>, started: Millis, sighting: &Sighting) -> Turn<'a> {
    match sighting {
        Sighting::Target { seen, done: true } => succeed(turn, seen),
        Sighting::Other(seen) if seen.is_idle() => turn.fail(TARGET_DIFFERS, differs(seen)),
        Sighting::Source(seen) if seen.is_idle() => {
            note_stranger(&mut turn, seen);
            if turn.was.request.accepted_at.is_some_and(|at| started < at) {
                return wait(turn, sighting); // what the cluster was before Atlas began says nothing
            }
            let since = count(&mut turn, started, seen).map_or(started, |streak| streak.since);
            if started >= since.after(turn.policy.untouched()) {
                return turn.fail(
                    DID_NOT_TAKE,
                    "Atlas accepted, but the cluster is what it was: look at its activity feed, then retry",
                );
            }
            wait(turn, sighting)
        }
        Sighting::Source(seen) => {
            note_stranger(&mut turn, seen);
            turn.next.observed.streak = None;
            wait(turn, sighting)
        }
        Sighting::Target { .. } => {
            turn.next.observed.streak = None;
            wait(turn, sighting)
        }
        Sighting::Missing => {
            turn.next.observed.missing += 1; // told in the status
            wait(turn, sighting)
        }
        _ => wait(turn, sighting),
    }
}

/// A source cluster with another id after our send: it had taken the name before the request arrived.
fn note_stranger(turn: &mut Turn<'_>, seen: &Seen) {
    if replaced(turn.was, seen) {
        turn.next.request.answered_id = Some(seen.id.clone());
    }
}
