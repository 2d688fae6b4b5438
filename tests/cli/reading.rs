//! What is read of a job table: `status`, `list`, `show`.

use serde_json::Value;

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::{TOKEN, Workdir, fleet, project};

const STATES: [&str; 9] =
    ["pending", "ready", "submitting", "verifying", "upgrading", "succeeded", "skipped", "failed", "cancelled"];

/// A directory in which two of four jobs have succeeded and two have failed.
fn a_run_with_failures() -> Workdir {
    let dir = Workdir::with_fleet(2, 2);
    let atlas = Atlas::serve(&dir, &[]);
    // Two more rows, of clusters that Atlas does not know.
    let known = dir.read("fleet.csv");
    dir.write("fleet.csv", &known.replacen("orders-0", "gone-0", 2));
    dir.run(&["run", "fast.toml", "-q"]).with(10);
    atlas.stop().are_clean(2);
    dir
}

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_json_of_status_list_and_show_is_that_of_the_contract() {
    let dir = a_run_with_failures();
    let status = dir.status();
    assert_eq!((&status["campaign"], &status["total"]), (&"fast".into(), &4.into()));
    let counts = status["counts"].as_object().unwrap();
    assert_eq!(counts.keys().map(String::as_str).collect::<Vec<_>>(), STATES);
    assert_eq!((&counts["succeeded"], &counts["failed"]), (&2.into(), &2.into()));

    let jobs = objects(&dir.run(&["list", "--json"]).with(0).stdout);
    let rows: Vec<i64> = jobs.iter().map(|job| job["row"].as_i64().unwrap()).collect();
    assert_eq!(rows, [2, 3, 4, 5]);
    assert!(jobs.iter().all(|job| job["owner"].as_str().unwrap().starts_with("mara, ")), "{jobs:#?}");
    let failed = objects(&dir.run(&["list", "fast", "--state", "failed,cancelled", "--json"]).with(0).stdout);
    assert!(failed.len() == 2 && failed.iter().all(|job| job["error_code"] == "CLUSTER_NOT_FOUND"), "{failed:#?}");
    let here = objects(&dir.run(&["list", "fast.toml", "--project", &project(1), "--json"]).with(0).stdout);
    assert!(here.len() == 2 && here.iter().all(|job| job["project_id"] == project(1)), "{here:#?}");

    let job = format!("{}/orders-1", project(0));
    let shown = objects(&dir.run(&["show", &job, "--json"]).with(0).stdout);
    let [shown] = shown.as_slice() else { panic!("{shown:#?}") };
    let history = shown["history"].as_array().unwrap();
    let seqs: Vec<u64> = history.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=history.len() as u64).collect::<Vec<_>>());
    assert_eq!((&shown["state"], &history.last().unwrap()["state"]), (&"succeeded".into(), &"succeeded".into()));
    let events: Vec<&str> = history.iter().map(|entry| entry["event"].as_str().unwrap()).collect();
    let sent = events.iter().position(|event| *event == "intent").unwrap();
    assert_eq!(events[sent + 1], "accepted", "{events:?}");
}

#[test]
fn what_people_read_of_a_run_with_failures_says_what_to_do() {
    let dir = a_run_with_failures();
    let again = dir.run(&["run", "fast.toml", "--progress", "none"]).with(10);
    insta::assert_snapshot!("run_with_failures", scrub(&again.whole(), &dir));
    let status = dir.run(&["status"]).with(0);
    insta::assert_snapshot!("status", scrub(&status.whole(), &dir));
    let list = dir.run(&["list"]).with(0);
    insta::assert_snapshot!("list", scrub(&list.whole(), &dir));
    let nothing = dir.run(&["list", "--state", "upgrading"]).with(0);
    assert_eq!((&*nothing.stdout, &*nothing.stderr), ("", "no job is like that\n"));
    let show = dir.run(&["show", &format!("{}/gone-0", project(0))]).with(0).stdout;
    // Its times of day are for people, and its number of looks is another one each time.
    let facts = show.split("\n\n").next().unwrap();
    insta::assert_snapshot!("show", scrub(facts, &dir));
}

#[test]
fn to_watch_ends_when_every_job_has() {
    let dir = a_run_with_failures();
    let watched = dir.run(&["status", "--watch", "--json"]).with(0);
    assert_eq!(objects(&watched.stdout).last().unwrap()["ended"], 4);
}

#[test]
fn an_upgrade_whose_cluster_vanished_or_is_what_it_was_is_not_called_upgrading() {
    let dir = Workdir::with_fleet(1, 2);
    let both = dir.read("fleet.csv");
    let atlas = Atlas::serve_as(&TOKEN, &dir, &["--shortest", "1h", "--longest", "1h"]);
    let address = atlas.url.strip_prefix("http://").unwrap().to_owned();
    let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "none"]);
    (0..2).for_each(|_| drop(run.logs("submitting -> upgrading")));
    run.kill();
    atlas.stop();
    // An Atlas that forgot the upgrades, and one cluster altogether.
    dir.write("fleet.csv", &fleet(1, 1));
    let atlas = Atlas::serve(&dir, &["--listen", &address]);
    dir.write("fleet.csv", &both);
    dir.tune("look", "settle = \"1m\"");
    let mut run = dir.start(&["run", "fast.toml", "--progress", "plain"]);
    run.logs("0/2 done, 1 missing, 1 unchanged");
    run.signal("INT");
    run.end().with(130);
    let said = dir.run(&["status"]).with(0).stdout;
    for line in ["missing     1 of the followed: ", "unchanged   1 of the followed: "] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert_eq!(atlas.stop().upgrade_requests, 0);
}
