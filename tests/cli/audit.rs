//! The history vouches for itself, and a hand in the database is found out.

use serde_json::Value;

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::{Workdir, sql};

/// A campaign that has ended, and its run's last words.
fn ended() -> (Workdir, String) {
    let dir = Workdir::with_fleet(1, 3);
    let atlas = Atlas::serve(&dir, &[]);
    dir.aim(&atlas.url);
    let run = dir.run(&["run", "fast.toml"]).with(0);
    atlas.stop().are_clean(3);
    (dir, run.stdout)
}

#[test]
fn the_digest_of_the_run_is_that_of_the_report_and_of_the_audit() {
    let (dir, said) = ended();
    let audit = dir.run(&["audit", "verify", "fast"]).with(0);
    let digest = audit.stdout.lines().last().unwrap().strip_prefix("digest ").unwrap().to_owned();
    assert!(said.contains(&format!("  digest    {digest}\n")), "{said}");
    for line in dir.read("reports/fast/report.jsonl").lines() {
        let job: Value = serde_json::from_str(line).unwrap();
        assert_eq!(job["campaign_digest"], digest.as_str());
    }
    // How many looks there were is another number each time.
    let events: usize = dir.read("reports/fast/report.jsonl").matches("\"seq\":").count();
    let said = audit.whole().replace(&format!(" {events} events"), " [COUNT] events");
    insta::assert_snapshot!(scrub(&said, &dir));
}

#[test]
fn an_intent_and_its_answer_say_who_asked_for_what_and_how_it_went() {
    let (dir, _) = ended();
    let first: Value = serde_json::from_str(dir.read("reports/fast/report.jsonl").lines().next().unwrap()).unwrap();
    let history = first["history"].as_array().unwrap();
    let of = |kind: &str| history.iter().find(|event| event["event"] == kind).unwrap();
    let (intent, accepted) = (of("intent"), of("accepted"));
    for event in [intent, accepted] {
        assert_eq!((&event["send"], &event["method"]), (&1.into(), &"POST".into()), "{event}");
        assert!(event["path"].as_str().unwrap().ends_with("/clusters/tenantUpgradeToServerless"), "{event}");
        assert_eq!(event["version"], env!("CARGO_PKG_VERSION"));
        assert!(["runner", "host", "started_by"].iter().all(|key| !event[key].as_str().unwrap().is_empty()), "{event}");
    }
    let body: Value = serde_json::from_str(intent["detail"].as_str().unwrap()).unwrap();
    assert_eq!(body["name"], first["cluster_name"]);
    assert_eq!(accepted["status"], 200);
    assert!(accepted["duration_ms"].is_u64());
}

#[test]
fn a_hand_in_the_database_is_found_out_and_its_row_is_told_to_nobody() {
    let (dir, _) = ended();
    sql(&dir, "UPDATE jobs SET source_id = '5f0000000000000000000000' WHERE cluster_name = 'orders-1'");
    let found = dir.run(&["audit", "verify"]).with(1);
    insta::assert_snapshot!(scrub(&found.whole(), &dir));
    let refused = dir.run(&["report", "fast"]).with(1);
    insta::assert_snapshot!("report_of_an_edited_row", scrub(&refused.whole(), &dir));
    for words in [&["list"][..], &["show", "5f0000000000000000000001/orders-1"], &["report", "--format", "jsonl"]] {
        let refused = dir.run(words).with(1);
        let why = ["is not as drydock wrote it", "does not fit its history"];
        assert!(why.iter().any(|why| refused.stderr.contains(why)), "{words:?}: {}", refused.whole());
        assert!(!refused.stdout.contains("orders-1"), "{words:?}: {}", refused.stdout);
    }
}

#[test]
fn a_run_forgets_no_request_because_a_hand_in_the_database_did() {
    let dir = Workdir::with_fleet(1, 3);
    let atlas = Atlas::serve(&dir, &[]);
    dir.aim_slowly(&atlas.url);
    let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "none"]);
    run.logs("submitting -> upgrading");
    run.kill();
    sql(
        &dir,
        "UPDATE jobs SET state = 'pending', send = 0, attempts = 0, open = 0, accepted = 0, sent_at = NULL, \
            accepted_at = NULL, submitted_at = NULL, source_id = NULL, source_connection_string = NULL, \
            claimed_by = NULL, due_at = 1 WHERE accepted = 1",
    );
    for _ in 0..2 {
        let run = dir.run(&["run", "fast.toml"]).with(1);
        // Whoever comes first: the claim that reads the row, or the audit beside the run.
        let why = ["is not as drydock wrote it", "does not fit its history"];
        assert!(why.iter().any(|why| run.stderr.contains(why)), "{}", run.whole());
        dir.run(&["audit", "verify"]).with(1);
    }
    let books = atlas.stop();
    assert_eq!((books.asked_again, books.broken_rules), (0, 0), "{books:?}");
}

#[test]
fn a_job_that_was_removed_is_not_loaded_again_and_everybody_says_so() {
    let (dir, _) = ended();
    sql(
        &dir,
        "DROP TRIGGER events_are_never_deleted; DELETE FROM events WHERE job_id = 2; DELETE FROM jobs WHERE id = 2",
    );
    for words in [
        &["run", "fast.toml"][..],
        &["list"],
        &["report"],
        &["status"],
        &["retry", "--all-failed"],
        &["show", "5f0000000000000000000000/orders-0"],
    ] {
        let refused = dir.run(words).with(1);
        assert!(
            refused.stderr.contains("campaign fast, with 2 jobs of 3, in sqlite:"),
            "{words:?}: {}",
            refused.whole()
        );
        assert!(!refused.whole().contains("1 new"), "{words:?}: {}", refused.whole());
    }
    dir.run(&["audit", "verify"]).with(1);
}

#[test]
fn a_history_that_was_edited_stops_the_run_and_is_shown_to_nobody() {
    let (dir, _) = ended();
    sql(&dir, "DROP TRIGGER events_are_never_changed; UPDATE events SET detail = 'x' WHERE job_id = 2 AND seq = 1");
    for words in
        [&["run", "fast.toml"][..], &["report", "--format", "jsonl"], &["show", "5f0000000000000000000000/orders-1"]]
    {
        let refused = dir.run(words).with(1);
        assert!(
            refused.stderr.contains("orders-1, event 1: it, or its runner, is not what"),
            "{words:?}: {}",
            refused.whole()
        );
    }
    dir.run(&["run", "fast.toml", "--out", "other"]).with(1);
    let left = std::fs::read_dir(dir.path().join("other")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut left: Vec<_> = left.filter(|name| name != ".drydock").collect();
    left.sort();
    assert_eq!(left, ["report.csv"], "its rows are as they were, its histories are not");
    dir.run(&["report", "--format", "jsonl", "--out", "lines.jsonl"]).with(1);
    assert!(!dir.has("lines.jsonl"));
    assert!(dir.files().iter().all(|file| !file.to_string_lossy().contains(".part")), "half a report is left");
    // The rows are as they were.
    dir.run(&["list"]).with(0);
    dir.run(&["report", "--out", "table.csv"]).with(0);
}

#[test]
#[ignore = "needs python3; `.ci/run` runs it where there is one"]
fn the_python_of_the_documentation_comes_to_the_same_digest_and_finds_the_same_hand() {
    let (dir, said) = ended();
    let text = std::fs::read_to_string("docs/audit.md").unwrap();
    let (_, from) = text.split_once("```python\n").unwrap();
    dir.write("check.py", from.split_once("```").unwrap().0);
    let check = || {
        let mut python = std::process::Command::new("python3");
        python.current_dir(dir.path()).args(["check.py", "drydock.db", "fast"]).output().unwrap()
    };
    let (fits, digest) = (check(), String::from_utf8(check().stdout).unwrap());
    assert!(fits.status.success(), "{}", String::from_utf8_lossy(&fits.stderr));
    assert!(said.contains(&format!("  digest    {digest}")), "{digest}\n{said}");
    sql(&dir, "UPDATE jobs SET seen = 'IDLE?' WHERE cluster_name = 'orders-1'");
    let found = check();
    assert!(
        !found.status.success() && String::from_utf8_lossy(&found.stdout).contains("orders-1 its row"),
        "{found:?}"
    );
}
