//! What an operator's word does, and a row that leaves the fleet, returns to it, or is there twice.

use super::*;

#[test]
fn a_retry_of_an_accepted_job_looks_before_it_leaps() {
    let job = after(&submitting(Millis(0)), &answer(Answer::Accepted { id: None }, 1), 1);
    let failed = job.with(|job| {
        job.state = State::Failed;
        job.finished_at = Some(Millis(1));
        job.schedule.due_at = None;
        job.error = Some(fault("DID_NOT_TAKE"));
    });
    let retry = Event::Retry { reason: None, elsewhere: false };
    assert_eq!(after(&failed, &retry, 700).state, State::Verifying);
    let never = failed.with(|job| {
        job.request.accepted = false;
        job.error = Some(fault("CLUSTER_PAUSED"));
    });
    assert_eq!(after(&never, &retry, 700).state, State::Pending);
    assert_eq!(after(&never, &Event::Retry { reason: None, elsewhere: true }, 700).state, State::Verifying);
}

#[test]
fn what_landed_was_accepted_and_a_retry_forgets_nothing_of_it() {
    let job = after(&submitting(Millis(0)), &answer(Answer::Unknown(fault("UNEXPECTED_ERROR")), 1), 1);
    let job = after(&job, &look(target(false), 61), 61);
    assert!(job.request.accepted, "a look showed what no answer said");
    let gave_up = job.with(|job| {
        job.state = State::Failed;
        job.finished_at = Some(Millis(1));
        job.schedule.due_at = None;
        job.error = Some(fault("GAVE_UP"));
    });
    let back = after(&gave_up, &Event::Retry { reason: None, elsewhere: false }, 700);
    assert_eq!(back.state, State::Verifying, "it is looked for before anything is sent");
    assert_eq!(back.source.map(|source| source.id).as_deref(), Some("s"), "what the upgrade overwrote");
}

#[test]
fn a_row_that_returns_is_verified_where_another_campaign_has_asked_for_its_cluster() {
    let left = after(&new_job(), &Event::LeftFleet, 1);
    let back = after(&left, &Event::Returned { elsewhere: true }, 2);
    assert_eq!(
        (back.state, back.request.left_at),
        (State::Verifying, Some(Millis(32_000))),
        "it may leave for one more time-out"
    );
    let once = after(&back, &look(source("s", "IDLE"), 92), 92);
    assert_eq!(once.state, State::Verifying);
    assert_eq!(after(&once, &look(source("s", "IDLE"), 152), 152).state, State::Ready);
}

#[test]
fn of_two_jobs_for_one_cluster_the_younger_is_never_sent_and_what_may_have_left_is_followed() {
    let duplicate = Event::Duplicate { of: "C1".to_owned() };
    let ended = after(&new_job(), &duplicate, 1);
    let why = ended.error.as_ref().map(|fault| (&*fault.code, fault.detail.contains("the cluster C1")));
    assert_eq!((ended.state, why), (State::Cancelled, Some(("CANCELLED", true))));
    let sent = after(&submitting(Millis(0)), &duplicate, 1);
    assert_eq!((sent.state, &sent.request.if_not_landed), (State::Submitting, &Some(IfNotLanded::Cancelled)));
    let once = decide(&sent, &duplicate, Millis(2000), &Policy::default(), 0);
    assert_eq!(once.entry, None, "it is said once");
    let landed = after(&sent, &answer(Answer::Accepted { id: None }, 2), 2);
    assert_eq!(after(&landed, &duplicate, 3), landed);
}

#[test]
fn a_cluster_of_another_api_is_of_the_wrong_tier_and_a_row_that_left_is_not_retried() {
    let once = after(&new_job(), &look(Sighting::Elsewhere, 1), 1);
    assert_eq!(once.state, State::Pending, "it may be on its way");
    let twice = after(&once, &look(Sighting::Elsewhere, 11), 11);
    assert_eq!(twice.error.as_ref().map(|fault| &*fault.code), Some("WRONG_TIER"));
    let left = after(&new_job(), &Event::LeftFleet, 1);
    let retry = Event::Retry { reason: None, elsewhere: false };
    assert_eq!(after(&left, &retry, 2).state, State::Cancelled);
    assert_eq!(after(&left, &Event::Returned { elsewhere: false }, 2).state, State::Pending);
}

#[test]
fn an_operator_brings_forward_what_waits_for_atlas_and_nothing_else() {
    let forward = Event::BroughtForward { reason: Some("asked MongoDB".into()) };
    let failed =
        Event::LookFailed { fault: fault("HTTP_429"), retry_after: Some(Duration::from_secs(900)), braked: false };
    let waits = after(&new_job(), &failed, 1);
    let now = Millis(5000);
    let Decision { job, entry, .. } = decide(&waits, &forward, now, &Policy::default(), 0);
    assert_eq!((job.schedule.due_at, job.schedule.asked_until, job.state), (Some(now), None, State::Pending));
    assert_eq!(entry.and_then(|entry| entry.detail).as_deref(), Some("asked MongoDB"));
    let verifying = after(&submitting(Millis(0)), &answer(Answer::Unknown(fault("UNEXPECTED_ERROR")), 1), 1);
    assert_eq!(after(&verifying, &forward, 2), verifying, "the settle time is nobody's to cut short");
}
