//! Rules 3, 4 and 6: what a look means, in each state that looks.

use std::time::Duration;

use crate::clock::Millis;
use crate::domain::code::{
    ALREADY_AT_TARGET, ATTEMPTS_EXHAUSTED, CANCELLED, CLUSTER_NOT_FOUND, CLUSTER_PAUSED, CLUSTER_REPLACED,
    DID_NOT_TAKE, Fault, TARGET_DIFFERS, WRONG_TIER,
};
use crate::domain::event::{Seen, Sighting};
use crate::domain::history::{Entry, Kind};
use crate::domain::job::{Identity, IfNotLanded, Job, State, Streak};
use crate::domain::machine::Decision;
use crate::domain::machine::turn::Turn;

pub(super) fn failed(mut turn: Turn<'_>, fault: &Fault, retry_after: Option<Duration>, braked: bool) -> Decision {
    if matches!(turn.was.state, State::Ready | State::Submitting) {
        return turn.unchanged();
    }
    let first = turn.was.deferrals == 0;
    if !braked {
        turn.next.first_look_at = turn.next.first_look_at.or(Some(turn.now));
        if turn.is_overdue() {
            let turn = turn.give_up(&format!("no look succeeded: {}", fault.code));
            let why = turn.next.error.clone().unwrap_or_else(|| fault.clone());
            return turn.noting(Entry::new(Kind::LookFailed).because(&why));
        }
    }
    let turn = turn.back_off(retry_after);
    // One entry for a row of failures: an hour of maintenance is one line, not three hundred.
    if first { turn.noting(Entry::new(Kind::LookFailed).because(fault)) } else { turn.unchanged() }
}

pub(super) fn looked(mut turn: Turn<'_>, started: Millis, sighting: &Sighting) -> Decision {
    if is_no_news(turn.was, started, sighting) {
        return turn.unchanged();
    }
    if *sighting == Sighting::Unlisted && !turn.was.alone {
        return unlisted(turn);
    }
    turn.next.first_look_at = turn.next.first_look_at.or(Some(started));
    turn.next.looked_at = Some(started);
    if !matches!(turn.was.state, State::Pending | State::Ready) {
        // What puts a pending job off is what its last sends were told; a look in between changes nothing about that.
        turn.next.deferrals = 0;
    }
    turn.next.alone = matches!(sighting, Sighting::Unlisted | Sighting::Elsewhere);
    if !matches!(sighting, Sighting::Missing | Sighting::Elsewhere) {
        turn.next.missing = 0;
    }
    let words = words(sighting);
    let turn = match turn.was.state {
        State::Pending => pending(turn, started, sighting),
        State::Ready => pending(turn.to(State::Pending), started, sighting),
        State::Submitting => arrived(turn, started),
        State::Verifying => verifying(turn, started, sighting),
        _ => upgrading(turn, started, sighting),
    };
    let entry = Entry { code: turn.next.error.as_ref().map(|fault| fault.code.clone()), ..Entry::new(Kind::Looked) };
    let entry = entry.saying(words.clone());
    turn.noting_if_new(words, entry)
}

/// Whether a job that is about to be sent, or is being sent, has nothing to learn from a look: a probe of the host,
/// or one that took its time. A send follows from the look that made the job ready, and is called off by a newer one
/// that shows anything but that, or by one that shows the target, however old. While the request is on the wire only
/// the target is news: the answer comes first.
fn is_no_news(was: &Job, started: Millis, sighting: &Sighting) -> bool {
    let target = matches!(sighting, Sighting::Target { .. });
    match was.state {
        State::Submitting => !target,
        State::Ready => match sighting {
            Sighting::Unlisted => true,
            Sighting::Source(seen) if seen.is_idle() && !seen.paused && !replaced(was, seen) => true,
            _ => !target && was.looked_at.is_some_and(|at| started < at),
        },
        _ => false,
    }
}

/// The target is there, or on its way, before the answer is: whatever the answer says, nothing is sent again.
fn arrived(mut turn: Turn<'_>, started: Millis) -> Turn<'_> {
    turn.next.attempts += 1;
    turn.next.submitted_at = turn.next.submitted_at.or(turn.was.sent_at);
    turn.next.accepted_at = turn.next.accepted_at.or(Some(started));
    again(turn.to(State::Upgrading))
}

/// A list without the cluster is no news; the next look is a single read.
fn unlisted(mut turn: Turn<'_>) -> Decision {
    turn.next.alone = true;
    turn.due_in(Duration::ZERO).unchanged()
}

fn pending<'a>(mut turn: Turn<'a>, started: Millis, sighting: &Sighting) -> Turn<'a> {
    match sighting {
        Sighting::Target { seen, done: true } if turn.was.submitted_at.is_some() => succeed(turn, seen),
        Sighting::Target { seen, done: true } => {
            turn.next.target = Some(identity(seen));
            turn.end(
                State::Skipped,
                Some(Fault::new(ALREADY_AT_TARGET, "nothing was sent: the cluster is what it should become")),
            )
        }
        Sighting::Target { .. } => {
            turn.next.accepted_at = Some(started);
            let turn = turn.to(State::Upgrading);
            again(turn)
        }
        Sighting::Source(seen) if replaced(turn.was, seen) => fail_replaced(turn, seen),
        Sighting::Source(seen) if seen.is_idle() && seen.paused => {
            turn.fail(CLUSTER_PAUSED, "the cluster is paused: resume it in Atlas, then retry")
        }
        Sighting::Source(seen) if seen.is_idle() => {
            turn.next.source = Some(identity(seen));
            turn.to(State::Ready)
        }
        Sighting::Other(seen) if seen.is_idle() => {
            let detail = format!(
                "the cluster is {}, which this operation does not upgrade: take it off the fleet",
                seen.words()
            );
            turn.fail(WRONG_TIER, detail)
        }
        Sighting::Missing if turn.was.missing > 0 => turn.fail(
            CLUSTER_NOT_FOUND,
            "Atlas knows no cluster of this name in the project: correct the fleet, or retry once it exists",
        ),
        Sighting::Elsewhere if turn.was.missing > 0 => turn.fail(
            WRONG_TIER,
            "the name belongs to a cluster of another kind, which this operation does not upgrade: take it off the fleet",
        ),
        Sighting::Missing | Sighting::Elsewhere => {
            turn.next.missing += 1;
            turn.next.alone = true;
            let min = turn.policy.min_look;
            turn.due_in(min)
        }
        _ => wait(turn, sighting),
    }
}

/// Look before leaping again. The target means that the request landed, whatever was decided meanwhile.
fn verifying<'a>(mut turn: Turn<'a>, started: Millis, sighting: &Sighting) -> Turn<'a> {
    let settled = turn.was.left_at.is_some_and(|at| started >= at.after(turn.policy.settle));
    match sighting {
        Sighting::Target { seen, done } => {
            // What landed was accepted, whatever became of the answer: a retry has to know.
            turn.next.open = false;
            turn.next.accepted = true;
            turn.next.accepted_at = turn.next.accepted_at.or(Some(started));
            turn.next.streak = None;
            turn.next.overdue = 0;
            if *done {
                return succeed(turn, seen);
            }
            again(turn.to(State::Upgrading))
        }
        Sighting::Source(seen) | Sighting::Other(seen) if seen.is_idle() => {
            if !settled {
                let due = turn.was.left_at.map_or(turn.now, |at| at.after(turn.policy.settle));
                turn.next.due_at = Some(due.max(turn.now));
                return turn;
            }
            match count(&mut turn, started, seen) {
                Some(streak) if started >= streak.since.after(turn.policy.settle) => never_landed(turn, sighting, seen),
                streak => {
                    let since = streak.map_or(started, |streak| streak.since);
                    turn.next.due_at = Some(since.after(turn.policy.settle).max(turn.now));
                    turn
                }
            }
        }
        Sighting::Missing | Sighting::Elsewhere | Sighting::Unlisted => wait(turn, sighting),
        Sighting::Source(_) | Sighting::Other(_) => {
            // Perhaps ours has begun: remembered, in case it is rolled back before the target is seen.
            turn.next.accepted_at = turn.next.accepted_at.or(Some(started));
            turn.next.streak = None;
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
    turn.next.open = false;
    turn.next.accepted = false;
    turn.next.streak = None;
    if replaced(turn.was, seen) {
        return fail_replaced(turn, seen);
    }
    match turn.was.if_not_landed.clone().unwrap_or(IfNotLanded::Ready) {
        IfNotLanded::Cancelled => {
            let fault = Fault::new(CANCELLED, "cancelled by an operator; the request never took effect");
            turn.end(State::Cancelled, Some(fault))
        }
        IfNotLanded::Failed(fault) => turn.fail(&fault.code, fault.detail),
        IfNotLanded::Ready if turn.was.attempts >= turn.policy.max_attempts => {
            let detail =
                format!("{} requests, none of which took effect: see the history, then retry", turn.was.attempts);
            turn.fail(ATTEMPTS_EXHAUSTED, detail)
        }
        IfNotLanded::Ready if turn.was.accepted_at.is_some() => turn.fail(
            DID_NOT_TAKE,
            "after the request the cluster changed and then was what it had been: an upgrade that was rolled back, or \
             somebody else's change; look at its activity feed, then retry",
        ),
        IfNotLanded::Ready if seen.paused => turn.to(State::Pending),
        IfNotLanded::Ready => {
            if turn.is_overdue() {
                return turn.give_up("the request never took effect");
            }
            turn.next.source = Some(identity(seen));
            let delay = turn.policy.backoff(turn.was.attempts.max(1), turn.now.0.unsigned_abs());
            turn.to(State::Ready).due_in(delay)
        }
    }
}

fn upgrading<'a>(mut turn: Turn<'a>, started: Millis, sighting: &Sighting) -> Turn<'a> {
    match sighting {
        Sighting::Target { seen, done: true } => succeed(turn, seen),
        Sighting::Other(seen) if seen.is_idle() => turn.fail(TARGET_DIFFERS, differs(seen)),
        Sighting::Source(seen) if seen.is_idle() => {
            note_stranger(&mut turn, seen);
            if turn.was.accepted_at.is_some_and(|at| started < at) {
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
            turn.next.streak = None;
            wait(turn, sighting)
        }
        Sighting::Target { .. } => {
            turn.next.streak = None;
            wait(turn, sighting)
        }
        _ => wait(turn, sighting),
    }
}

/// Adds an idle look to the streak, or begins one; returns the streak as it was before, if it is the same cluster's.
fn count(turn: &mut Turn<'_>, started: Millis, seen: &Seen) -> Option<Streak> {
    let before = turn.was.streak.clone().filter(|streak| streak.id == seen.id);
    turn.next.streak = Some(match &before {
        Some(streak) => Streak { looks: streak.looks + 1, ..streak.clone() },
        None => Streak { since: started, id: seen.id.clone(), looks: 1 },
    });
    before
}

/// A source cluster with another id after our send: it had taken the name before the request arrived.
fn note_stranger(turn: &mut Turn<'_>, seen: &Seen) {
    if replaced(turn.was, seen) {
        turn.next.answered_id = Some(seen.id.clone());
    }
}

fn succeed<'a>(mut turn: Turn<'a>, seen: &Seen) -> Turn<'a> {
    turn.next.target = Some(identity(seen));
    turn.next.open = false;
    let stranger = turn.next.answered_id.clone().filter(|id| *id != seen.id);
    let source = turn.next.source.as_ref().map(|source| source.id.clone());
    match (source, stranger) {
        (Some(source), Some(stranger)) if source != stranger => turn.fail(
            CLUSTER_REPLACED,
            format!("between look and send another cluster ({stranger}) took the name of {source}, and was upgraded: tell its owner"),
        ),
        _ => turn.end(State::Succeeded, None),
    }
}

fn replaced(was: &Job, seen: &Seen) -> bool {
    was.source.as_ref().is_some_and(|source| source.id != seen.id)
}

fn fail_replaced<'a>(turn: Turn<'a>, seen: &Seen) -> Turn<'a> {
    let before = turn.was.source.as_ref().map_or("unknown", |source| &source.id).to_owned();
    let detail =
        format!("the name now belongs to cluster {}, not to {before}: make sure that it is meant, then retry", seen.id);
    turn.fail(CLUSTER_REPLACED, detail)
}

fn differs(seen: &Seen) -> String {
    format!("the cluster is {}, neither what it was nor what it should be: look at its activity feed", seen.words())
}

fn identity(seen: &Seen) -> Identity {
    Identity { id: seen.id.clone(), connection_string: seen.connection_string.clone() }
}

/// Nothing to decide yet: look again later, unless the job's time has passed.
fn wait<'a>(mut turn: Turn<'a>, sighting: &Sighting) -> Turn<'a> {
    if turn.is_overdue() {
        return turn.give_up(&words(sighting));
    }
    again(turn)
}

/// The next look, the later the longer this has been under way.
fn again(turn: Turn<'_>) -> Turn<'_> {
    let from = match turn.next.state {
        State::Upgrading => turn.next.accepted_at,
        State::Verifying => turn.next.left_at,
        _ => turn.next.first_look_at,
    };
    let age = from.map_or(Duration::ZERO, |at| turn.now.since(at));
    let delay = turn.policy.look_delay(age);
    turn.due_in(delay)
}

fn words(sighting: &Sighting) -> String {
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
