//! The rule book against sequences of events that nobody has thought of.

mod operator;

use proptest::prelude::*;
use std::time::Duration;

use super::*;
use crate::domain::code::{Fault, OUTCOME_UNKNOWN};
use crate::domain::event::{Answer, Seen, Sighting};
use crate::domain::hold::{Hold, Reach};
use crate::domain::job::{IfNotLanded, State, Wanted};
use crate::domain::operation::Operation;

pub(super) fn fault(code: &str) -> Fault {
    Fault::new(code, "as Atlas put it")
}

pub(super) fn seen(id: &str, provider: &str, state: &str) -> Seen {
    Seen {
        id: id.to_owned(),
        name: "c".to_owned(),
        state: state.to_owned(),
        paused: false,
        provider: provider.to_owned(),
        size: if provider == "TENANT" { "M0".to_owned() } else { String::new() },
        connection_string: Some(format!("mongodb+srv://{id}")),
        ..Seen::default()
    }
}

pub(super) fn source(id: &str, state: &str) -> Sighting {
    Sighting::Source(seen(id, "TENANT", state))
}

pub(super) fn target(done: bool) -> Sighting {
    let state = if done { "IDLE" } else { "UPDATING" };
    Sighting::Target { seen: seen("t", "SERVERLESS", state), done }
}

/// An event, without the times and numbers that the run gives it.
#[derive(Debug, Clone)]
enum Step {
    Look(Sighting),
    LookFailed,
    Intent,
    Answer(Answer),
    OldAnswer(Answer),
    TakenOver,
    Cancel,
    LeftFleet,
    Returned(bool),
    Duplicate,
    SentElsewhere,
    Restored,
    Retry(bool),
}

fn answers() -> impl Strategy<Value = Answer> {
    prop_oneof![
        2 => Just(Answer::Accepted { id: None }),
        1 => Just(Answer::Throttled { retry_after: Some(Duration::from_secs(3)) }),
        1 => Just(Answer::NotNow(fault("OUT_OF_CAPACITY"))),
        1 => Just(Answer::NeverSent(fault("NO_CONNECTION"))),
        1 => Just(Answer::Gone(fault("VERSION_GONE"))),
        1 => Just(Answer::ScopeHeld(Hold::until_released(Reach::Project, fault("NO_PAYMENT_INFORMATION_FOUND")))),
        2 => Just(Answer::Refused(fault("VALIDATION_ERROR"))),
        4 => Just(Answer::Unknown(fault("UNEXPECTED_ERROR"))),
    ]
}

fn sightings() -> impl Strategy<Value = Sighting> {
    prop_oneof![
        8 => Just(source("s", "IDLE")),
        2 => Just(source("s", "UPDATING")),
        1 => Just(source("other", "IDLE")),
        1 => Just(target(true)),
        1 => Just(target(false)),
        1 => Just(Sighting::Other(seen("o", "AWS", "IDLE"))),
        1 => Just(Sighting::Missing),
        1 => Just(Sighting::Unlisted),
        1 => Just(Sighting::Elsewhere),
    ]
}

fn steps() -> impl Strategy<Value = Vec<(Step, u64)>> {
    let step = prop_oneof![
        8 => sightings().prop_map(Step::Look),
        1 => Just(Step::LookFailed),
        8 => Just(Step::Intent),
        8 => answers().prop_map(Step::Answer),
        1 => answers().prop_map(Step::OldAnswer),
        1 => Just(Step::TakenOver),
        1 => Just(Step::Cancel),
        1 => Just(Step::LeftFleet),
        1 => any::<bool>().prop_map(Step::Returned),
        1 => Just(Step::Duplicate),
        1 => Just(Step::SentElsewhere),
        1 => Just(Step::Restored),
        1 => any::<bool>().prop_map(Step::Retry),
    ];
    proptest::collection::vec((step, 0..90_000u64), 1..120)
}

fn event(step: &Step, job: &Job, now: Millis) -> Event {
    match step {
        Step::Look(sighting) => Event::Looked { started: now, sighting: sighting.clone() },
        Step::LookFailed => Event::LookFailed { fault: fault("UNEXPECTED_ERROR"), retry_after: None, braked: false },
        Step::Intent => Event::Intent,
        Step::Answer(answer) => {
            Event::Answered { send: job.request.send, ended: now, answer: answer.clone(), braked: false }
        }
        Step::OldAnswer(answer) => {
            Event::Answered { send: job.request.send - 1, ended: now, answer: answer.clone(), braked: false }
        }
        Step::TakenOver => Event::TakenOver,
        Step::Cancel => Event::Cancel,
        Step::LeftFleet => Event::LeftFleet,
        Step::Returned(elsewhere) => Event::Returned { elsewhere: *elsewhere },
        Step::Duplicate => Event::Duplicate { of: "C1".to_owned() },
        Step::SentElsewhere => Event::SentElsewhere,
        Step::Restored => Event::Restored,
        Step::Retry(elsewhere) => Event::Retry { reason: None, elsewhere: *elsewhere },
    }
}

fn new_job() -> Job {
    Job::new(2, "32b6e34b3d91647abb20e7b8", "c", Wanted::default(), Millis(0))
}

/// Whether this step may close an open request, said independently of the rule book.
fn may_close(before: &Job, event: &Event, policy: &Policy) -> bool {
    match event {
        Event::Answered { answer: Answer::Unknown(_), .. } => false,
        Event::Answered { answer: Answer::Refused(_), .. } => before.request.submitted_at.is_none(),
        Event::Answered { answer: Answer::Accepted { .. }, .. }
        | Event::Looked { sighting: Sighting::Target { .. }, .. } => true,
        Event::Answered { send, .. } => *send == before.request.send,
        Event::Looked { started, sighting: Sighting::Source(seen) } => {
            let settled = before.request.left_at.is_some_and(|at| *started >= at.after(policy.settle));
            let streak = before.observed.streak.as_ref().is_some_and(|streak| {
                streak.id == seen.id
                    && streak.since >= before.request.left_at.unwrap_or(Millis(i64::MAX)).after(policy.settle)
                    && *started >= streak.since.after(policy.settle)
            });
            before.state == State::Verifying && seen.is_idle() && settled && streak
        }
        _ => false,
    }
}

fn check(before: &Job, event: &Event, after: &Job, policy: &Policy) -> Result<(), TestCaseError> {
    let operator = matches!(event, Event::Retry { .. } | Event::Returned { .. });
    if before.state.is_ended() && !operator {
        prop_assert_eq!(before.state, after.state, "an ended job moved by {:?}", event);
    }
    if before.request.open && !after.request.open {
        prop_assert!(may_close(before, event, policy), "{:?} closed a request of {:?}", event, before);
    }
    if after.state == State::Submitting && before.state != State::Submitting {
        prop_assert!(!before.request.open, "sent while a request was open: {:?}", before);
        prop_assert!(!before.request.accepted, "sent after an acceptance, without a verification: {:?}", before);
        prop_assert_eq!(after.request.send, before.request.send + 1);
    }
    prop_assert!(after.request.send >= before.request.send, "a number was used again");
    prop_assert!(after.request.attempts <= policy.max_attempts, "too many attempts");
    if let Event::Answered { answer: Answer::Throttled { .. } | Answer::NotNow(_) | Answer::NeverSent(_), .. } = event {
        prop_assert_eq!(after.request.attempts, before.request.attempts, "{:?} counted as an attempt", event);
    }
    prop_assert_eq!(after.state.is_ended(), after.finished_at.is_some());
    prop_assert!(!after.state.is_ended() || after.schedule.due_at.is_none());
    prop_assert!(
        after.state.is_ended() || after.state == State::Submitting || after.schedule.due_at.is_some(),
        "a live job that waits for nothing: {:?}",
        after
    );
    prop_assert!(after.state != State::Failed || after.error.is_some(), "failed without a reason");
    if after.state.is_ended() && after.request.open {
        prop_assert_eq!(after.error.as_ref().map(|fault| &*fault.code), Some(OUTCOME_UNKNOWN));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_breaks_a_rule(steps in steps(), max_attempts in 1..4i64) {
        let policy = Policy { max_attempts, ..Policy::default() };
        let mut job = new_job();
        let mut now = Millis(1);
        for (step, pause) in &steps {
            now = now.after(Duration::from_millis(*pause));
            let event = event(step, &job, now);
            let decision = decide(&job, &event, now, &policy, 7);
            check(&job, &event, &decision.job, &policy)?;
            prop_assert!(decision.entry.is_some() || !decision.job.differs(&job), "{:?} changed {:?} and said nothing", event, job);
            job = decision.job;
        }
    }
}

/// A job in flight whose first request left at `now`; by default it may leave for half a minute more, and has settled a
/// minute after that.
pub(super) fn submitting(now: Millis) -> Job {
    let policy = Policy::default();
    let looked = Event::Looked { started: now, sighting: source("s", "IDLE") };
    let ready = decide(&new_job(), &looked, now, &policy, 0).job;
    assert_eq!(ready.state, State::Ready);
    decide(&ready, &Event::Intent, now, &policy, 0).job
}

pub(super) fn after(job: &Job, event: &Event, seconds: u64) -> Job {
    decide(job, event, Millis(0).after(Duration::from_secs(seconds)), &Policy::default(), 0).job
}

pub(super) fn look(sighting: Sighting, seconds: u64) -> Event {
    Event::Looked { started: Millis(0).after(Duration::from_secs(seconds)), sighting }
}

pub(super) fn answer(answer: Answer, seconds: u64) -> Event {
    Event::Answered { send: 1, ended: Millis(0).after(Duration::from_secs(seconds)), answer, braked: false }
}

#[test]
fn an_error_that_hid_a_success_is_found_and_not_sent_again() {
    let job = after(&submitting(Millis(0)), &answer(Answer::Unknown(fault("UNEXPECTED_ERROR")), 1), 1);
    assert_eq!(job.state, State::Verifying);
    assert_eq!(
        job.schedule.due_at,
        Some(Millis(91_000)),
        "not before it has settled, and it may leave until half a minute after its call"
    );
    let job = after(&job, &look(target(false), 61), 61);
    assert_eq!((job.state, job.request.open), (State::Upgrading, false));
    assert_eq!(after(&job, &look(target(true), 90), 90).state, State::Succeeded);
}

#[test]
fn two_idle_looks_a_settle_time_apart_make_it_ready_again_and_one_does_not() {
    let job = after(&submitting(Millis(0)), &answer(Answer::Unknown(fault("UNEXPECTED_ERROR")), 1), 1);
    let early = after(&job, &look(source("s", "IDLE"), 30), 30);
    assert_eq!((early.state, early.observed.streak.clone()), (State::Verifying, None), "too early to count");
    let lingers = after(&early, &look(source("s", "IDLE"), 90), 90);
    assert_eq!(lingers.observed.streak, None, "a minute after its call it may have left half a minute ago");
    let once = after(&early, &look(source("s", "IDLE"), 91), 91);
    assert_eq!(once.state, State::Verifying);
    let busy = after(&once, &look(source("s", "UPDATING"), 100), 100);
    assert_eq!(busy.observed.streak, None, "a busy source starts the count again");
    let soon = after(&once, &look(source("s", "IDLE"), 130), 130);
    assert_eq!(soon.state, State::Verifying, "the second look was too soon");
    let twice = after(&soon, &look(source("s", "IDLE"), 151), 151);
    assert_eq!((twice.state, twice.request.open), (State::Ready, false));
}

#[test]
fn a_refusal_ends_the_first_send_and_is_verified_on_a_later_one() {
    let first = after(&submitting(Millis(0)), &answer(Answer::Refused(fault("INVALID_REGION")), 1), 1);
    assert_eq!(first.state, State::Failed);
    let again = submitting(Millis(0)).with(|job| {
        job.request.submitted_at = Some(Millis(0));
        job.request.attempts = 1;
    });
    let later = after(&again, &answer(Answer::Refused(fault("INVALID_REGION")), 1), 1);
    assert_eq!(later.state, State::Verifying);
    let once = after(&later, &look(source("s", "IDLE"), 91), 91);
    let twice = after(&once, &look(source("s", "IDLE"), 151), 151);
    assert_eq!((twice.state, twice.error.map(|fault| fault.code)), (State::Failed, Some("INVALID_REGION".into())));
}

#[test]
fn an_upgrade_that_rolls_back_fails_after_ten_settle_times_and_stale_looks_do_not() {
    let mut job = after(&submitting(Millis(0)), &answer(Answer::Accepted { id: None }, 1), 1);
    for seconds in [31, 60, 120, 300, 600, 630] {
        job = after(&job, &look(source("s", "IDLE"), seconds), seconds);
        assert_eq!(job.state, State::Upgrading, "at {seconds} s");
    }
    let job = after(&job, &look(source("s", "IDLE"), 631), 631);
    assert_eq!(job.error.map(|fault| fault.code).as_deref(), Some("DID_NOT_TAKE"));
}

#[test]
fn a_weekend_asleep_ends_nothing() {
    let job = after(&submitting(Millis(0)), &answer(Answer::Accepted { id: None }, 1), 1);
    let monday = 3 * 24 * 3600;
    let mut job = after(&job, &look(source("s", "UPDATING"), monday), monday);
    for seconds in [60, 120, 11 * 3600] {
        job = after(&job, &look(source("s", "UPDATING"), monday + seconds), monday + seconds);
        assert_eq!(job.state, State::Upgrading, "nobody looked after it, and so it has its twelve hours yet");
    }
}

#[test]
fn an_upgrade_that_is_looked_after_has_failed_at_the_third_look_after_its_time() {
    let mut job = after(&submitting(Millis(0)), &answer(Answer::Accepted { id: None }, 1), 1);
    for minutes in (30..=12 * 60).step_by(30) {
        job = after(&job, &look(source("s", "UPDATING"), minutes * 60), minutes * 60);
    }
    let end = 12 * 3600;
    for seconds in [60, 120] {
        job = after(&job, &look(source("s", "UPDATING"), end + seconds), end + seconds);
        assert_eq!(job.state, State::Upgrading);
    }
    let job = after(&job, &look(source("s", "UPDATING"), end + 180), end + 180);
    assert_eq!(job.error.map(|fault| fault.code).as_deref(), Some("GAVE_UP"), "the third look after its time");
}

#[test]
fn another_cluster_under_the_name_is_noticed_before_a_send_and_after_one() {
    let ready = submitting(Millis(0)).with(|job| job.observed.looked_at = Some(Millis(0)));
    let pending = ready.with(|job| {
        job.state = State::Pending;
        job.request.open = false;
        job.schedule.due_at = Some(Millis(0));
    });
    let job = after(&pending, &look(source("other", "IDLE"), 5), 5);
    assert_eq!(job.error.map(|fault| fault.code).as_deref(), Some("CLUSTER_REPLACED"));

    let job = after(&submitting(Millis(0)), &answer(Answer::Accepted { id: Some("other".into()) }, 1), 1);
    let job = after(&job, &look(target(true), 40), 40);
    assert_eq!(job.error.map(|fault| fault.code).as_deref(), Some("CLUSTER_REPLACED"));
    for id in ["s", "t"] {
        let job = after(&submitting(Millis(0)), &answer(Answer::Accepted { id: Some(id.into()) }, 1), 1);
        assert_eq!(after(&job, &look(target(true), 40), 40).state, State::Succeeded, "the answer named {id}");
    }
}

#[test]
fn a_late_acceptance_is_believed_and_an_ended_job_stays_ended() {
    let job = submitting(Millis(0));
    let second = job.with(|job| {
        job.state = State::Ready;
        job.request.open = false;
    });
    let late = Event::Answered { send: 0, ended: Millis(5), answer: Answer::Accepted { id: None }, braked: false };
    assert_eq!(after(&second, &late, 5).state, State::Upgrading);
    let ended = second.with(|job| {
        job.state = State::Cancelled;
        job.finished_at = Some(Millis(1));
        job.schedule.due_at = None;
    });
    let noted = decide(&ended, &late, Millis(5), &Policy::default(), 0);
    assert_eq!((noted.job.state, noted.job.request.accepted), (State::Cancelled, true));
    assert!(noted.entry.is_some());
}

#[test]
fn a_cluster_that_stirred_and_is_what_it_was_is_not_asked_again() {
    let job = after(&submitting(Millis(0)), &answer(Answer::Unknown(fault("UNEXPECTED_ERROR")), 1), 1);
    let job = after(&job, &look(source("s", "UPDATING"), 61), 61);
    let job = after(&job, &look(source("s", "IDLE"), 100), 100);
    let job = after(&job, &look(source("s", "IDLE"), 161), 161);
    assert_eq!(job.error.as_ref().map(|fault| &*fault.code), Some("DID_NOT_TAKE"));
    let retry = Event::Retry { reason: None, elsewhere: false };
    assert_eq!(after(&job, &retry, 200).state, State::Pending, "an operator may");
}

#[test]
fn a_probe_of_a_ready_job_that_shows_anything_but_an_eligible_source_calls_the_send_off() {
    let ready = after(&new_job(), &look(source("s", "IDLE"), 10), 10);
    assert_eq!(ready.state, State::Ready);
    assert_eq!(after(&ready, &look(source("s", "IDLE"), 20), 20), ready, "nothing new");
    assert_eq!(after(&ready, &look(Sighting::Unlisted, 20), 20), ready, "no news");
    assert_eq!(after(&ready, &look(target(true), 20), 20).state, State::Skipped);
    assert_eq!(after(&ready, &look(target(false), 20), 20).state, State::Upgrading);
    assert_eq!(after(&ready, &look(source("s", "UPDATING"), 20), 20).state, State::Pending);
    let replaced = after(&ready, &look(source("other", "IDLE"), 20), 20);
    assert_eq!(replaced.error.map(|fault| fault.code).as_deref(), Some("CLUSTER_REPLACED"));
    assert_eq!(after(&ready, &look(source("s", "UPDATING"), 9), 20), ready, "older than the look that made it ready");
    assert_eq!(after(&ready, &look(target(false), 9), 20).state, State::Upgrading, "the target is never old");
}

#[test]
fn a_target_that_is_seen_before_the_answer_leaves_nothing_to_send() {
    let job = after(&submitting(Millis(0)), &look(target(false), 2), 2);
    assert_eq!((job.state, job.request.open, job.request.attempts), (State::Upgrading, true, 1));
    let throttled = Answer::Throttled { retry_after: None };
    let told = after(&job, &answer(throttled, 3), 3);
    assert_eq!((told.state, told.request.open), (State::Upgrading, false), "not ready: it would be sent again");
    assert_eq!(after(&told, &look(target(true), 40), 40).state, State::Succeeded);
}

#[test]
fn a_look_from_before_the_acceptance_says_nothing_about_the_upgrade() {
    let job = after(&submitting(Millis(0)), &answer(Answer::Accepted { id: None }, 1000), 1000);
    let job = after(&job, &look(source("s", "IDLE"), 10), 1001);
    assert_eq!((job.state, &job.observed.streak), (State::Upgrading, &None));
    let job = after(&job, &look(source("s", "IDLE"), 1002), 1002);
    assert_eq!(job.state, State::Upgrading, "ten settle times have not passed since Atlas accepted");
}

#[test]
fn a_request_that_this_job_knows_nothing_of_is_verified_before_the_first_send() {
    for event in [Event::SentElsewhere, Event::Restored] {
        let job = after(&new_job(), &event, 1);
        assert_eq!(job.state, State::Verifying);
        let landed = after(&job, &look(target(true), 91), 91);
        assert_eq!(landed.state, State::Succeeded);
        let once = after(&job, &look(source("s", "IDLE"), 91), 91);
        assert_eq!(after(&once, &look(source("s", "IDLE"), 151), 151).state, State::Ready);
    }
}

#[test]
fn the_request_names_the_cluster_as_atlas_spells_it() {
    let named = |name: &str, seconds: u64| {
        let Sighting::Source(seen) = source("s", "IDLE") else { unreachable!() };
        look(Sighting::Source(Seen { name: name.to_owned(), ..seen }), seconds)
    };
    let job = Job { cluster_name: "orders".to_owned(), ..new_job() };
    let body = |job: &Job| String::from_utf8(Operation::all()[0].request(job).body).unwrap();
    let same = after(&job, &named("orders", 1), 1);
    assert_eq!((same.state, &same.observed.atlas_name), (State::Ready, &None));
    let other = after(&job, &named("Orders", 1), 1);
    assert_eq!((other.state, other.observed.atlas_name.as_deref()), (State::Ready, Some("Orders")));
    assert!(body(&same).contains("\"orders\"") && body(&other).contains("\"Orders\""));
    assert_eq!(other.cluster_name, "orders", "the row keeps its own spelling");
    // And so does a verification that finds that nothing landed.
    let asked = after(&job, &Event::SentElsewhere, 1);
    let ready = after(&after(&asked, &named("ORDERS", 91), 91), &named("ORDERS", 151), 151);
    assert_eq!((ready.state, ready.name_in_atlas()), (State::Ready, "ORDERS"));
}

#[test]
fn looks_that_never_succeed_end_a_job_after_its_time_and_a_braked_host_does_not() {
    for braked in [false, true] {
        let failed = Event::LookFailed { fault: fault("HTTP_404"), retry_after: None, braked };
        let mut job = after(&new_job(), &failed, 1);
        for hour in 1..=27 {
            job = after(&job, &failed, hour * 3600);
        }
        let code = job.error.map(|fault| fault.code);
        assert_eq!(code.as_deref(), if braked { None } else { Some("GAVE_UP") });
    }
}

#[test]
fn a_host_that_lets_nobody_through_takes_no_attempt_from_a_cluster() {
    for braked in [false, true] {
        let sent = submitting(Millis(0));
        let answer = Answer::Unknown(fault("SERVICE_UNAVAILABLE"));
        let event = Event::Answered { send: 1, ended: Millis(1000), answer, braked };
        let job = after(&sent, &event, 1);
        assert_eq!(
            (job.state, job.request.open, job.request.submitted_at),
            (State::Verifying, true, sent.request.sent_at)
        );
        assert_eq!(job.request.attempts, i64::from(!braked));
    }
}

#[test]
fn a_cluster_that_stirs_after_an_unknown_answer_has_the_time_of_an_upgrade() {
    let sent = submitting(Millis(0)).with(|job| job.observed.first_look_at = Some(Millis(0)));
    let mut job = after(&sent, &answer(Answer::Unknown(fault("TIMED_OUT")), 30), 30);
    // It had waited for its turn for a day: its own time is up, and that of the upgrade has only begun.
    let day = 24 * 3600;
    for seconds in [day - 60, day + 60, day + 120, day + 180, day + 240] {
        job = after(&job, &look(source("s", "UPDATING"), seconds), seconds);
        assert_eq!(job.state, State::Verifying, "at {seconds} s: {:?}", job.error);
    }
    assert_eq!(after(&job, &look(target(true), day + 300), day + 300).state, State::Succeeded);
}

#[test]
fn what_atlas_asks_for_is_remembered_and_after_an_hour_it_is_asked_again() {
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let throttled = Answer::Throttled { retry_after: Some(hours(300_000)) };
    let job = after(&submitting(Millis(0)), &answer(throttled, 1), 1);
    assert_eq!(job.schedule.due_at, Some(Millis(1000).after(hours(1))), "not in 34 years");
    assert_eq!(job.schedule.asked_until, Some(Millis(1000).after(hours(300_000))));
    let failed = Event::LookFailed { fault: fault("HTTP_429"), retry_after: Some(hours(2)), braked: false };
    let pending = after(&new_job(), &failed, 1);
    assert_eq!(
        (pending.schedule.due_at, pending.schedule.asked_until),
        (Some(Millis(1000).after(hours(1))), Some(Millis(1000).after(hours(2))))
    );
    let seen = after(&pending, &look(source("s", "UPDATING"), 3601), 3601);
    assert_eq!(seen.schedule.asked_until, None, "it waits for something else now");
    let short =
        Event::LookFailed { fault: fault("HTTP_429"), retry_after: Some(Duration::from_secs(1)), braked: false };
    assert_eq!(after(&new_job(), &short, 1).schedule.asked_until, None, "it would wait for longer anyway");
}

#[test]
fn lists_that_fail_twice_in_a_row_are_followed_by_single_reads() {
    let failed = |code: &str, braked| Event::LookFailed { fault: fault(code), retry_after: None, braked };
    let once = after(&new_job(), &failed("TIMEOUT_WHILE_PAGING", false), 1);
    assert!(!once.observed.alone, "one failure is nothing");
    assert!(after(&once, &failed("TIMEOUT_WHILE_PAGING", false), 10).observed.alone);
    assert!(!after(&once, &failed("HTTP_503", true), 10).observed.alone, "nobody gets through to anything");
    assert!(!after(&once, &failed("RATE_LIMITED", false), 10).observed.alone, "more requests cure no limit");
}
