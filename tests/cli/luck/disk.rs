//! No room is left.

use std::process::Command;

use crate::atlas::Atlas;
use crate::process::Running;
use crate::scrub::scrub;
use crate::workdir::{TOKEN, Workdir};

/// `script` in a shell that finds the program as `$drydock`, signed in.
fn shell(dir: &Workdir, words: &[&str], script: &str) -> Running {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(["-c", script]).current_dir(dir.path()).stdout(std::process::Stdio::piped());
    Running::start(command.env("drydock", env!("CARGO_BIN_EXE_drydock")).envs(TOKEN))
}

/// The last thing said on standard error.
fn error(stderr: &str, dir: &Workdir) -> String {
    scrub(&stderr[stderr.find("error: ").unwrap()..], dir)
}

#[test]
fn a_limit_that_the_database_grows_into_ends_the_run_and_the_next_one_goes_on() {
    let dir = Workdir::with_fleet(6, 6);
    let atlas = Atlas::serve(&dir, &[]);
    // Tables and fleet fit into 450 KiB, and the history does not. At the end of its patience the system kills the program,
    // unless that is told to bear it: then it can say something.
    let limited = "ulimit -f 450; trap '' XFSZ; exec \"$drydock\" run fast.toml --progress none";
    let ended = shell(&dir, &["bash"], limited).end().with(1);
    insta::assert_snapshot!(error(&ended.stderr, &dir));
    let counts = dir.status()["counts"].clone();
    assert!(counts["pending"].as_u64().unwrap() < 36, "it never came to the work: {counts}");
    let killed = shell(&dir, &["bash"], "ulimit -f 450; exec \"$drydock\" run fast.toml --progress none").end();
    assert_eq!(killed.code, None, "{}", killed.whole());
    dir.run(&["run", "fast.toml"]).with(0);
    atlas.stop().are_clean(36);
}

#[test]
#[ignore = "mounts a file system of its own: run it with --ignored where `unshare -Urm mount` is allowed"]
fn a_disk_that_is_full_ends_the_run_and_with_more_room_the_next_one_goes_on() {
    let dir = Workdir::with_fleet(6, 6);
    let atlas = Atlas::serve(&dir, &[]);
    std::fs::create_dir(dir.path().join("disk")).unwrap();
    // Database and log of a loaded fleet take more than 400 KiB together, with its history more than 1000.
    let script = "set -e; mount -t tmpfs -o size=700k tmpfs disk
        run() { \"$drydock\" run fast.toml --progress none --database-url sqlite:disk/drydock.db; }
        run || echo \"it ended with $?\" >&2
        mount -o remount,size=16m disk
        run";
    let ended = shell(&dir, &["unshare", "-Urm", "bash"], script).end().with(0);
    let (first, _) = ended.stderr.split_once("it ended with 1\n").unwrap();
    insta::assert_snapshot!(error(first, &dir));
    assert!(ended.stdout.contains("36 succeeded"), "{}", ended.stdout);
    atlas.stop().are_clean(36);
}

#[test]
fn a_report_that_does_not_fit_on_its_disk_takes_nothing_from_the_ending() {
    let dir = Workdir::with_fleet(1, 2);
    let atlas = Atlas::serve(&dir, &[]);
    std::fs::create_dir_all(dir.path().join("reports/fast")).unwrap();
    std::os::unix::fs::symlink("/dev/full", dir.path().join("reports/fast/report.csv")).unwrap();
    let run = dir.run(&["run", "fast.toml", "--progress", "none"]).with(1);
    insta::assert_snapshot!(format!("{}---\n{}", scrub(&run.stdout, &dir), error(&run.stderr, &dir)));
    std::fs::remove_file(dir.path().join("reports/fast/report.csv")).unwrap();
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    assert_eq!(dir.report().len(), 1 + 2);
    atlas.stop().are_clean(2);
}
