//! What is typed wrong is told in words that say what to do.

use std::fmt::Write;

use sqlx::{ConnectOptions, Connection};

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::{Workdir, fleet, project};

/// What is said to each of these command lines, each of which must end with 2 and print no data. What a campaign file
/// is warned about stands in other snapshots.
#[track_caller]
fn said(dir: &Workdir, lines: &[&[&str]]) -> String {
    let mut said = String::new();
    for words in lines {
        let ended = dir.run(words).with(2);
        assert_eq!(ended.stdout, "", "{words:?}");
        let aside = |line: &&str| !line.starts_with("warning: ") && !line.starts_with("note: ");
        let told = ended.stderr.lines().filter(aside).collect::<Vec<_>>().join("\n");
        write!(said, "$ drydock {}\n{told}\n\n", words.join(" ")).unwrap();
    }
    scrub(&said, dir)
}

#[test]
fn who_asks_for_what_is_not_there_is_told_what_is() {
    let dir = Atlas::upgraded(1, 2);
    let (cluster, elsewhere) = (format!("{}/order-0", project(0)), format!("{}/orders-0", project(9)));
    let nowhere = format!("{}/nothing", project(9));
    let said = said(
        &dir,
        &[
            &["status", "slow"],
            &["list", "slow.toml"],
            &["list", "--state", "failled"],
            &["show", &cluster],
            &["show", &elsewhere],
            &["show", &nowhere],
            &["show", "order-0"],
            &["show", "order/0"],
            &["report", "--format", "xlsx"],
            &["report", "--format", "cvs"],
            &["retry"],
            &["retry", &cluster],
            &["retry", "--all-failed", &elsewhere],
            &["retry", "--code", "NO_SUCH_CODE"],
        ],
    );
    insta::assert_snapshot!(said);
}

#[test]
fn where_a_database_holds_several_campaigns_one_must_be_named() {
    let dir = Atlas::upgraded(1, 1);
    dir.write("fleet.csv", &fleet(2, 1));
    let atlas = Atlas::serve(&dir, &[]);
    dir.write("other.toml", &dir.read("fast.toml"));
    dir.run(&["run", "other.toml", "-q"]).with(0);
    drop(atlas);
    let said = said(&dir, &[&["status"]]);
    insta::assert_snapshot!(said);
    dir.run(&["status", "other"]).with(0);
}

#[test]
fn a_database_that_cannot_be_ours_is_refused_and_left_as_it_is() {
    let dir = Workdir::with_fleet(1, 1);
    dir.write("notes.txt", &"these are notes, and no database at all\n".repeat(40));
    another_programs_database(&dir);
    let before = std::fs::read(dir.path().join("other.db")).unwrap();
    let run = ["run", "fast.toml", "--simulate", "--database-url"];
    let with = |url: &'static str| [run.as_slice(), &[url]].concat();
    let said = said(
        &dir,
        &[
            &["status"],
            &["status", "--database-url", "sqlite:other.db"],
            &with("sqlite:other.db"),
            &with("sqlite:notes.txt"),
            &with("sqlite::memory:"),
            &with("sqlite:"),
            &with("sqlite:no/such/folder.db"),
            &with("postgres://someone:secret@localhost/drydock"),
            &with("drydock.db"),
        ],
    );
    insta::assert_snapshot!(said);
    assert_eq!(std::fs::read(dir.path().join("other.db")).unwrap(), before);
    assert!(!dir.has("drydock.db") && !dir.has("reports"));
}

/// `other.db`, with a table that we know nothing of.
fn another_programs_database(dir: &Workdir) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.path().join("other.db"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = options.create_if_missing(true).connect().await.unwrap();
        sqlx::query("CREATE TABLE notes (text TEXT)").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_slip_in_the_options_of_the_simulation_is_named() {
    let dir = Workdir::with_fleet(1, 1);
    let with = |more: [&'static str; 2]| [["simulate", "--fleet", "fleet.csv"].as_slice(), &more].concat();
    let said = said(
        &dir,
        &[
            &["simulate"],
            &with(["--listen", "0.0.0.0:0"]),
            &with(["--fault", "conflikt=0.1"]),
            &with(["--fault", "conflict=2"]),
            &with(["--shortest", "20s"]),
            &with(["--longest", "soon"]),
            &with(["--limit", "many"]),
            &with(["--operation", "m0-to-flexible"]),
        ],
    );
    insta::assert_snapshot!(said);
}
