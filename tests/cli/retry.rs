//! `drydock retry` after what was wrong has been set right.

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::Workdir;

#[test]
fn what_has_failed_goes_back_and_the_next_run_does_it() {
    let dir = Workdir::with_fleet(2, 2);
    let atlas = Atlas::serve(&dir, &["--fault", "refuse=1"]);
    let address = atlas.url.strip_prefix("http://").unwrap().to_owned();
    let refused = dir.run(&["run", "fast.toml", "--progress", "none"]).with(10);
    insta::assert_snapshot!("refused", scrub(&refused.stdout, &dir));
    let books = atlas.stop();
    assert_eq!((books.upgrade_requests, books.effects, books.broken_rules), (4, 0, 0), "{books:?}");

    let retried = dir.run(&["retry", "fast.toml", "--all-failed", "--reason", "the tier was set right"]).with(0);
    insta::assert_snapshot!("retried", scrub(&retried.whole(), &dir));
    assert_eq!(dir.status()["counts"]["pending"], 4);

    // A campaign keeps to its host, so the other Atlas stands in the same place.
    let atlas = Atlas::serve(&dir, &["--listen", &address]);
    let run = dir.run(&["run", "fast.toml"]).with(0);
    assert!(run.stdout.contains("4 succeeded"), "{}", run.stdout);
    atlas.stop().are_clean(4);
    let history = dir.run(&["report", "--format", "jsonl"]).with(0).stdout;
    assert_eq!(history.matches("the tier was set right").count(), 4);

    let nothing = dir.run(&["retry", "--all-failed"]).with(0);
    insta::assert_snapshot!("nothing_to_retry", nothing.whole());
}

#[test]
fn a_retry_gives_what_was_sent_as_long_to_leave_as_the_campaign_file_says() {
    let dir = Workdir::with_fleet(1, 1);
    let atlas = Atlas::serve(&dir, &["--fault", "roll_back=1"]);
    let aimed = dir.read("fast.toml");
    dir.write("fast.toml", &aimed.replace("[atlas]", "[atlas]\nrequest_timeout = \"120s\""));
    let run = dir.run(&["run", "fast.toml", "--progress", "none"]).with(10);
    assert!(run.stdout.contains("DID_NOT_TAKE"), "{}", run.stdout);
    let waits = || {
        let status = dir.status();
        let at = |key: &str| status[key].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        at("next_due_at").duration_since(at("last_write_at")).as_millis()
    };
    let retried = dir.run(&["retry", "--all-failed"]).with(0);
    assert!(retried.stdout.contains("1 to verifying first"), "{}", retried.stdout);
    assert_eq!(waits(), 120_300, "the time-out and settle");
    atlas.stop();
}
