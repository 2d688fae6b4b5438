//! Every history is complete and in order.

use drydock::store::{RecordedEvent, Row};

use super::{Evidence, Violation, name_of};

/// What may come first.
const FIRST: [&str; 5] = ["looked", "look_failed", "cancelled", "left_fleet", "sent_elsewhere"];
/// How a send ends.
const OUTCOMES: [&str; 9] =
    ["accepted", "throttled", "not_now", "never_sent", "gone", "scope_held", "refused", "unknown", "taken_over"];

pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for row in &evidence.rows {
        let history = evidence.history(row);
        let wrongs = [in_order(history), begins_and_ends(row, history), sends(row, history), only_once(history)];
        let name = name_of(row);
        found.extend(wrongs.into_iter().flatten().map(|what| Violation { name: Some(name.clone()), what }));
    }
    found
}

/// Numbered from 1 without a gap, and no time goes back.
fn in_order(history: &[RecordedEvent]) -> Option<String> {
    for (entry, wanted) in history.iter().zip(1..) {
        if entry.seq != wanted {
            return Some(format!("entry {wanted} of the history is missing"));
        }
    }
    let back = history.windows(2).find(|pair| pair[1].at < pair[0].at)?;
    Some(format!("time goes back from entry {} to {}", back[0].seq, back[1].seq))
}

fn begins_and_ends(row: &Row, history: &[RecordedEvent]) -> Option<String> {
    let (Some(first), Some(last)) = (history.first(), history.last()) else {
        return row.job.state.is_ended().then(|| "ended without a history".to_owned());
    };
    if !FIRST.contains(&&*first.kind) {
        return Some(format!("the history begins with {}", first.kind));
    }
    if last.state != row.job.state {
        return Some(format!("the history ends in {}, the row is {}", last.state, row.job.state));
    }
    let finished = history.iter().rev().take_while(|entry| entry.state.is_ended()).last().map(|entry| entry.at);
    (finished != row.job.finished_at)
        .then(|| format!("it ended at {finished:?} by its history, at {:?} by its row", row.job.finished_at))
}

/// Sends are numbered 1 to n, with one intent each, and exactly one outcome before the next.
fn sends(row: &Row, history: &[RecordedEvent]) -> Option<String> {
    let mut newest = 0;
    let mut open = false;
    for entry in history {
        let kind = &*entry.kind;
        if kind == "intent" {
            if open {
                return Some(format!("send {newest} has no outcome"));
            }
            if entry.send != Some(newest + 1) {
                return Some(format!("after send {newest} comes the intent {:?}", entry.send));
            }
            newest += 1;
            open = true;
        } else if OUTCOMES.contains(&kind) && entry.send.is_some() {
            if !open || entry.send != Some(newest) {
                return Some(format!("entry {} tells of send {:?}, the newest is {newest}", entry.seq, entry.send));
            }
            open = false;
        }
    }
    if open {
        return Some(format!("send {newest} has no outcome in the end"));
    }
    (row.job.request.send != newest)
        .then(|| format!("{} sends by the row, {newest} by the history", row.job.request.send))
}

/// Rule 1: after one was accepted, only an operator may have another one sent.
fn only_once(history: &[RecordedEvent]) -> Option<String> {
    let mut accepted = false;
    for entry in history {
        match &*entry.kind {
            "accepted" => accepted = true,
            "retried" => accepted = false,
            "intent" if accepted => return Some(format!("send {:?} follows an acceptance", entry.send)),
            _ => {}
        }
    }
    None
}
