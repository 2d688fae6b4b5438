//! Rules 3, 4 and 6: what a look means, in each state that looks.

mod gap;
mod pending;
mod shared;
mod upgrading;
mod verifying;

use std::time::Duration;

use crate::clock::Millis;
use crate::domain::code::{Fault, RATE_LIMITED};
use crate::domain::event::Sighting;
use crate::domain::history::{Entry, Kind};
use crate::domain::job::{Job, State};
use crate::domain::machine::Decision;
use crate::domain::machine::turn::Turn;

use pending::{arrived, pending};
use shared::{replaced, words};
use upgrading::upgrading;
use verifying::verifying;

pub(super) fn failed(mut turn: Turn<'_>, fault: &Fault, retry_after: Option<Duration>, braked: bool) -> Decision {
    if matches!(turn.was.state, State::Ready | State::Submitting) {
        return turn.unchanged();
    }
    let first = turn.was.schedule.deferrals == 0;
    // A second failure in a row may be the list's: the next look is a single read.
    turn.next.observed.alone |= !first && !braked && retry_after.is_none() && fault.code != RATE_LIMITED;
    let mut gap = None;
    if !braked {
        let now = turn.now;
        turn.next.observed.first_look_at = turn.next.observed.first_look_at.or(Some(now));
        // Somebody looks after it: only a look that gets through nowhere leaves a gap.
        gap = gap::note(&mut turn, now);
        turn.next.observed.looked_at = Some(now);
        if turn.is_overdue() {
            let turn = turn.give_up(&format!("no look succeeded: {}", fault.code));
            let why = turn.next.error.clone().unwrap_or_else(|| fault.clone());
            return turn.noting(Entry::new(Kind::LookFailed).because(&why));
        }
    }
    let turn = turn.back_off(retry_after);
    // One entry for a row of failures: an hour of maintenance is one line, not three hundred.
    let entry = Entry::new(Kind::LookFailed).because(fault);
    match gap {
        Some(gap) => turn.noting(entry.saying(format!("{}; {gap}", fault.detail))),
        None if first => turn.noting(entry),
        None => turn.unchanged(),
    }
}

pub(super) fn looked(mut turn: Turn<'_>, started: Millis, sighting: &Sighting) -> Decision {
    if is_no_news(turn.was, started, sighting) {
        return turn.unchanged();
    }
    if *sighting == Sighting::Unlisted && !turn.was.observed.alone {
        return unlisted(turn);
    }
    let gap = gap::note(&mut turn, started);
    turn.next.observed.first_look_at = turn.next.observed.first_look_at.or(Some(started));
    turn.next.observed.looked_at = Some(started);
    if !matches!(turn.was.state, State::Pending | State::Ready) {
        // What puts a pending job off is what its last sends were told; a look in between changes nothing about that.
        turn.next.schedule.deferrals = 0;
    }
    turn.next.observed.alone = matches!(sighting, Sighting::Unlisted | Sighting::Elsewhere);
    if !matches!(sighting, Sighting::Missing | Sighting::Elsewhere) {
        turn.next.observed.missing = 0;
    }
    let words = words(sighting);
    let mut turn = match turn.was.state {
        State::Pending => pending(turn, started, sighting),
        State::Ready => pending(turn.to(State::Pending), started, sighting),
        State::Submitting => arrived(turn, started),
        State::Verifying => verifying(turn, started, sighting),
        _ => upgrading(turn, started, sighting),
    };
    let entry = Entry { code: turn.next.error.as_ref().map(|fault| fault.code.clone()), ..Entry::new(Kind::Looked) };
    let Some(gap) = gap else {
        let entry = entry.saying(words.clone());
        return turn.noting_if_new(words, entry);
    };
    let entry = entry.saying(format!("{words}; {gap}"));
    turn.next.observed.seen = Some(words);
    turn.noting(entry)
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
            _ => !target && was.observed.looked_at.is_some_and(|at| started < at),
        },
        _ => false,
    }
}

/// A list without the cluster is no news; the next look is a single read.
fn unlisted(mut turn: Turn<'_>) -> Decision {
    turn.next.observed.alone = true;
    turn.due_in(Duration::ZERO).unchanged()
}
