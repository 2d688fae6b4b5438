//! Another process has the database locked for longer than anybody waits: a database browser, a backup.

use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::Workdir;

/// Who holds the database of a directory, until dropped.
struct Holder {
    runtime: tokio::runtime::Runtime,
    connection: Option<SqliteConnection>,
}

impl Holder {
    fn of(dir: &Workdir) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.path().join("drydock.db"));
        let connection = runtime.block_on(async {
            let mut connection = options.connect().await.unwrap();
            sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
            connection
        });
        Self { runtime, connection: Some(connection) }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let connection = self.connection.take().unwrap();
        self.runtime.block_on(connection.close()).unwrap();
    }
}

#[test]
fn a_run_waits_for_whoever_holds_the_database_and_says_so() {
    let dir = Workdir::with_fleet(4, 3);
    let atlas = Atlas::serve(&dir, &[]);
    dir.aim_slowly(&atlas.url);
    let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "none"]);
    run.logs("submitting -> upgrading");
    let holder = Holder::of(&dir);
    let line = run.logs("is held by another process");
    assert!(line.contains("/drydock.db is held by another process; trying again"), "{line}");
    drop(holder);
    run.end().with(0);
    atlas.stop().are_clean(12);
}

#[test]
fn who_comes_while_the_database_is_held_is_told_so_and_loses_nothing() {
    let dir = Workdir::with_fleet(1, 3);
    let atlas = Atlas::serve(&dir, &["--fault", "refuse=1"]);
    dir.run(&["run", "fast.toml", "-q"]).with(10);
    let holder = Holder::of(&dir);
    let (retry, run) = (dir.start(&["retry", "--all-failed"]), dir.start(&["run", "fast.toml", "-q"]));
    // To look is allowed all the same.
    assert_eq!(dir.status()["counts"]["failed"], 3);
    let (retry, run) = (retry.end().with(1), run.end().with(1));
    let error = run.stderr.lines().last().unwrap();
    insta::assert_snapshot!(scrub(&format!("{}{}{error}", retry.stdout, retry.stderr), &dir));
    drop(holder);
    dir.run(&["retry", "--all-failed"]).with(0);
    dir.run(&["run", "fast.toml", "-q"]).with(10);
    let books = atlas.stop();
    assert_eq!((books.upgrade_requests, books.asked_again, books.broken_rules), (6, 0, 0), "{books:?}");
}
