//! The clock of the machine is set back by an hour between two runs.

use drydock::clock::Millis;
use drydock::domain::history::{Entry, Kind};
use drydock::domain::job::Job;
use drydock::store::{Change, Filter, Open, Runner, Store};
use serde_json::Value;

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::Workdir;

/// An hour, in milliseconds.
const HOUR: i64 = 3_600_000;

/// Makes the database one that was last written by a clock which was an hour ahead of ours.
fn an_hour_ahead(dir: &Workdir) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = format!("sqlite:{}", dir.path().join("drydock.db").display());
        let store = Store::open(&url, Open::Existing).await.unwrap();
        let campaign = store.campaign("fast").await.unwrap().unwrap();
        let page = store.page(campaign.id, &Filter::default(), None, 1000).await.unwrap();
        let live = page.into_iter().map(|row| row.job).filter(|job| !job.state.is_ended());
        let newest = store.newest().await.unwrap().unwrap();
        let changes: Vec<_> = live.map(|job| ahead(job, newest)).collect();
        assert!(!changes.is_empty());
        let (id, host, version, started_by) = ("ahead".into(), "ahead".into(), "0".into(), "ahead".into());
        assert!(store.record(&Runner { id, host, version, started_by }, &changes).await.unwrap().are_all_written());
        store.close().await;
    });
}

/// What a clock an hour ahead would have written of a job, the last of it at `at`, an hour later.
fn ahead(mut job: Job, at: Millis) -> Change {
    let streak = job.observed.streak.as_mut().map(|streak| &mut streak.since);
    let times = [
        &mut job.schedule.due_at,
        &mut job.request.sent_at,
        &mut job.observed.looked_at,
        &mut job.request.accepted_at,
        &mut job.request.left_at,
        &mut job.observed.first_look_at,
        &mut job.request.submitted_at,
    ];
    times.into_iter().flatten().chain(streak).for_each(|at| at.0 += HOUR);
    Change::new(job, Some(Entry::new(Kind::Looked)), Millis(at.0 + HOUR))
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
