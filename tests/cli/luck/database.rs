//! The files of the database, taken away from under a run.

use std::fs;

use crate::atlas::Atlas;
use crate::process::Ended;
use crate::scrub::scrub;
use crate::workdir::{TOKEN, Workdir, sql};

/// A run that has upgrades under way while its files are changed, and the Atlas that it works against.
struct Surprised {
    dir: Workdir,
    atlas: Atlas,
    ended: Ended,
}

impl Surprised {
    /// Starts a run, lets `happen` happen to its directory when the first requests were accepted, and waits for the
    /// end of the run.
    fn by(happen: impl FnOnce(&Workdir)) -> Self {
        let dir = Workdir::with_fleet(4, 3);
        let atlas = Atlas::serve(&dir, &[]);
        dir.aim_slowly(&atlas.url);
        let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "none"]);
        run.logs("submitting -> upgrading");
        happen(&dir);
        let ended = run.end().with(1);
        dir.aim(&atlas.url);
        Self { dir, atlas, ended }
    }

    /// What the run said at its end.
    fn said(&self) -> String {
        let from = self.ended.stderr.find("error: ").unwrap();
        // What was still on its way when it ended is logged behind it.
        let lines = self.ended.stderr[from..].lines().filter(|line| !line.contains(" INFO "));
        scrub(&lines.flat_map(|line| [line, "\n"]).collect::<String>(), &self.dir)
    }

    /// The next run goes on, and nothing was asked again.
    #[track_caller]
    fn goes_on(self) {
        self.dir.run(&["run", "fast.toml", "-q"]).with(0);
        assert_eq!(self.dir.status()["counts"]["succeeded"], 12, "what was upgraded before is known no more");
        assert!(!self.dir.has("drydock.db.rescued"));
        self.dir.run(&["audit", "verify"]).with(0);
        self.atlas.stop().are_clean(12);
    }
}

#[test]
fn a_database_that_is_deleted_under_a_run_is_put_back() {
    let surprised = Surprised::by(|dir| fs::remove_file(dir.path().join("drydock.db")).unwrap());
    insta::assert_snapshot!(surprised.said());
    surprised.goes_on();
}

#[test]
fn a_database_that_is_deleted_with_all_that_stands_beside_it_is_put_back() {
    let surprised = Surprised::by(|dir| {
        for ending in ["", "-wal", "-shm"] {
            fs::remove_file(dir.path().join(format!("drydock.db{ending}"))).unwrap();
        }
    });
    surprised.goes_on();
}

#[test]
fn a_write_ahead_log_that_is_deleted_under_a_run_loses_nothing() {
    let surprised = Surprised::by(|dir| fs::remove_file(dir.path().join("drydock.db-wal")).unwrap());
    insta::assert_snapshot!(surprised.said());
    surprised.goes_on();
}

#[test]
fn a_database_that_is_replaced_under_a_run_is_saved_beside_the_other_and_the_next_run_asks_which() {
    let surprised = Surprised::by(|dir| {
        // What an operator would do with last night's backup.
        let backup = Atlas::upgraded(1, 1);
        fs::copy(backup.path().join("drydock.db"), dir.path().join("backup.db")).unwrap();
        fs::rename(dir.path().join("backup.db"), dir.path().join("drydock.db")).unwrap();
    });
    let dir = &surprised.dir;
    assert!(!dir.has("drydock.db-wal"), "SQLite would play it into the backup");
    let refused = dir.run(&["run", "fast.toml", "-q"]).with(2);
    insta::assert_snapshot!(format!("{}---\n{}", surprised.said(), scrub(&refused.stderr, dir)));
    for ending in ["-wal", "-shm"] {
        let _there_is_none = fs::remove_file(dir.path().join(format!("drydock.db{ending}")));
    }
    fs::rename(dir.path().join("drydock.db.rescued"), dir.path().join("drydock.db")).unwrap();
    surprised.goes_on();
}

#[test]
fn a_database_that_is_made_shorter_under_a_run_is_looked_through_and_kept_if_it_is_sound() {
    let mut grown = false;
    let dir = Workdir::with_fleet(4, 3);
    let atlas = Atlas::serve(&dir, &[]);
    dir.aim_slowly(&atlas.url);
    let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "none"]);
    while !grown {
        run.logs("submitting -> upgrading");
        sql(&dir, "CREATE TABLE ballast (x); INSERT INTO ballast VALUES (zeroblob(1000000)); DROP TABLE ballast");
        sql(&dir, "PRAGMA wal_checkpoint(PASSIVE)");
        grown = fs::metadata(dir.path().join("drydock.db")).unwrap().len() > 1_000_000;
    }
    // A commit lies between, so that the run has seen the length.
    run.forget();
    run.logs(" -> ");
    run.logs(" -> ");
    sql(&dir, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    let ended = run.end().with(1);
    dir.aim(&atlas.url);
    let surprised = Surprised { dir, atlas, ended };
    insta::assert_snapshot!(surprised.said());
    surprised.goes_on();
}

#[test]
fn a_database_that_something_else_was_written_into_is_restored_as_the_message_says() {
    let surprised = Surprised::by(|dir| {
        sql(dir, &format!("VACUUM INTO '{}'", dir.path().join("backup.db").display()));
        let database = fs::OpenOptions::new().write(true).open(dir.path().join("drydock.db")).unwrap();
        database.set_len(4096).unwrap();
    });
    insta::assert_snapshot!(surprised.said());
    let Surprised { dir, atlas, .. } = surprised;
    for ending in ["-wal", "-shm"] {
        let _there_may_be_none = fs::remove_file(dir.path().join(format!("drydock.db{ending}")));
    }
    fs::rename(dir.path().join("backup.db"), dir.path().join("drydock.db")).unwrap();
    dir.run(&["run", "fast.toml", "-q"]).with(0);
    dir.run(&["audit", "verify"]).with(0);
    let books = atlas.stop();
    assert_eq!((books.effects, books.asked_again, books.broken_rules), (12, 0, 0), "{books:?}");
}

#[test]
fn a_lock_file_that_is_deleted_under_a_run_stops_it_before_another_can_send() {
    let surprised = Surprised::by(|dir| fs::remove_file(dir.path().join("drydock.db.lock")).unwrap());
    insta::assert_snapshot!(surprised.said());
    surprised.goes_on();
}

#[test]
fn a_run_whose_lock_file_is_deleted_keeps_the_next_one_out_until_it_has_noticed() {
    let dir = Workdir::with_fleet(4, 3);
    let atlas = Atlas::serve_as(&TOKEN, &dir, &["--shortest", "2s", "--longest", "3s"]);
    dir.aim_slowly(&atlas.url);
    let mut former = dir.start(&["run", "fast.toml", "-v", "--progress", "none"]);
    for _ in 0..4 {
        former.logs("submitting -> upgrading");
    }
    former.stop();
    fs::remove_file(dir.path().join("drydock.db.lock")).unwrap();
    let next = dir.run(&["run", "fast.toml", "-q"]).with(2);
    let error = format!("is in use by another run (process {}), which knows the file by another name", former.pid());
    assert!(next.stderr.contains(&error), "{}", next.stderr);
    former.signal("CONT");
    former.end().with(1);
    dir.aim(&atlas.url);
    let next = dir.run(&["run", "fast.toml", "-q"]).with(0);
    assert!(next.stdout.contains("12 succeeded"), "{}", next.stdout);
    dir.run(&["audit", "verify"]).with(0);
    atlas.stop().are_clean(12);
}
