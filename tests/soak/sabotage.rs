//! The checks bite: whoever makes the table lie is found out.

use std::collections::VecDeque;
use std::time::Duration;

use drydock::clock::Millis;
use drydock::domain::code::Fault;
use drydock::domain::job::{Job, State};
use drydock::domain::policy::Policy;
use drydock::engine::Limits;
use drydock::simulator::{Cluster, Durations, Faults, Settings};

use crate::harness::scenario::{Act, Delays, Scenario};
use crate::harness::voyage::sail;

/// Three clusters, and nothing goes wrong but what is said here.
fn scenario(faults: Faults, timeline: Vec<(u64, Act)>) -> Scenario {
    let cluster = |name: &str| Cluster::shared(&"1".repeat(24), name, "AWS", "US_EAST_1", 1);
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    Scenario {
        seed: 1,
        operation: "shared-to-serverless",
        clusters: vec![cluster("c1"), cluster("c2"), cluster("c3")],
        settings: Settings { durations: Durations::Between(minutes(5), minutes(5)), faults, ..Settings::default() },
        policy: Policy::default(),
        limits: Limits { requests_per_minute: 100, in_flight: 10, in_flight_per_project: 10, workers: 4 },
        request_timeout: Duration::from_secs(30),
        wire: Delays { usual: Duration::ZERO, late: 0.0, latest: Duration::ZERO, lingers: Duration::ZERO },
        wrong_clock: 0.0,
        timeline: timeline.into_iter().map(|(at, act)| (Duration::from_secs(at), act)).collect::<VecDeque<_>>(),
        last_word: false,
    }
}

/// What the checks say when this happens after all has ended.
fn found_after(act: Act) -> String {
    sail(scenario(Faults::default(), vec![(3600, act)])).violations.join("\n")
}

#[test]
fn without_sabotage_nothing_is_found() {
    assert_eq!(found_after(Act::Tamper("SELECT 1")), "");
}

#[test]
fn a_request_that_the_table_has_forgotten_is_found_when_it_is_sent_again() {
    let faults = Faults { stale: 1.0, stale_for: Duration::from_secs(100), ..Faults::default() };
    let forget = |job: &mut Job| {
        (job.state, job.request.open, job.request.accepted, job.request.attempts) = (State::Pending, false, false, 0);
        (job.request.accepted_at, job.request.submitted_at, job.schedule.due_at) = (None, None, Some(Millis(0)));
    };
    let second = Duration::from_secs(1);
    let timeline = vec![(5, Act::Crash(second)), (6, Act::Lie("c2", forget))];
    let found = sail(scenario(faults, timeline)).violations.join("\n");
    assert!(found.contains("c2: asked again 1 times after an effect that stood"), "{found}");
    assert!(found.contains("c2: send Some(2) follows an acceptance"), "{found}");
    assert!(found.contains("a request after one that Atlas accepted"), "{found}");
    assert!(found.contains("DRYDOCK_SEED=1 cargo test --test soak"), "{found}");
}

#[test]
fn a_row_that_lies_about_its_end_is_found() {
    let found = found_after(Act::Lie("c1", |job| {
        (job.state, job.error) = (State::Failed, Some(Fault::new("DID_NOT_TAKE", "")));
    }));
    assert!(found.contains("c1: failed DID_NOT_TAKE, but its upgrade stands"), "{found}");
    let found = found_after(Act::Lie("c3", |job| job.target = job.source.clone()));
    assert!(found.contains("c3: the row has the target"), "{found}");
}

#[test]
fn a_history_with_a_gap_is_found() {
    let cut = "DROP TRIGGER events_are_never_deleted; DELETE FROM events WHERE seq = 2 AND job_id = 1";
    let found = found_after(Act::Tamper(cut));
    assert!(found.contains("c1: entry 2 of the history is missing"), "{found}");
}

#[test]
fn a_lost_row_is_found() {
    let lose =
        "DROP TRIGGER events_are_never_deleted; DELETE FROM events WHERE job_id = 2; DELETE FROM jobs WHERE id = 2";
    // No run loads it again: its cluster would be asked by a request that no row knows.
    let found = found_after(Act::Tamper(lose));
    assert!(found.contains("a run ended with Edited"), "{found}");
    assert!(
        found.contains(r#"the table has [("111111111111111111111111", "c1"), ("111111111111111111111111", "c3")]"#),
        "{found}"
    );
    assert!(found.contains("there are 2 jobs, and 3 were loaded"), "{found}");
}
