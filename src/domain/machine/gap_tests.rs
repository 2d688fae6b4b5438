//! Time in which nobody could see a cluster does not count against it.

use std::time::Duration;

use super::tests::{after, answer, fault, look, source, submitting, target};
use super::*;
use crate::domain::event::Answer;
use crate::domain::job::State;

const HOUR: u64 = 3600;

fn upgrading() -> Job {
    let first = submitting(Millis(0)).with(|job| job.observed.first_look_at = Some(Millis(0)));
    after(&first, &answer(Answer::Accepted { id: None }, 1), 1)
}

fn code(job: &Job) -> &str {
    job.error.as_ref().map_or("", |fault| &fault.code)
}

fn failed(braked: bool) -> Event {
    Event::LookFailed { fault: fault("UNEXPECTED_ERROR"), retry_after: None, braked }
}

#[test]
fn a_clock_that_was_13_hours_behind_gives_nothing_up() {
    let job = after(&upgrading(), &look(source("s", "UPDATING"), 60), 60);
    let corrected = 60 + 13 * HOUR;
    let seen = look(target(false), corrected);
    let decision = decide(&job, &seen, Millis(0).after(Duration::from_secs(corrected)), &Policy::default(), 0);
    let said = decision.entry.unwrap().detail.unwrap();
    assert!(said.ends_with("; nobody could see it for 13 h, of which 12 h do not count"), "{said}");
    let mut job = decision.job;
    for seconds in [60, 120, 180, 240] {
        job = after(&job, &look(target(false), corrected + seconds), corrected + seconds);
        assert_eq!(job.state, State::Upgrading, "{:?}", job.error);
    }
    // Of the twelve hours that it has, it has had one.
    for minutes in (5..13 * 60).step_by(30) {
        let at = corrected + minutes * 60;
        job = after(&job, &look(target(false), at), at);
    }
    assert_eq!(code(&job), "GAVE_UP");
    let detail = job.error.unwrap().detail;
    assert!(detail.contains("within 12.0 h (beside 12 h in which nobody could see it)"), "{detail}");
}

#[test]
fn a_weekend_asleep_and_failed_looks_after_it_give_nothing_up() {
    let monday = 60 * HOUR;
    for braked in [false, true] {
        let mut job = after(&upgrading(), &look(source("s", "UPDATING"), 60), 60);
        for seconds in 0..5 {
            job = after(&job, &failed(braked), monday + seconds);
        }
        for seconds in 5..10 {
            job = after(&job, &look(target(false), monday + seconds), monday + seconds);
        }
        assert_eq!((job.state, code(&job)), (State::Upgrading, ""));
        assert_eq!(after(&job, &look(target(true), monday + 60), monday + 60).state, State::Succeeded);
    }
}

#[test]
fn an_outage_of_a_day_counts_against_nobody() {
    let mut job = after(&upgrading(), &look(source("s", "UPDATING"), 60), 60);
    for minutes in (2..24 * 60).step_by(5) {
        job = after(&job, &failed(true), minutes * 60);
    }
    let over = 24 * HOUR;
    for seconds in [0, 10, 20, 30] {
        job = after(&job, &look(target(false), over + seconds), over + seconds);
    }
    assert_eq!((job.state, code(&job)), (State::Upgrading, ""));
    assert_eq!(job.observed.unattended_ms, i64::try_from((over - 60 - HOUR) * 1000).unwrap(), "counted once");
}

#[test]
fn looks_that_are_made_in_time_leave_no_gap() {
    let mut job = upgrading();
    for minutes in (1..11 * 60).step_by(24) {
        job = after(&job, &look(source("s", "UPDATING"), minutes * 60), minutes * 60);
    }
    assert_eq!((job.state, job.observed.unattended_ms), (State::Upgrading, 0));
}

#[test]
fn a_clock_that_jumps_back_makes_no_negative_time() {
    let job = after(&upgrading(), &look(source("s", "UPDATING"), 20 * HOUR), 20 * HOUR);
    let before = job.observed.unattended_ms;
    let job = after(&job, &look(source("s", "UPDATING"), HOUR), HOUR);
    assert_eq!((job.state, job.observed.unattended_ms), (State::Upgrading, before));
}

#[test]
fn the_time_of_a_job_that_has_not_begun_stands_still_too_and_an_upgrade_begins_with_its_own() {
    let new = Job::new(2, "32b6e34b3d91647abb20e7b8", "c", crate::domain::job::Wanted::default(), Millis(0));
    let mut job = after(&new, &failed(false), 1);
    let monday = 60 * HOUR;
    for seconds in 0..5 {
        job = after(&job, &failed(false), monday + seconds);
    }
    assert_eq!((job.state, code(&job)), (State::Pending, ""), "a day is what it has, and nobody looked for two");
    assert!(job.observed.unattended_ms > 0);
    let under_way = after(&job, &look(target(false), monday + 10), monday + 10);
    assert_eq!((under_way.state, under_way.observed.unattended_ms), (State::Upgrading, 0));
}
