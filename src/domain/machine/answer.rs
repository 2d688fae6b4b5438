//! Rules 1, 2 and 5: the intent to send, and what the answer means.

use crate::clock::Millis;
use crate::domain::code::{CANCELLED, Fault};
use crate::domain::event::Answer;
use crate::domain::history::{Entry, Kind};
use crate::domain::job::{IfNotLanded, State};
use crate::domain::machine::Decision;
use crate::domain::machine::turn::Turn;
use crate::domain::policy::FRESH;

/// The request is about to leave: from here on it is open.
pub(super) fn intent(mut turn: Turn<'_>) -> Decision {
    if turn.was.state != State::Ready {
        return turn.unchanged();
    }
    let fresh = turn.was.observed.looked_at.is_some_and(|at| turn.now.since(at) <= FRESH);
    if !fresh {
        return turn.to(State::Pending).noting(Entry::new(Kind::GrewOld).saying("the look is older than five minutes"));
    }
    turn = turn.to(State::Submitting);
    turn.next.request.send += 1;
    turn.next.request.open = true;
    turn.next.request.sent_at = Some(turn.now);
    turn.next.schedule.due_at = None;
    turn.next.request.if_not_landed = None;
    let send = turn.next.request.send;
    turn.noting(Entry::new(Kind::Intent).of_send(send))
}

pub(super) fn answered(turn: Turn<'_>, send: i64, ended: Millis, answer: &Answer, braked: bool) -> Decision {
    if let Answer::Accepted { id } = answer {
        return accepted(turn, send, id.as_deref());
    }
    if turn.was.state != State::Submitting || turn.was.request.send != send {
        return late(turn, send, answer);
    }
    match answer {
        Answer::Accepted { .. } => turn.unchanged(), // taken care of above
        Answer::Unknown(fault) => unknown(turn, ended, fault, braked),
        Answer::Refused(fault) => refused(turn, ended, fault),
        Answer::Throttled { .. }
        | Answer::NotNow(_)
        | Answer::NeverSent(_)
        | Answer::Gone(_)
        | Answer::ScopeHeld(_) => not_applied(turn, answer),
    }
}

/// Always believed, also of an older send: Atlas has begun, and nothing takes that back.
fn accepted(mut turn: Turn<'_>, send: i64, id: Option<&str>) -> Decision {
    let entry = Entry::new(Kind::Accepted).of_send(send);
    turn.next.request.accepted = true;
    let now = turn.now;
    turn.begun(now);
    turn.next.request.submitted_at = turn.next.request.submitted_at.or(turn.was.request.sent_at).or(Some(turn.now));
    turn.next.request.answered_id = id.map(str::to_owned).or(turn.next.request.answered_id.take());
    if turn.was.request.send == send {
        turn.next.request.open = false;
    }
    if turn.was.state.is_ended() {
        return turn.noting(entry.saying("after the job had ended: look at the cluster, then retry"));
    }
    if turn.was.state == State::Submitting && turn.was.request.send == send {
        turn.next.request.attempts += 1;
    }
    turn.next.schedule.overdue = 0;
    turn.next.schedule.deferrals = 0;
    turn.next.observed.streak = None;
    let first = turn.policy.first_look(turn.now, &turn.was.project_id);
    turn.to(State::Upgrading).due_at(first).noting(entry)
}

/// An answer of an older send, or one that comes after the job went on: the history has it, the job stays where
/// it is. Only proof that nothing was applied, for the newest send, still closes that send.
fn late(mut turn: Turn<'_>, send: i64, answer: &Answer) -> Decision {
    let proof = !matches!(answer, Answer::Unknown(_) | Answer::Refused(_));
    if proof && turn.was.request.send == send {
        turn.next.request.open = false;
    }
    turn.noting(entry_of(answer, send))
}

/// Anything may have happened. A host that lets nobody through takes no attempt from a cluster: an hour of that must
/// fail nobody.
fn unknown(mut turn: Turn<'_>, ended: Millis, fault: &Fault, braked: bool) -> Decision {
    if braked {
        note_submission(&mut turn);
    } else {
        count_attempt(&mut turn);
    }
    let wish = turn.was.request.if_not_landed.clone().unwrap_or(IfNotLanded::Ready);
    let send = turn.was.request.send;
    turn.verify(ended, wish).noting(Entry::new(Kind::Unknown).of_send(send).because(fault))
}

/// A refusal of the first send ends the job; one of a later send may be the echo of an earlier success.
fn refused(mut turn: Turn<'_>, ended: Millis, fault: &Fault) -> Decision {
    let entry = Entry::new(Kind::Refused).of_send(turn.was.request.send).because(fault);
    let first = turn.was.request.submitted_at.is_none() && !turn.was.request.accepted;
    count_attempt(&mut turn);
    if first {
        turn.next.request.open = false;
        return turn.fail(&fault.code, &*fault.detail).noting(entry);
    }
    let wish = match &turn.was.request.if_not_landed {
        Some(IfNotLanded::Cancelled) => IfNotLanded::Cancelled,
        _ => IfNotLanded::Failed(fault.clone()),
    };
    turn.verify(ended, wish).noting(entry)
}

fn count_attempt(turn: &mut Turn<'_>) {
    turn.next.request.attempts += 1;
    note_submission(turn);
}

/// From now on a refusal may be the echo of this request's success.
fn note_submission(turn: &mut Turn<'_>) {
    turn.next.request.submitted_at = turn.next.request.submitted_at.or(turn.was.request.sent_at);
}

/// Nothing was applied, for certain: the send is closed and was no attempt.
fn not_applied(mut turn: Turn<'_>, answer: &Answer) -> Decision {
    let entry = entry_of(answer, turn.was.request.send);
    turn.next.request.open = false;
    if turn.was.request.if_not_landed == Some(IfNotLanded::Cancelled) {
        let fault = Fault::new(CANCELLED, "cancelled by an operator; the request was not applied");
        return turn.end(State::Cancelled, Some(fault)).noting(entry);
    }
    match answer {
        Answer::Gone(_) | Answer::ScopeHeld(_) => turn.holding(answer.hold()).to(State::Ready).noting(entry),
        // A host that is down for everybody says nothing about this job's time (rule 6).
        Answer::NeverSent(_) => turn.to(State::Ready).back_off(None).noting(entry),
        Answer::NotNow(fault) if fault.code == "WRITES_NOT_ALLOWED_DURING_APP_UPGRADES" => {
            turn.to(State::Ready).back_off(None).noting(entry)
        }
        _ => {
            if turn.is_overdue() {
                let words = entry.code.clone().unwrap_or_else(|| "too many requests".to_owned());
                return turn.give_up(&words).noting(entry);
            }
            let wait = if let Answer::Throttled { retry_after } = answer { *retry_after } else { None };
            turn.to(State::Ready).back_off(wait).noting(entry)
        }
    }
}

fn entry_of(answer: &Answer, send: i64) -> Entry {
    let entry = Entry::new(match answer {
        Answer::Accepted { .. } => Kind::Accepted,
        Answer::Throttled { .. } => Kind::Throttled,
        Answer::NotNow(_) => Kind::NotNow,
        Answer::NeverSent(_) => Kind::NeverSent,
        Answer::Gone(_) => Kind::Gone,
        Answer::ScopeHeld(_) => Kind::ScopeHeld,
        Answer::Refused(_) => Kind::Refused,
        Answer::Unknown(_) => Kind::Unknown,
    })
    .of_send(send);
    match answer.fault() {
        Some(fault) => entry.because(fault),
        None => entry,
    }
}
