//! The clock of the machine is set back by an hour between two runs.

use serde_json::Value;
use sqlx::{ConnectOptions, Connection};

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::Workdir;

/// Makes the database one that was written by a clock which was an hour ahead of ours. What a history says is never
/// changed, and stays.
fn an_hour_ahead(dir: &Workdir) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.path().join("drydock.db"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = options.connect().await.unwrap();
        let later = "UPDATE jobs SET due_at = due_at + 3600000, sent_at = sent_at + 3600000, \
            looked_at = looked_at + 3600000, accepted_at = accepted_at + 3600000, left_at = left_at + 3600000, \
            streak_since = streak_since + 3600000, first_look_at = first_look_at + 3600000, \
            submitted_at = submitted_at + 3600000 WHERE finished_at IS NULL";
        sqlx::query(later).execute(&mut connection).await.unwrap();
        let newest = "UPDATE campaigns SET touched_at = touched_at + 3600000";
        sqlx::query(newest).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_clock_that_is_set_back_between_two_runs_stalls_nothing_and_turns_no_history_back() {
    let dir = Workdir::with_fleet(4, 3);
    let atlas = Atlas::serve(&dir, &[]);
    dir.aim_slowly(&atlas.url);
    let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "none"]);
    run.logs("upgrading -> succeeded");
    run.kill();
    an_hour_ahead(&dir);
    let from = dir.status()["last_write_at"].as_str().unwrap().to_owned();
    dir.aim(&atlas.url);
    let next = dir.run(&["run", "fast.toml", "--progress", "none"]).with(0);
    let said = next.stderr.lines().find(|line| line.contains("clock")).unwrap();
    insta::assert_snapshot!(scrub(&spanless(said), &dir));
    atlas.stop().are_clean(12);
    for line in dir.read("reports/fast/report.jsonl").lines() {
        let job: Value = serde_json::from_str(line).unwrap();
        let history = job["history"].as_array().unwrap();
        let times: Vec<&str> = history.iter().map(|event| event["at"].as_str().unwrap()).collect();
        assert!(times.is_sorted(), "{job}");
        // What this run wrote is later than all that was written before, whatever this machine's clock says.
        let late = times.last().unwrap();
        assert!(job["finished_at"].as_str() <= Some(late), "{job}");
        assert!(**late > *from || job["finished_at"].as_str() < Some(&*from), "{late} is before {from}: {job}");
    }
}

/// An hour, less what has passed since.
fn spanless(line: &str) -> String {
    let (before, after) = line.split_once(" is ").unwrap();
    let (_, after) = after.split_once(" behind ").unwrap();
    format!("{before} is [SPAN] behind {after}")
}
