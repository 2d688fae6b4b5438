//! What the looks of several states come down to.

use std::time::Duration;

use crate::clock::Millis;
use crate::domain::cluster_name::is_same_name;
use crate::domain::code::{CLUSTER_REPLACED, Fault, REGION_CHANGES, TARGET_DIFFERS};
use crate::domain::comparison::{RegionChange, differences};
use crate::domain::event::{Seen, Sighting};
use crate::domain::job::{Identity, Job, State, Streak};
use crate::domain::machine::turn::Turn;

/// Adds an idle look to the streak, or begins one; returns the streak as it was before, if it is the same cluster's.
pub(super) fn count(turn: &mut Turn<'_>, started: Millis, seen: &Seen) -> Option<Streak> {
    let before = turn.was.observed.streak.clone().filter(|streak| streak.id == seen.id);
    turn.next.observed.streak = Some(match &before {
        Some(streak) => Streak { looks: streak.looks + 1, ..streak.clone() },
        None => Streak { since: started, id: seen.id.clone(), looks: 1 },
    });
    before
}

pub(super) fn replaced(was: &Job, seen: &Seen) -> bool {
    was.source.as_ref().is_some_and(|source| source.id != seen.id)
}

pub(super) fn fail_replaced<'a>(turn: Turn<'a>, seen: &Seen) -> Turn<'a> {
    let before = turn.was.source.as_ref().map_or("unknown", |source| &source.id).to_owned();
    let detail =
        format!("the name now belongs to cluster {}, not to {before}: make sure that it is meant, then retry", seen.id);
    turn.fail(CLUSTER_REPLACED, detail)
}

/// The move that the row asks of the cluster, where the campaign allows none.
pub(super) fn moves(turn: &Turn<'_>, seen: &Seen) -> Option<RegionChange> {
    RegionChange::of(&turn.was.wanted, seen).filter(|_| !turn.policy.allow_region_change)
}

/// A move cannot be undone, and is the likeliest slip of a spreadsheet.
pub(super) fn fail_move<'a>(turn: Turn<'a>, seen: &Seen) -> Turn<'a> {
    let Some(RegionChange { from, to }) = moves(&turn, seen) else { return turn };
    let detail = format!(
        "the cluster is in {from}, and the row asks for {to}; a move cannot be undone: correct the row, or allow moves \
         with [guard] allow_region_change = true; `drydock retry` it before the next run"
    );
    turn.fail(REGION_CHANGES, detail)
}

pub(super) fn differs(seen: &Seen) -> String {
    format!("the cluster is {}, neither what it was nor what it should be: look at its activity feed", seen.words())
}

pub(super) fn identity(seen: &Seen) -> Identity {
    Identity { id: seen.id.clone(), connection_string: seen.connection_string.clone() }
}

/// The cluster may be upgraded: what the upgrade overwrites is saved, and the name by which Atlas knows the cluster,
/// where that differs from the row's in case.
pub(super) fn note_source(turn: &mut Turn<'_>, seen: &Seen) {
    turn.next.source = Some(identity(seen));
    let row = &turn.was.cluster_name;
    turn.next.observed.atlas_name = (seen.name != *row && is_same_name(&seen.name, row)).then(|| seen.name.clone());
}

pub(super) fn succeed<'a>(mut turn: Turn<'a>, seen: &Seen) -> Turn<'a> {
    turn.next.target = Some(identity(seen));
    turn.next.request.open = false;
    let stranger = turn.next.request.answered_id.clone().filter(|id| *id != seen.id);
    let source = turn.next.source.as_ref().map(|source| source.id.clone());
    match (source, stranger) {
        (Some(source), Some(stranger)) if source != stranger => turn.fail(
            CLUSTER_REPLACED,
            format!("between look and send another cluster ({stranger}) took the name of {source}, and was upgraded: tell its owner"),
        ),
        _ => {
            // It is done, and an operator should know that it is not quite what was asked for.
            let warning = differences(&turn.was.wanted, seen).map(|differs| Fault::new(TARGET_DIFFERS, differs));
            turn.end(State::Succeeded, warning)
        }
    }
}

/// Nothing to decide yet: look again later, unless the job's time has passed.
pub(super) fn wait<'a>(mut turn: Turn<'a>, sighting: &Sighting) -> Turn<'a> {
    if turn.is_overdue() {
        return turn.give_up(&words(sighting));
    }
    again(turn)
}

/// The next look, the later the longer this has been under way.
pub(super) fn again(turn: Turn<'_>) -> Turn<'_> {
    if let (State::Upgrading, Some(begun)) = (turn.next.state, turn.policy.begun(&turn.next)) {
        let next = turn.policy.next_look(begun, turn.now, &turn.was.project_id);
        return turn.due_at(next);
    }
    let from = match turn.next.state {
        State::Upgrading => turn.next.request.accepted_at,
        State::Verifying => turn.next.request.left_at,
        _ => turn.next.observed.first_look_at,
    };
    let age = from.map_or(Duration::ZERO, |at| turn.now.since(at));
    let delay = turn.policy.look_delay(age);
    turn.due_in(delay)
}

pub(super) fn words(sighting: &Sighting) -> String {
    match sighting {
        Sighting::Target { seen, done: true } => format!("target: {}", seen.words()),
        Sighting::Target { seen, .. } if seen.connection_string.is_none() => {
            format!("target: {}, no connection strings yet", seen.words())
        }
        Sighting::Target { seen, .. } => format!("target: {}", seen.words()),
        Sighting::Source(seen) => format!("source: {}", seen.words()),
        Sighting::Other(seen) => format!("neither source nor target: {}", seen.words()),
        Sighting::Missing => "no such cluster".to_owned(),
        Sighting::Elsewhere => "neither source nor target: a cluster of another API".to_owned(),
        Sighting::Unlisted => "not listed".to_owned(),
    }
}
