//! A database with two names, its copies, and backups that are put back.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::atlas::Atlas;
use crate::process::{Ended, Running};
use crate::scrub::scrub;
use crate::workdir::{TOKEN, Workdir, fleet};

/// A campaign of which four upgrades are under way and eight jobs have not begun, and its Atlas.
fn interrupted() -> (Workdir, Atlas) {
    let dir = Workdir::with_fleet(4, 3);
    let atlas = Atlas::serve(&dir, &[]);
    dir.aim_slowly(&atlas.url);
    let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "none"]);
    for _ in 0..4 {
        run.logs("submitting -> upgrading");
    }
    run.signal("INT");
    run.end().with(130);
    aim(&dir, &atlas);
    (dir, atlas)
}

/// From now on the campaign goes on at once, and what may still leave is waited for only shortly.
fn aim(dir: &Workdir, atlas: &Atlas) {
    dir.aim(&atlas.url);
    dir.tune("atlas", "request_timeout = \"1s\"");
}

fn copy(dir: &Workdir, from: &str, to: &str) {
    fs::copy(dir.path().join(from), dir.path().join(to)).unwrap();
}

/// What stopped it.
fn error(ended: &Ended) -> &str {
    &ended.stderr[ended.stderr.find("error: ").unwrap()..]
}

/// How many histories have an entry of this kind.
fn with_event(jobs: &[Value], kind: &str) -> usize {
    let has = |job: &&Value| job["history"].as_array().unwrap().iter().any(|entry| entry["event"] == kind);
    jobs.iter().filter(has).count()
}

#[test]
fn a_database_with_two_names_is_refused_by_each_command_until_one_is_gone() {
    let (dir, atlas) = interrupted();
    fs::hard_link(dir.path().join("drydock.db"), dir.path().join("other.db")).unwrap();
    let run = dir.run(&["run", "fast.toml", "-q"]).with(2);
    let status = dir.run(&["status", "--database-url", "sqlite:other.db"]).with(2);
    insta::assert_snapshot!(scrub(&format!("{}{}", error(&run), error(&status)), &dir));
    fs::remove_file(dir.path().join("other.db")).unwrap();
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    atlas.stop().are_clean(12);
}

#[test]
fn a_copy_beside_its_original_is_read_and_never_run() {
    let (dir, atlas) = interrupted();
    copy(&dir, "drydock.db", "copy.db");
    let on_copy = |words: &[&str]| dir.run(&[words, &["--database-url", "sqlite:copy.db"]].concat());
    on_copy(&["status"]).with(0);
    let run = on_copy(&["run", "fast.toml", "-q"]).with(2);
    let retry = on_copy(&["retry", "fast.toml", "--all-failed"]).with(2);
    insta::assert_snapshot!(scrub(&format!("{}{}", error(&run), error(&retry)), &dir));
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    on_copy(&["run", "fast.toml", "-q"]).with(2);
    // Without the original it is a backup that was put back, and finds out what has been done.
    fs::remove_file(dir.path().join("drydock.db")).unwrap();
    on_copy(&["run", "fast.toml", "-q"]).with(0);
    let jobs = dir.histories();
    assert_eq!(with_event(&jobs, "restored"), 12);
    on_copy(&["audit", "verify"]).with(0);
    let books = atlas.stop();
    books.are_clean(12);
    assert_eq!(books.upgrade_requests, 12, "{books:?}");
}

#[test]
fn a_backup_that_is_put_back_is_told_and_every_cluster_verified_before_anything_is_sent() {
    for how in ["mv", "cp"] {
        let (dir, atlas) = interrupted();
        copy(&dir, "drydock.db", "backup.db");
        // What comes after it dies with its runner, and so does the write-ahead log.
        dir.aim_slowly(&atlas.url);
        let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "none"]);
        for _ in 0..4 {
            run.logs("submitting -> upgrading");
        }
        run.kill();
        aim(&dir, &atlas);
        for ending in ["-wal", "-shm"] {
            fs::remove_file(dir.path().join(format!("drydock.db{ending}"))).unwrap();
        }
        let put = Command::new(how).args(["backup.db", "drydock.db"]).current_dir(dir.path()).status().unwrap();
        assert!(put.success());
        let next = dir.run(&["run", "fast.toml", "-q"]).with(0);
        if how == "mv" {
            let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
            let said = next.stderr.lines().find(|line| line.contains("drydock.db")).unwrap();
            insta::assert_snapshot!(scrub(said, &dir).replace(host.trim(), "[HOST]"));
        } else {
            assert!(next.stderr.contains("an older state than the last run left"), "{}", next.stderr);
        }
        assert_eq!(with_event(&dir.histories(), "restored"), 12, "{how}");
        let again = dir.run(&["run", "fast.toml", "-q"]).with(0);
        assert!(!again.stderr.contains("drydock.db"), "{how}: it is the same database from now on: {}", again.stderr);
        let books = atlas.stop();
        books.are_clean(12);
        assert_eq!(books.upgrade_requests, 12, "{how}: {books:?}");
    }
}

#[test]
fn what_had_failed_before_a_backup_was_made_is_verified_when_it_is_sent_back() {
    let dir = Workdir::with_fleet(1, 2);
    let atlas = Atlas::serve(&dir, &["--fault", "refuse=1"]);
    aim(&dir, &atlas);
    dir.run(&["run", "fast.toml", "-q"]).with(10);
    copy(&dir, "drydock.db", "backup.db");
    dir.run(&["run", "fast.toml", "-q"]).with(10);
    fs::rename(dir.path().join("backup.db"), dir.path().join("drydock.db")).unwrap();
    // Before a run has found out, and afterwards.
    dir.run(&["retry", &format!("{}/orders-0", crate::workdir::project(0))]).with(0);
    assert_eq!(dir.status()["counts"]["verifying"], 1);
    dir.run(&["run", "fast.toml", "-q"]).with(10);
    dir.run(&["retry", &format!("{}/orders-1", crate::workdir::project(0))]).with(0);
    assert_eq!(dir.status()["counts"]["verifying"], 1);
    assert_eq!(atlas.stop().effects, 0);
}

#[test]
fn a_row_that_comes_soon_after_a_backup_was_put_back_is_verified_before_it_is_sent() {
    let dir = Workdir::with_fleet(1, 2);
    let atlas = Atlas::serve(&dir, &[]);
    let all = dir.read("fleet.csv");
    let first = fleet(1, 1);
    dir.write("fleet.csv", &first);
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    copy(&dir, "drydock.db", "backup.db");
    // What the backup does not know: the second row was there, and was sent.
    dir.write("fleet.csv", &all);
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    fs::rename(dir.path().join("backup.db"), dir.path().join("drydock.db")).unwrap();
    dir.write("fleet.csv", &first);
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    dir.write("fleet.csv", &all);
    let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "none"]);
    run.logs("taking over what a former run left in flight");
    run.kill();
    let listed = dir.run(&["list", "--state", "verifying"]).with(0).stdout;
    assert!(listed.contains("/orders-1 "), "{listed}");
    atlas.stop().are_clean(2);
}

#[test]
fn a_directory_that_is_moved_takes_its_database_along() {
    let (dir, atlas) = interrupted();
    let moved = Workdir::new();
    let place = moved.path().join("moved");
    fs::rename(dir.path(), &place).unwrap();
    let run = |words: &[&str]| {
        let mut command = dir.command(&TOKEN, words);
        Running::start(command.current_dir(&place).stdout(Stdio::piped())).end().with(0)
    };
    run(&["run", "fast.toml", "-q"]);
    let report = run(&["report", "--format", "jsonl"]).stdout;
    assert!(!report.contains("\"restored\""), "{report}");
    atlas.stop().are_clean(12);
}

#[test]
#[ignore = "mounts a file by itself: run it with --ignored where `unshare -Urm mount` is allowed"]
fn a_database_that_is_mounted_by_itself_is_refused() {
    let (dir, atlas) = interrupted();
    fs::create_dir(dir.path().join("app")).unwrap();
    dir.write("app/drydock.db", "");
    // What `docker run -v ./drydock.db:/app/drydock.db` does.
    let script = "mount --bind drydock.db app/drydock.db
        exec \"$drydock\" run fast.toml -q --database-url sqlite:app/drydock.db";
    let mut command = Command::new("unshare");
    command.args(["-Urm", "bash", "-ec", script]).current_dir(dir.path()).stdout(Stdio::piped());
    command.env("drydock", env!("CARGO_BIN_EXE_drydock")).envs(TOKEN);
    let ended = Running::start(&mut command).end().with(2);
    insta::assert_snapshot!(scrub(error(&ended), &dir));
    assert!(!dir.has("app/drydock.db-wal") && !dir.has("app/drydock.db.lock"));
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    atlas.stop().are_clean(12);
}
