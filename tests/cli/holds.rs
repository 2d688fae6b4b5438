//! What one project's answer stops, what people read of it, and how they let it go on.

use serde_json::Value;

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::{Workdir, project, sql};

#[test]
fn a_project_that_is_not_paid_for_waits_for_its_release_while_the_others_finish() {
    let dir = Workdir::with_fleet(3, 2);
    let unpaid = project(1);
    let atlas = Atlas::serve(&dir, &["--bar", &format!("{unpaid}=NO_PAYMENT_INFORMATION_FOUND")]);
    let address = atlas.url.strip_prefix("http://").unwrap().to_owned();
    let held = dir.run(&["run", "fast.toml", "--progress", "none"]).with(12);
    insta::assert_snapshot!("held", scrub(&held.whole(), &dir));
    let status = scrub(&dir.run(&["status"]).with(0).stdout, &dir);
    let moment = ["rate", "waits for", "last write"];
    let lasts = |line: &&str| !moment.iter().any(|word| line.starts_with(word));
    insta::assert_snapshot!("held_status", status.lines().filter(lasts).collect::<Vec<_>>().join("\n"));
    let holds = &dir.status()["holds"];
    assert_eq!(
        (&holds[0]["scope"], &holds[0]["id"], &holds[0]["jobs"]),
        (&"project".into(), &unpaid.as_str().into(), &2.into())
    );
    let reason = format!("release of project {unpaid}: NO_PAYMENT_INFORMATION_FOUND");
    let list = dir.run(&["list"]).with(0).stdout;
    assert_eq!(list.lines().filter(|line| line.ends_with(&reason)).count(), 2, "{list}");
    let waiting: Vec<Value> = dir.histories().into_iter().map(|job| job["waiting_for"].clone()).collect();
    assert_eq!(waiting.iter().filter(|waiting| **waiting == reason).count(), 2, "{waiting:?}");
    assert_eq!(waiting.iter().filter(|waiting| waiting.is_null()).count(), 4, "those that have ended: {waiting:?}");
    let report = dir.report();
    let column = report[0].iter().position(|name| name == "waiting_for").unwrap();
    assert_eq!(report.iter().filter(|row| row[column] == reason).count(), 2);
    assert_eq!(dir.status()["waiting_for"], "an operator's release");
    let show = dir.run(&["show", &format!("{unpaid}/orders-0")]).with(0).stdout;
    let show = show.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(show.contains(&format!("waits for {reason}")), "{show}");
    atlas.stop();

    // It is paid for now, but nobody has said so.
    let atlas = Atlas::serve(&dir, &["--listen", &address]);
    let again = dir.run(&["run", "fast.toml", "--progress", "none"]).with(12);
    insta::assert_snapshot!("held_again", scrub(&again.stderr, &dir));

    let wrong = dir.run(&["release", "--project", &project(2)]).with(2);
    insta::assert_snapshot!("release_of_what_is_not_held", wrong.stderr);
    let released = dir.run(&["release", "fast.toml", "--reason", "paid, OPS-7"]).with(0);
    insta::assert_snapshot!("released", scrub(&released.whole(), &dir));
    let over = &dir.status()["released"][0];
    assert_eq!((&over["id"], &over["reason"]), (&unpaid.as_str().into(), &"paid, OPS-7".into()));
    assert_eq!(dir.run(&["release"]).with(0).stdout, "fast: nothing is held\n");
    let run = dir.run(&["run", "fast.toml"]).with(0);
    assert!(run.stdout.contains("6 succeeded"), "{}", run.stdout);
    assert_eq!(atlas.stop().effects, 2);
}

#[test]
fn an_operation_that_is_gone_costs_one_request_and_its_message_names_those_that_are_served() {
    let dir = Workdir::with_fleet(3, 4);
    let atlas = Atlas::serve(&dir, &["--bar", "*=VERSION_GONE"]);
    let held = dir.run(&["run", "fast.toml", "--progress", "none"]).with(12);
    let words = held.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let served = "Atlas no longer serves this operation. This campaign's operation is shared-to-serverless; Atlas serves \
        m0-to-flex, m0-to-dedicated, flex-to-dedicated.";
    assert!(words.contains("held the campaign since") && words.contains(served), "{words}");
    let books = atlas.stop();
    assert_eq!((books.upgrade_requests, books.effects), (1, 0), "{books:?}");
}

#[test]
fn a_wait_that_only_a_dead_run_tells_of_is_not_released() {
    let dir = Workdir::with_fleet(1, 1);
    dir.run(&["run", "fast.toml", "--simulate", "-q"]).with(0);
    let note = "INSERT INTO run_notes (campaign_id, runner, asked_until, asked_again) \
        SELECT 1, id, 4000000000000, 4000000000000 FROM runners LIMIT 1 \
        ON CONFLICT (campaign_id) DO UPDATE SET runner = excluded.runner, asked_until = excluded.asked_until, \
        asked_again = excluded.asked_again";
    sql(&dir, note);
    assert_eq!(dir.run(&["release", "fast"]).with(0).stdout, "fast: nothing is held\n");
}
