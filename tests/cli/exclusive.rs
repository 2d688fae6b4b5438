//! One runner at a time, one host a campaign.

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::{TOKEN, Workdir};

#[test]
fn a_second_run_at_the_same_time_is_refused_and_told_of_the_first() {
    let dir = Workdir::with_fleet(1, 2);
    let _atlas = Atlas::serve_as(&TOKEN, &dir, &["--shortest", "1h", "--longest", "2h"]);
    let mut first = dir.start(&["run", "fast.toml", "-v"]);
    first.logs("submitting -> upgrading");
    let second = dir.run(&["run", "fast.toml"]).with(2);
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = format!(" on {} (process {})", host.trim(), first.pid());
    assert!(second.stderr.contains(&name), "{name:?} is not in {}", second.stderr);
    assert!(second.stderr.contains(&format!(":{}:", first.pid())), "the runner is not named: {}", second.stderr);
    // To look is allowed, and so is the next run as soon as the first one is dead.
    assert_eq!(dir.status()["total"], 2);
    first.kill();
    let mut third = dir.start(&["run", "fast.toml", "-v"]);
    third.logs("taking over");
}

#[test]
fn a_campaign_goes_on_against_what_it_was_begun_against() {
    let dir = Workdir::with_fleet(1, 1);
    let atlas = Atlas::serve(&dir, &[]);
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    let books = atlas.stop();
    books.are_clean(1);
    let simulated = dir.run(&["run", "fast.toml", "--simulate"]).with(2);
    dir.aim("http://localhost:1");
    let elsewhere = dir.run(&["run", "fast.toml"]).with(2);
    let refusal = |said: &str| said.lines().find(|line| line.starts_with("error:")).unwrap().to_owned();
    let planned = dir.run(&["plan", "fast.toml"]).with(2);
    assert_eq!(refusal(&planned.stderr), refusal(&elsewhere.stderr));
    let said = format!("{}{}", simulated.whole(), elsewhere.whole());
    insta::assert_snapshot!(scrub(&said, &dir));
}

#[test]
fn a_campaign_that_was_simulated_is_planned_against_no_host() {
    let dir = Workdir::with_fleet(1, 1);
    let atlas = Atlas::serve(&dir, &[]);
    dir.run(&["run", "fast.toml", "--simulate", "-q"]).with(0);
    let planned = dir.run(&["plan", "fast.toml"]).with(2);
    let run = dir.run(&["run", "fast.toml"]).with(2);
    let said = "was first run against simulation, not against http://127.0.0.1:";
    assert!(planned.stderr.contains(said) && run.stderr.contains(said), "{}{}", planned.stderr, run.stderr);
    assert_eq!(planned.stdout, "");
    atlas.stop();
}

#[test]
fn what_a_job_waits_for_whose_time_has_come_is_told_beside_a_run_and_without_one() {
    let dir = Workdir::with_fleet(1, 8);
    let atlas = Atlas::serve_as(&TOKEN, &dir, &["--shortest", "1h", "--longest", "2h"]);
    dir.tune("pace", "max_in_flight = 1");
    dir.tune("pace", "workers = 1");
    let mut run = dir.start(&["run", "fast.toml", "-v"]);
    run.logs("submitting -> upgrading");
    let waits = || dir.status()["waiting_for"].as_str().unwrap().to_owned();
    let beside = waits();
    let turn =
        "its turn: the run begins as much at once as [pace] of the campaign file allows; the next job was due at 20";
    assert!(beside.starts_with(turn), "{beside}");
    run.kill();
    let without = waits();
    assert!(without.starts_with("a runner; the next job was due at 20"), "{without}");
    atlas.stop();
}
