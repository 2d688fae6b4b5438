//! `drydock plan`, and a run of just what was planned.

use drydock::planning::{Plan, Verdict};
use serde_json::Value;

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::{Workdir, project};

/// A fleet of m0-to-flex in two projects, and its Atlas, of which one project is closed.
fn dir() -> (Workdir, Atlas) {
    let dir = Workdir::with_fleet(2, 2);
    let closed = format!("{}=NOT_IN_GROUP", project(1));
    let atlas = Atlas::serve(&dir, &["--bar", &closed]);
    expect_quick(&dir);
    (dir, atlas)
}

/// The campaign of the tests looks so often that hours of it are many looks.
fn expect_quick(dir: &Workdir) {
    dir.write("fast.toml", &format!("{}\n[rehearsal]\nmedian = \"10s\"\nspread = 2\n", dir.read("fast.toml")));
}

fn plan(dir: &Workdir) -> Value {
    serde_json::from_str(&dir.read("fleet.plan.json")).unwrap()
}

#[test]
fn a_plan_says_of_every_row_what_it_is_what_it_will_be_and_whether_it_may_and_changes_nothing() {
    let (dir, atlas) = dir();
    let planned = dir.run(&["plan", "fast.toml", "--rows", "--out", "fleet.plan.json"]).with(10);
    // How long it takes is played anew each time, and differs by the moment at which it is.
    let whole = scrub(&planned.whole(), &dir);
    let (before, after) = whole.split_once("  takes ").unwrap();
    let after = after.split_once("median\n").unwrap().1;
    insta::assert_snapshot!("plan", format!("{before}{after}"));
    assert!(!dir.has("drydock.db"), "a plan makes no database");
    let json = dir.run(&["plan", "fast.toml", "--json"]).with(10).stdout;
    let (one, two): (Value, Value) = (serde_json::from_str(&json).unwrap(), plan(&dir));
    assert_eq!(one["rows"], two["rows"]);
    assert_eq!(one["counts"], serde_json::json!({"eligible": 2, "not_eligible": 2}));
    assert_eq!(atlas.stop().upgrade_requests, 0);
}

#[test]
fn a_plan_is_run_as_it_was_made_and_what_it_left_out_is_left_out() {
    let (dir, atlas) = dir();
    let address = atlas.url.strip_prefix("http://").unwrap().to_owned();
    dir.run(&["plan", "fast.toml", "--out", "fleet.plan.json"]).with(10);
    atlas.stop();
    // The closed project has been opened since; but nobody has approved that.
    let before = dir.read("fast.toml");
    let atlas = Atlas::serve(&dir, &["--listen", &address]);
    dir.write("fast.toml", &before);
    let run = dir.run(&["run", "--plan", "fleet.plan.json", "--progress", "none"]).with(10);
    insta::assert_snapshot!("run_of_a_plan", scrub(&run.whole(), &dir));
    let books = atlas.stop();
    assert_eq!((books.upgrade_requests, books.effects, books.broken_rules), (2, 2, 0), "{books:?}");
    let tied = dir.histories();
    assert_eq!(tied[0]["history"][0]["event"], "planned");
    dir.run(&["audit", "verify"]).with(0);
}

#[test]
fn what_a_plan_could_not_see_is_looked_at_when_it_is_run() {
    let dir = Workdir::with_fleet(1, 2);
    let atlas = Atlas::serve(&dir, &[]);
    expect_quick(&dir);
    dir.run(&["plan", "fast.toml", "--out", "fleet.plan.json"]).with(0);
    // As if one of the two had answered 500 for a minute.
    let mut unseen: Plan = serde_json::from_str(&dir.read("fleet.plan.json")).unwrap();
    let row = &mut unseen.rows[1];
    (row.verdict, row.cluster_id, row.connection_string) = (Verdict::NotSeen, None, None);
    row.code = Some("UNEXPECTED_ERROR".to_owned());
    unseen.counts = [(Verdict::Eligible, 1), (Verdict::NotSeen, 1)].into();
    dir.write("fleet.plan.json", &serde_json::to_string(&unseen.sealed()).unwrap());
    let run = dir.run(&["run", "--plan", "fleet.plan.json", "--progress", "none"]).with(0);
    let said = "1 cluster to be upgraded as it saw them, 0 left out, 1 that it could not see is looked at first";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    atlas.stop().are_clean(2);
    assert_eq!(dir.histories()[1]["history"][0]["event"], "looked");
}

#[test]
fn a_plan_that_could_see_nothing_is_run_by_what_is_there_then() {
    let dir = Workdir::with_fleet(1, 1);
    let atlas = Atlas::serve(&dir, &[]);
    expect_quick(&dir);
    dir.run(&["plan", "fast.toml", "--out", "fleet.plan.json"]).with(0);
    let mut unseen: Plan = serde_json::from_str(&dir.read("fleet.plan.json")).unwrap();
    unseen.rows[0].verdict = Verdict::NotSeen;
    unseen.counts = [(Verdict::NotSeen, 1)].into();
    dir.write("fleet.plan.json", &serde_json::to_string(&unseen.sealed()).unwrap());
    dir.run(&["run", "--plan", "fleet.plan.json", "-q"]).with(0);
    atlas.stop().are_clean(1);
}

#[test]
fn a_plan_of_one_host_is_not_run_against_another() {
    let (dir, atlas) = dir();
    dir.run(&["plan", "fast.toml", "--out", "fleet.plan.json"]).with(10);
    dir.aim("http://127.0.0.1:1");
    expect_quick(&dir);
    let refused = dir.run(&["run", "--plan", "fleet.plan.json"]).with(2).stderr;
    let why = format!("the plan is for {}, and this run would be against http://127.0.0.1:1: nothing was", atlas.url);
    assert!(refused.contains(&why), "{refused}");
    assert!(!dir.has("drydock.db"));
    assert_eq!(atlas.stop().upgrade_requests, 0);
}

#[test]
fn a_plan_of_what_has_changed_since_is_refused_before_anything_is_started() {
    let (dir, atlas) = dir();
    dir.run(&["plan", "fast.toml", "--out", "fleet.plan.json"]).with(10);
    let (fleet, campaign, plan) = (dir.read("fleet.csv"), dir.read("fast.toml"), dir.read("fleet.plan.json"));
    let mut said = String::new();
    for (file, text) in [
        ("fleet.csv", fleet.replacen("US_EAST_1", "US_WEST_2", 1)),
        ("fast.toml", campaign.replace("shared-to-serverless", "m0-to-flex")),
        ("fast.toml", format!("campaign = \"slow\"\n{campaign}")),
        ("fast.toml", format!("{campaign}\n[guard]\nallow_region_change = true\n")),
        ("fleet.plan.json", plan.replace("\"form\": 2", "\"form\": 1")),
        ("fleet.plan.json", plan.replacen("not_eligible", "eligible", 1)),
        ("fleet.plan.json", "{}".to_owned()),
    ] {
        let before = dir.read(file);
        dir.write(file, &text);
        let refused = dir.run(&["run", "--plan", "fleet.plan.json"]).with(2);
        said.push_str(&scrub(&refused.stderr, &dir));
        dir.write(file, &before);
    }
    insta::assert_snapshot!("stale_plans", said);
    assert!(!dir.has("drydock.db"));
    assert_eq!(atlas.stop().upgrade_requests, 0);
}

#[test]
fn a_plan_outlives_comments_and_another_pace() {
    let dir = Workdir::with_fleet(1, 2);
    let atlas = Atlas::serve(&dir, &[]);
    expect_quick(&dir);
    dir.run(&["plan", "fast.toml", "--out", "fleet.plan.json"]).with(0);
    dir.tune("pace", "workers = 2");
    dir.write("fast.toml", &format!("# Approved by mara.\n{}", dir.read("fast.toml")));
    dir.run(&["run", "--plan", "fleet.plan.json"]).with(0);
    atlas.stop().are_clean(2);
}

#[test]
fn a_name_that_stands_in_the_fleet_alone_makes_no_cluster_ineligible() {
    let dir = Workdir::with_fleet(1, 1);
    let there = dir.read("fleet.csv").replace("orders-0", "customer-orders-prod-eu-west");
    dir.write("fleet.csv", &there);
    let atlas = Atlas::serve(&dir, &[]);
    expect_quick(&dir);
    let absent = there.lines().nth(1).unwrap().replace("eu-west", "eu-central");
    dir.write("fleet.csv", &format!("{there}{absent}\n"));
    dir.run(&["plan", "fast.toml", "--out", "fleet.plan.json"]).with(10);
    let rows = plan(&dir)["rows"].clone();
    assert_eq!((&rows[0]["verdict"], &rows[1]["code"]), (&"eligible".into(), &"CLUSTER_NOT_FOUND".into()), "{rows}");
    assert_eq!(rows[0]["warnings"], Value::Null);
    // And so a run does.
    let run = dir.run(&["run", "fast.toml"]).with(10);
    assert!(run.stdout.contains("1 succeeded") && run.stdout.contains("CLUSTER_NOT_FOUND"), "{}", run.stdout);
    atlas.stop().are_clean(1);
}

#[test]
fn a_cluster_that_is_no_longer_what_the_plan_saw_stops_its_row_alone() {
    let dir = Workdir::with_fleet(1, 2);
    let atlas = Atlas::serve(&dir, &[]);
    let address = atlas.url.strip_prefix("http://").unwrap().to_owned();
    expect_quick(&dir);
    let before = dir.read("fast.toml");
    dir.run(&["plan", "fast.toml", "--out", "fleet.plan.json"]).with(0);
    atlas.stop();
    // Other dice: other clusters under the same names.
    let atlas = Atlas::serve(&dir, &["--listen", &address, "--seed", "9"]);
    dir.write("fast.toml", &before);
    let run = dir.run(&["run", "--plan", "fleet.plan.json"]).with(10);
    assert!(run.stdout.contains("2 with CLUSTER_REPLACED"), "{}", run.stdout);
    assert_eq!(atlas.stop().upgrade_requests, 0);
}

#[test]
fn a_rehearsal_plays_the_own_fleet_and_touches_nothing() {
    let dir = Workdir::with_fleet(3, 4);
    expect_quick(&dir);
    // What a conflict has made doubtful is looked into soon.
    dir.write("fast.toml", &format!("{}\n[atlas]\nrequest_timeout = \"1s\"\n", dir.read("fast.toml")));
    let played = dir.run(&["rehearse", "fast.toml", "--fault", "conflict=0.1", "--json"]).with(0);
    let played: Value = serde_json::from_str(&played.stdout).unwrap();
    assert_eq!((&played["clusters"], &played["counts"]["succeeded"]), (&12.into(), &12.into()));
    // Ten at once in a project, so that there is one round.
    let seconds = played["duration_seconds"].as_f64().unwrap();
    assert!((15.0..25.0).contains(&seconds), "{played}");
    assert_eq!(played["peak_in_flight"], 12);
    assert!(!dir.has("drydock.db") && dir.has("reports/fast-rehearsal/report.csv"));
    let said = dir.run(&["rehearse", "fast.toml"]).with(0).stdout;
    assert!(said.contains("10.0 s in the median, 5.0 s to 20.0 s") && said.contains("12 succeeded"), "{said}");
}

#[test]
fn a_rehearsal_with_the_same_seed_gives_the_same_figures() {
    let dir = Workdir::with_fleet(3, 4);
    expect_quick(&dir);
    let figures = || {
        let played = dir.run(&["rehearse", "fast.toml", "--seed", "7", "--json"]).with(0).stdout;
        let mut played: Value = serde_json::from_str(&played).unwrap();
        // That is the time of day, if it was started now.
        played.as_object_mut().unwrap().remove("ends_at");
        played
    };
    let first = figures();
    for _ in 0..3 {
        assert_eq!(figures(), first);
    }
}

#[test]
fn a_plan_of_what_an_interrupted_run_has_left_finds_it_eligible() {
    let dir = Workdir::with_fleet(2, 4);
    let atlas = Atlas::serve(&dir, &[]);
    dir.aim_slowly(&atlas.url);
    let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "none"]);
    run.logs("submitting -> upgrading");
    run.kill();
    dir.aim(&atlas.url);
    let planned = dir.run(&["plan", "fast.toml", "--json"]);
    let planned: Value = serde_json::from_str(&planned.stdout).unwrap();
    assert!(planned["counts"]["eligible"].as_u64().is_some_and(|eligible| eligible >= 4), "{planned}");
    assert!(!planned.to_string().contains("LIVE_ELSEWHERE"), "{planned}");
}
