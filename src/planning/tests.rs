//! Plans against the simulated Atlas.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use super::*;
use crate::atlas::{Client, Transport};
use crate::clock::{Clock, Millis};
use crate::domain::cluster_name::ClusterKey;
use crate::domain::job::{State, Wanted};
use crate::domain::operation::Operation;
use crate::domain::policy::Policy;
use crate::simulator::{Cluster, Faults, Refusals, Settings, Simulator, Stage, UpgradePath};

const START: Millis = Millis(1_800_000_000_000);

fn project(number: u32) -> String {
    format!("{number:024x}")
}

fn row(number: i64, project_id: &str, name: &str, region: &str) -> NewJob {
    let instance_size = Some("M10".to_owned());
    let wanted = Wanted { provider: "AWS".into(), region: region.into(), instance_size, ..Wanted::default() };
    NewJob { row: number, project_id: project_id.into(), cluster_name: name.into(), wanted, extra: Vec::new() }
}

/// The plan of these rows of `m0-to-dedicated`, in words: name, verdict, what is there, code.
async fn planned(
    settings: Settings,
    clusters: Vec<Cluster>,
    rows: &[NewJob],
    known: &BTreeMap<ClusterKey, Known>,
) -> (Survey, Vec<String>) {
    let clock = Clock::starting_at(START);
    let simulator = Simulator::new(clusters, settings, clock);
    let served = simulator.clone();
    let transport = Transport::in_process(Arc::new(move |request| {
        let simulator = served.clone();
        async move { simulator.answer(request).await.ok() }.boxed()
    }));
    let client = Client::new(transport, None, clock, Duration::from_secs(30));
    let operation = Operation::of_name("m0-to-dedicated").unwrap();
    let survey = survey(&client, clock, operation, (1000, 4), rows).await.unwrap();
    assert_eq!(simulator.ledger().upgrade_requests, 0);
    let judged = judge(operation, rows, &survey, known, (&Policy::default(), clock.now()));
    assert_eq!(
        judged.iter().map(|row| row.row).collect::<Vec<_>>(),
        rows.iter().map(|row| row.row).collect::<Vec<_>>()
    );
    let words = |row: &Row| {
        let code = row.code.as_deref().map(|code| format!(": {code}")).unwrap_or_default();
        let warned = row.warnings.iter().filter_map(|warning| Some(warning.split_once(':')?.0));
        let warned = warned.fold(String::new(), |words, code| words + ", with a warning: " + code);
        format!("{}: {} -> {}: {}{code}{warned}", row.cluster_name, row.is, row.becomes, row.verdict.words())
    };
    (survey, judged.iter().map(words).collect())
}

#[tokio::test(start_paused = true)]
async fn every_row_is_judged_as_the_engine_would_and_by_what_only_a_plan_knows() {
    let p = project(1);
    let upgrading = Stage::Upgrading { since: START, path: UpgradePath::SHARED_TO_FLEX };
    let long = ["orders-of-the-northern-shops", "orders-of-the-northern-ports"];
    let at = |name: &str, stage| Cluster::shared(&p, name, "AWS", "US_EAST_1", 1).at(stage);
    let clusters = vec![
        at("good", Stage::Shared),
        at("paused", Stage::Paused),
        at("there", Stage::Dedicated),
        at("flex", Stage::Flex),
        at("busy", upgrading),
        Cluster::shared(&p, "region", "AWS", "MOON_1", 1),
        Cluster::shared(&p, "elsewhere-now", "GCP", "WESTERN_EUROPE", 1),
        at(long[0], Stage::Shared),
        at(long[1], Stage::Shared),
        at("begun", Stage::Shared),
        at("elsewhere", Stage::Shared),
    ];
    let names = ["good", "paused", "there", "flex", "busy", "missing", long[0], "begun", "elsewhere"];
    let mut rows: Vec<NewJob> =
        names.iter().zip(2..).map(|(name, number)| row(number, &p, name, "US_EAST_1")).collect();
    rows.push(row(90, &p, "region", "MOON_1"));
    rows.push(row(91, &p, "elsewhere-now", "US_EAST_1"));
    let key = |name: &str| ClusterKey::new(&p, name);
    let known = BTreeMap::from([
        (key("begun"), Known::Begun(State::Succeeded, None)),
        (key("elsewhere"), Known::Elsewhere("q3".to_owned())),
    ]);
    let (survey, words) = planned(Settings::default(), clusters, &rows, &known).await;
    insta::assert_snapshot!(words.join("\n"));
    assert_eq!(survey.unlisted, Some(Vec::new()));
    assert_eq!(survey.limits.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_project_that_is_closed_or_unknown_closes_no_other() {
    let mut refusals = Refusals::default();
    assert!(refusals.set(&project(2), "NOT_IN_GROUP"));
    let settings = Settings { refusals, ..Settings::default() };
    let clusters = [1, 2].map(|number| Cluster::shared(&project(number), "c", "AWS", "US_EAST_1", 1)).to_vec();
    let rows = [1, 2, 3].map(|number| row(i64::from(number) + 1, &project(number), "c", "US_EAST_1"));
    let (survey, words) = planned(settings, clusters, &rows, &BTreeMap::new()).await;
    assert_eq!(
        words,
        [
            "c: M0 TENANT in AWS US_EAST_1, MongoDB 8.0.29, IDLE -> M10 in AWS US_EAST_1: eligible",
            "c: not seen -> M10 in AWS US_EAST_1: not eligible: NOT_IN_GROUP",
            "c: not seen -> M10 in AWS US_EAST_1: not eligible: GROUP_NOT_FOUND",
        ]
    );
    assert_eq!(survey.unlisted, Some(vec![project(3)]));
}

#[tokio::test(start_paused = true)]
async fn reads_that_fail_are_made_again() {
    let mut faults = Faults::default();
    for name in ["throttle", "unavailable", "error_before", "drop_before"] {
        assert!(faults.set(name, 0.1));
    }
    let clusters = (1..30).map(|number| Cluster::shared(&project(number), "c", "AWS", "US_EAST_1", 1)).collect();
    let rows: Vec<NewJob> = (1..30).map(|number| row(i64::from(number), &project(number), "c", "US_EAST_1")).collect();
    let (_, words) = planned(Settings { faults, ..Settings::default() }, clusters, &rows, &BTreeMap::new()).await;
    assert!(words.iter().all(|words| words.ends_with(": eligible")), "{words:?}");
}

/// The plan of two rows, `good` and `bad`, whose Atlas answers so where `answer` says something; and how long it took.
async fn planned_against(
    answer: impl Fn(&str) -> Option<(u16, &'static str)> + Send + Sync + 'static,
) -> (Survey, Vec<(String, Verdict, Option<String>)>, Duration) {
    planned_with("0", answer).await
}

/// The same with this `Retry-After`.
async fn planned_with(
    retry_after: &'static str,
    answer: impl Fn(&str) -> Option<(u16, &'static str)> + Send + Sync + 'static,
) -> (Survey, Vec<(String, Verdict, Option<String>)>, Duration) {
    let clock = Clock::starting_at(START);
    let clusters = ["good", "bad"].map(|name| Cluster::shared(&project(1), name, "AWS", "US_EAST_1", 1)).to_vec();
    let simulator = Simulator::new(clusters, Settings::default(), clock);
    let transport = Transport::in_process(Arc::new(move |request: http::Request<bytes::Bytes>| {
        let simulator = simulator.clone();
        let made_up = answer(request.uri().path()).map(|(status, body)| {
            let answer = http::Response::builder().status(status).header("retry-after", retry_after);
            answer.body(bytes::Bytes::from_static(body.as_bytes())).unwrap()
        });
        async move {
            match made_up {
                Some(answer) => Some(answer),
                None => simulator.answer(request).await.ok(),
            }
        }
        .boxed()
    }));
    let client = Client::new(transport, None, clock, Duration::from_secs(30));
    let operation = Operation::of_name("m0-to-dedicated").unwrap();
    let rows = [row(2, &project(1), "good", "US_EAST_1"), row(3, &project(1), "bad", "US_EAST_1")];
    let survey = survey(&client, clock, operation, (1000, 4), &rows).await.unwrap();
    let policy = Policy::default();
    let judged = judge(operation, &rows, &survey, &BTreeMap::new(), (&policy, clock.now()));
    let took = clock.now().since(START);
    (survey, judged.into_iter().map(|row| (row.cluster_name, row.verdict, row.code)).collect(), took)
}

const BROKEN: (u16, &str) = (500, r#"{"error":500,"errorCode":"UNEXPECTED_ERROR"}"#);

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_concerns_its_cluster_and_neither_its_project_nor_another_one() {
    // The list fails for good, and so does the single read of one cluster.
    let (survey, rows, took) =
        planned_against(|path| (path.ends_with("/clusters") || path.ends_with("/bad")).then_some(BROKEN)).await;
    assert_eq!(rows[0], ("good".to_owned(), Verdict::Eligible, None));
    assert_eq!(rows[1], ("bad".to_owned(), Verdict::NotSeen, Some("UNEXPECTED_ERROR".to_owned())));
    assert!(survey.closed.is_empty(), "{:?}", survey.closed);
    assert!(Duration::from_secs(20) < took && took <= Duration::from_mins(1), "looked at again, for {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_can_be_seen_at_last_is_seen() {
    let tries = std::sync::atomic::AtomicU32::new(0);
    let (_, rows, took) = planned_against(move |path| {
        let reads = path.ends_with("/clusters") || path.contains("/clusters/");
        let reads = reads && !path.contains("regions");
        let early = reads && tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 4;
        early.then_some((429, r#"{"error":429,"errorCode":"RATE_LIMITED"}"#))
    })
    .await;
    assert!(rows.iter().all(|(_, verdict, _)| *verdict == Verdict::Eligible), "{rows:?}");
    assert!(took >= Duration::from_secs(7), "Retry-After: 0 is no reason to hurry: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_atlas_asked_to_wait_for_says_until_when() {
    let throttled = (429, r#"{"error":429,"errorCode":"RATE_LIMITED"}"#);
    let (survey, rows, took) = planned_with("1000", move |path| path.contains("lusters").then_some(throttled)).await;
    assert!(rows.iter().all(|(_, verdict, _)| *verdict == Verdict::NotSeen), "{rows:?}");
    let said = "too many requests, again and again: Atlas asked to wait until 2027-01-15T08:16:40.000Z";
    assert!(survey.unseen.values().all(|fault| fault.detail == said), "{:?}", survey.unseen);
    assert_eq!(took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_list_of_projects_that_cannot_be_read_is_no_word_on_what_is_seen() {
    let (survey, rows, _) = planned_against(|path| path.ends_with("/groups").then_some(BROKEN)).await;
    assert_eq!(survey.unlisted, None);
    assert!(rows.iter().all(|(_, verdict, _)| *verdict == Verdict::Eligible), "{rows:?}");
}

#[tokio::test(start_paused = true)]
async fn lists_without_an_end_are_read_no_further_and_each_cluster_by_itself() {
    let page = |row: &str| -> &'static str { format!(r#"{{"results":[{}]}}"#, vec![row; 500].join(",")).leak() };
    let cluster = page(
        r#"{"id":"5f00000000000000000000aa","name":"other","stateName":"IDLE","providerSettings":
            {"providerName":"TENANT","backingProviderName":"AWS","instanceSizeName":"M0","regionName":"US_EAST_1"}}"#,
    );
    let project = page(r#"{"id":"5f00000000000000000000aa","orgId":"5f00000000000000000000bb","name":"other"}"#);
    let (survey, rows, took) = planned_against(move |path| match path {
        path if path.ends_with("/clusters") => Some((200, cluster)),
        path if path.ends_with("/groups") => Some((200, project)),
        _ => None,
    })
    .await;
    assert!(rows.iter().all(|(_, verdict, _)| *verdict == Verdict::Eligible), "{rows:?}");
    assert_eq!(survey.unlisted, None, "what such a list does not show is no news");
    assert!(took < Duration::from_mins(1), "{took:?}");
}

#[test]
fn a_plan_that_was_edited_is_known_by_its_digest() {
    let plan: Plan = Plan {
        drydock: "0.1.0".into(),
        made_at: "now".into(),
        campaign: "q4".into(),
        file: "q4.toml".into(),
        operation: "m0-to-flex".into(),
        against: "https://cloud.mongodb.com".into(),
        signed_in_as: "nobody".into(),
        form: FORM,
        campaign_digest: Fingerprint::of_campaign("q4", Operation::all()[0], "https://cloud.mongodb.com", false),
        fleet_digest: Fingerprint::default().finish(),
        counts: BTreeMap::from([(Verdict::Eligible, 1)]),
        region_changes: 0,
        holds: Vec::new(),
        asked_until: None,
        unseen_projects: Some(Vec::new()),
        limits: BTreeMap::new(),
        retires: BTreeMap::new(),
        changes: Vec::new(),
        estimate: Some(Estimate { upgrade_seconds: 25, requests: 3, duration_seconds: 60, peak_in_flight: 1 }),
        rows: Vec::new(),
        digest: String::new(),
    }
    .sealed();
    let text = serde_json::to_string_pretty(&plan).unwrap();
    let read: Plan = serde_json::from_str(&text).unwrap();
    assert!(read == plan && read.is_as_written());
    let edited: Plan = serde_json::from_str(&text.replace("m0-to-flex", "m0-to-dedicated")).unwrap();
    assert!(!edited.is_as_written());
    // A plan of an older version is read, so that a run can say that it is one.
    let mut older: serde_json::Value = serde_json::from_str(&text).unwrap();
    for new in ["form", "region_changes"] {
        older.as_object_mut().unwrap().remove(new).unwrap();
    }
    let older: Plan = serde_json::from_value(older).unwrap();
    assert_ne!(older.form, FORM);
}

#[test]
fn a_fingerprint_is_of_every_cell_and_of_the_order() {
    let print = |rows: &[NewJob]| {
        let mut print = Fingerprint::default();
        for row in rows {
            print.add(row);
        }
        print.finish()
    };
    let (one, two) = (row(2, "p", "a", "R"), row(3, "p", "b", "R"));
    let mut changed = two.clone();
    changed.extra.push(("owner".into(), "mara".into()));
    let all = [
        print(&[one.clone(), two.clone()]),
        print(&[two.clone(), one.clone()]),
        print(&[one.clone(), changed]),
        print(&[one]),
    ];
    assert!(all.iter().enumerate().all(|(place, print)| !all[..place].contains(print)), "{all:?}");
}
