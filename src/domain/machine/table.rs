//! The rule book as a table, printed: it documents itself, and no rule changes unnoticed.

use std::fmt::Write;
use std::time::Duration;

use super::tests::{fault, seen, source, target};
use super::*;
use crate::domain::event::{Answer, Seen, Sighting};
use crate::domain::hold::{Hold, Reach};
use crate::domain::job::{Identity, IfNotLanded, State, Streak, Wanted};

const NOW: Millis = Millis(1_000_000);

/// A job as it typically is in `state`: looked at, once sent where that is possible.
fn typical(state: State) -> Job {
    let wanted = Wanted { provider: "AWS".into(), region: "US_EAST_1".into(), ..Wanted::default() };
    let mut job = Job::new(2, "32b6e34b3d91647abb20e7b8", "c", wanted, Millis(0));
    job.state = state;
    job.observed.first_look_at = Some(Millis(900_000));
    job.observed.looked_at = Some(Millis(990_000));
    job.source = Some(Identity { id: "s".into(), connection_string: None });
    if state.is_in_flight() {
        job.request.send = 1;
        job.request.sent_at = Some(Millis(900_000));
        job.request.left_at = Some(Millis(901_000));
    }
    match state {
        State::Submitting => {
            job.request.open = true;
            job.schedule.due_at = None;
        }
        State::Verifying => {
            job.request.open = true;
            job.request.attempts = 1;
            job.request.submitted_at = job.request.sent_at;
            job.request.if_not_landed = Some(IfNotLanded::Ready);
        }
        State::Upgrading => {
            job.request.accepted = true;
            job.request.attempts = 1;
            job.request.accepted_at = Some(Millis(901_000));
            job.request.submitted_at = job.request.sent_at;
        }
        _ => {}
    }
    if state.is_ended() {
        job.finished_at = Some(Millis(990_000));
        job.schedule.due_at = None;
        job.error = (state != State::Succeeded).then(|| fault("REASON"));
    }
    job
}

fn jobs() -> Vec<(&'static str, Job)> {
    let mut all: Vec<(&'static str, Job)> =
        State::ALL.into_iter().map(|state| (state.name(), typical(state))).collect();
    let verifying = typical(State::Verifying);
    let streak = Some(Streak { since: Millis(930_000), id: "s".into(), looks: 1 });
    let second = verifying.clone().with(|job| {
        job.observed.streak = Some(Streak { since: Millis(965_000), ..streak.clone().unwrap() });
        job.request.left_at = Some(Millis(901_000));
    });
    all.push((
        "ready, asked to wait",
        typical(State::Ready).with(|job| {
            job.schedule.due_at = Some(Millis(4_600_000));
            job.schedule.asked_until = Some(Millis(9_000_000));
        }),
    ));
    all.push((
        "submitting, sent before",
        typical(State::Submitting).with(|job| {
            job.request.send = 2;
            job.request.attempts = 1;
            job.request.submitted_at = Some(Millis(1));
        }),
    ));
    all.push((
        "submitting, cancelled",
        typical(State::Submitting).with(|job| job.request.if_not_landed = Some(IfNotLanded::Cancelled)),
    ));
    all.push(("verifying, too early", verifying.clone().with(|job| job.request.left_at = Some(Millis(999_000)))));
    all.push(("verifying, one idle look too recent", second));
    let settled = verifying.with(|job| {
        job.observed.streak = streak;
        job.request.left_at = Some(Millis(800_000));
    });
    all.push(("verifying, one idle look", settled.clone()));
    all.push((
        "verifying, one idle look, refused",
        settled.clone().with(|job| job.request.if_not_landed = Some(IfNotLanded::Failed(fault("REFUSAL")))),
    ));
    all.push((
        "verifying, one idle look, cancelled",
        settled.clone().with(|job| job.request.if_not_landed = Some(IfNotLanded::Cancelled)),
    ));
    all.push((
        "verifying, one idle look, last attempt",
        settled.with(|job| {
            job.request.attempts = 8;
            job.request.send = 8;
        }),
    ));
    all.push(("ready, look too old", typical(State::Ready).with(|job| job.observed.looked_at = Some(Millis(600_000)))));
    all.push(("pending, missing once", typical(State::Pending).with(|job| job.observed.missing = 1)));
    all.push(("pending, sent before", typical(State::Pending).with(|job| job.request.submitted_at = Some(Millis(1)))));
    all.push((
        "cancelled, row left the fleet",
        Job { error: Some(fault("NO_LONGER_IN_FLEET")), ..typical(State::Cancelled) },
    ));
    let day = |at: i64| Some(Millis(at - 24 * 3_600_000));
    let unseen = typical(State::Upgrading).with(|job| {
        job.observed.first_look_at = day(900_000);
        job.observed.looked_at = day(990_000);
        job.request.sent_at = day(900_000);
        job.request.accepted_at = day(901_000);
        job.schedule.overdue = 2;
    });
    all.push(("upgrading, not seen for a day", unseen));
    all.push(("failed, was accepted", typical(State::Failed).with(|job| job.request.accepted = true)));
    all
}

/// In another region than the row asks for.
fn elsewhere(mut seen: Seen) -> Seen {
    (seen.configuration.cloud, seen.configuration.region) = (Some("AWS".into()), Some("EU_WEST_1".into()));
    seen
}

fn events() -> Vec<(&'static str, Event)> {
    let look = |sighting| Event::Looked { started: NOW, sighting };
    let mut paused = seen("s", "TENANT", "IDLE");
    paused.paused = true;
    let mut all = vec![
        ("look: source idle", look(source("s", "IDLE"))),
        ("look: source paused", look(Sighting::Source(paused))),
        ("look: source elsewhere", look(Sighting::Source(elsewhere(seen("s", "TENANT", "IDLE"))))),
        ("look: source busy", look(source("s", "UPDATING"))),
        ("look: another source idle", look(source("x", "IDLE"))),
        ("look: target on its way", look(target(false))),
        ("look: target done", look(target(true))),
        (
            "look: target elsewhere",
            look(Sighting::Target { seen: elsewhere(seen("t", "SERVERLESS", "IDLE")), done: true }),
        ),
        ("look: neither, idle", look(Sighting::Other(seen("o", "AWS", "IDLE")))),
        ("look: neither, busy", look(Sighting::Other(seen("o", "AWS", "UPDATING")))),
        ("look: missing", look(Sighting::Missing)),
        ("look: another API's", look(Sighting::Elsewhere)),
        ("look: not listed", look(Sighting::Unlisted)),
        (
            "planned",
            Event::Planned {
                source: Identity { id: "6a793f6c2c88faeba59bb4cc".into(), connection_string: None },
                plan: "1b".into(),
            },
        ),
        ("left out", Event::LeftOut { why: "because".into(), at_target: false }),
        ("look failed", Event::LookFailed { fault: fault("UNEXPECTED_ERROR"), retry_after: None, braked: false }),
        ("intent", Event::Intent),
        ("taken over", Event::TakenOver),
        ("cancel", Event::Cancel),
        ("row left the fleet", Event::LeftFleet),
        ("row returned", Event::Returned { elsewhere: false }),
        ("row returned, asked elsewhere", Event::Returned { elsewhere: true }),
        ("named by an older job", Event::Duplicate { of: "c".to_owned() }),
        ("sent in another campaign", Event::SentElsewhere),
        ("database restored", Event::Restored),
        ("brought forward", Event::BroughtForward { reason: None }),
        ("retry", Event::Retry { reason: None, elsewhere: false }),
        ("retry, sent elsewhere", Event::Retry { reason: None, elsewhere: true }),
    ];
    let answers = [
        ("answer: accepted", Answer::Accepted { id: None }),
        ("answer: throttled", Answer::Throttled { retry_after: Some(Duration::from_secs(9)) }),
        ("answer: not now", Answer::NotNow(fault("OUT_OF_CAPACITY"))),
        ("answer: never sent", Answer::NeverSent(fault("NO_CONNECTION"))),
        ("answer: gone", Answer::Gone(fault("VERSION_GONE"))),
        ("answer: scope held", Answer::ScopeHeld(Hold::until_released(Reach::Project, fault("ACCOUNT_SUSPENDED")))),
        ("answer: refused", Answer::Refused(fault("INVALID_REGION"))),
        ("answer: unknown", Answer::Unknown(fault("UNEXPECTED_ERROR"))),
    ];
    all.extend(
        answers
            .into_iter()
            .map(|(name, answer)| (name, Event::Answered { send: i64::MAX, ended: NOW, answer, braked: false })),
    );
    all
}

fn row(job: &Job, event: &Event) -> Option<String> {
    let event = match event {
        Event::Answered { ended, answer, braked, .. } => {
            Event::Answered { send: job.request.send, ended: *ended, answer: answer.clone(), braked: *braked }
        }
        other => other.clone(),
    };
    let policy =
        Policy { initial_delay: Duration::from_secs(2), max_delay: Duration::from_secs(2), ..Policy::default() };
    let Decision { job: next, entry, hold } = decide(job, &event, NOW, &policy, 0);
    if next == *job && entry.is_none() {
        return None;
    }
    let mut words = next.state.name().to_owned();
    if let Some(fault) = next.error.as_ref().filter(|_| next.error != job.error) {
        write!(words, " {}", fault.code).unwrap();
    }
    if let Some(due) = next.schedule.due_at.filter(|_| next.schedule.due_at != job.schedule.due_at) {
        write!(words, ", due in {} s", due.since(NOW).as_secs()).unwrap();
    }
    if next.schedule.asked_until != job.schedule.asked_until {
        words.push_str(if next.schedule.asked_until.is_some() { ", asked to wait" } else { ", asked no more" });
    }
    match (job.request.open, next.request.open) {
        (false, true) => words.push_str(", request opened"),
        (true, false) => words.push_str(", request closed"),
        _ => {}
    }
    if let Some(wish) =
        next.request.if_not_landed.as_ref().filter(|_| next.request.if_not_landed != job.request.if_not_landed)
    {
        let wish = match wish {
            IfNotLanded::Ready => "ready".to_owned(),
            IfNotLanded::Failed(fault) => format!("failed({})", fault.code),
            IfNotLanded::Cancelled => "cancelled".to_owned(),
        };
        write!(words, ", if not landed {wish}").unwrap();
    }
    if next.observed.unattended_ms != job.observed.unattended_ms {
        write!(words, ", {} s do not count", (next.observed.unattended_ms - job.observed.unattended_ms) / 1000)
            .unwrap();
    }
    if hold.is_some() {
        words.push_str(", scope held");
    }
    Some(words)
}

#[test]
fn the_transition_table() {
    let mut table = String::new();
    for (name, job) in jobs() {
        writeln!(table, "{name}").unwrap();
        for (what, event) in events() {
            if let Some(words) = row(&job, &event) {
                writeln!(table, "    {what:<26} -> {words}").unwrap();
            }
        }
        table.push('\n');
    }
    insta::assert_snapshot!(table);
}
