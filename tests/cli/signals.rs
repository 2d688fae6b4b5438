//! ^C and its relatives.

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::Workdir;

/// The first signal drains, and the next run finishes.
#[track_caller]
fn drains(signal: &str) -> String {
    let dir = Workdir::with_fleet(6, 6);
    let atlas = Atlas::serve(&dir, &[]);
    dir.aim_slowly(&atlas.url);
    let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "none"]);
    run.logs("submitting -> upgrading");
    run.signal(signal);
    run.logs("draining: ");
    let ended = run.end().with(130);
    let counts = dir.status()["counts"].clone();
    let of = |state: &str| counts[state].as_u64().unwrap();
    assert_eq!(of("submitting"), 0, "what was on the wire was not written: {counts}");
    assert!(of("succeeded") < 36, "{counts}");
    assert_eq!(dir.report().len(), 1 + 36, "the reports are written at an early end too");
    dir.aim(&atlas.url);
    dir.run(&["run", "fast.toml"]).with(0);
    atlas.stop().are_clean(36);
    // How far it came is another number each time.
    let stdout = ended.stdout.lines().filter(|line| !line.starts_with("  jobs ")).collect::<Vec<_>>().join("\n");
    scrub(&stdout, &dir)
}

#[test]
fn the_first_interrupt_drains_and_the_next_run_finishes() {
    insta::assert_snapshot!(drains("INT"));
}

#[test]
fn a_termination_drains_too() {
    drains("TERM");
}

#[test]
fn the_second_interrupt_stops_at_once() {
    let dir = Workdir::with_fleet(1, 4);
    // Answers to upgrade requests never come, so there is always something on the wire to wait for.
    let atlas = Atlas::serve(&dir, &["--fault", "silent=1"]);
    let mut run = dir.start(&["run", "fast.toml", "-v"]);
    run.logs("ready -> submitting");
    run.signal("INT");
    run.logs("draining: ");
    run.signal("INT");
    run.logs("stopped; ");
    run.end().with(130);
    let books = atlas.stop();
    assert_eq!((books.asked_again, books.broken_rules), (0, 0), "{books:?}");
}
