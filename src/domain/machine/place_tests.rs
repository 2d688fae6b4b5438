//! The right cluster in the right place: what a row asks for against what looks show.

use super::tests::{after, look, seen, submitting};
use super::*;
use crate::domain::event::{Answer, Seen, Sighting};
use crate::domain::job::{State, Wanted};

fn wanted() -> Wanted {
    Wanted { provider: "AWS".into(), region: "US_EAST_1".into(), ..Wanted::default() }
}

fn job() -> Job {
    Job::new(2, "32b6e34b3d91647abb20e7b8", "c", wanted(), Millis(0))
}

fn place(mut seen: Seen, cloud: &str, region: &str) -> Seen {
    (seen.configuration.cloud, seen.configuration.region) = (Some(cloud.into()), Some(region.into()));
    seen
}

fn source_in(cloud: &str, region: &str) -> Sighting {
    Sighting::Source(place(seen("s", "TENANT", "IDLE"), cloud, region))
}

fn target_in(cloud: &str, region: &str, done: bool) -> Sighting {
    let state = if done { "IDLE" } else { "UPDATING" };
    Sighting::Target { seen: place(seen("t", "FLEX", state), cloud, region), done }
}

fn code(job: &Job) -> &str {
    job.error.as_ref().map_or("", |fault| &fault.code)
}

#[test]
fn a_row_that_would_move_its_cluster_fails_before_any_send_unless_the_campaign_allows_it() {
    assert_eq!(after(&job(), &look(source_in("AWS", "US_EAST_1"), 1), 1).state, State::Ready);
    for (cloud, region) in [("AWS", "EU_WEST_1"), ("GCP", "US_EAST_1")] {
        let failed = after(&job(), &look(source_in(cloud, region), 1), 1);
        assert_eq!((failed.state, code(&failed), failed.request.send), (State::Failed, "REGION_CHANGES", 0));
        let detail = failed.error.unwrap().detail;
        assert!(detail.contains(&format!("is in {cloud} {region}")) && detail.contains("asks for AWS US_EAST_1"));
        assert!(detail.contains("allow_region_change = true") && detail.contains("correct the row"), "{detail}");
        let policy = Policy { allow_region_change: true, ..Policy::default() };
        let allowed = decide(&job(), &look(source_in(cloud, region), 1), Millis(1000), &policy, 0).job;
        assert_eq!(allowed.state, State::Ready);
    }
    let unsaid = Sighting::Source(seen("s", "TENANT", "IDLE"));
    assert_eq!(after(&job(), &look(unsaid, 1), 1).state, State::Ready, "where Atlas says nothing it is no move");
}

#[test]
fn a_job_that_is_verified_before_its_first_send_is_not_moved_either() {
    let verifying = after(&job(), &Event::SentElsewhere, 0);
    assert_eq!(verifying.state, State::Verifying);
    let once = after(&verifying, &look(source_in("GCP", "WESTERN_EUROPE"), 200), 200);
    let twice = after(&once, &look(source_in("GCP", "WESTERN_EUROPE"), 300), 300);
    assert_eq!((twice.state, code(&twice), twice.request.open), (State::Failed, "REGION_CHANGES", false));
}

#[test]
fn a_target_that_differs_from_its_row_is_followed_to_its_end_and_then_told_with_a_warning() {
    let sent = Job { wanted: wanted(), ..submitting(Millis(0)) };
    let accepted =
        Event::Answered { send: 1, ended: Millis(1000), answer: Answer::Accepted { id: None }, braked: false };
    let upgrading = after(&sent, &accepted, 1);
    let on_its_way = after(&upgrading, &look(target_in("AWS", "EU_WEST_1", false), 60), 60);
    assert_eq!(on_its_way.state, State::Upgrading, "it may still change");
    let decision =
        decide(&on_its_way, &look(target_in("AWS", "EU_WEST_1", true), 90), Millis(90_000), &Policy::default(), 0);
    assert_eq!((decision.job.state, code(&decision.job)), (State::Succeeded, "TARGET_DIFFERS"));
    assert_eq!(decision.entry.unwrap().code.as_deref(), Some("TARGET_DIFFERS"));
    let detail = decision.job.error.unwrap().detail;
    assert_eq!(detail, "the cluster is in AWS EU_WEST_1, not in AWS US_EAST_1, as the row asks");
    let as_asked = after(&on_its_way, &look(target_in("AWS", "US_EAST_1", true), 90), 90);
    assert_eq!((as_asked.state, as_asked.error), (State::Succeeded, None));
}

#[test]
fn a_cluster_that_was_at_the_target_before_is_skipped_and_its_difference_told() {
    let skipped = after(&job(), &look(target_in("GCP", "WESTERN_EUROPE", true), 1), 1);
    assert_eq!((skipped.state, code(&skipped)), (State::Skipped, "ALREADY_AT_TARGET"));
    assert!(skipped.error.unwrap().detail.contains("in GCP WESTERN_EUROPE, not in AWS US_EAST_1"));
}
