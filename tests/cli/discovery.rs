//! Which database a command works on where none is named.

use std::fs;

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::{TOKEN, Workdir};

/// A directory `jobs` with a campaign of two clusters, another directory beside it, and the campaign's Atlas.
fn project() -> (Workdir, Atlas) {
    let dir = Workdir::with_fleet(1, 2);
    let atlas = Atlas::serve(&dir, &[]);
    fs::create_dir(dir.path().join("jobs")).unwrap();
    fs::create_dir(dir.path().join("elsewhere")).unwrap();
    for file in ["fast.toml", "fleet.csv"] {
        fs::rename(dir.path().join(file), dir.path().join("jobs").join(file)).unwrap();
    }
    (dir, atlas)
}

#[test]
fn a_campaign_has_one_database_from_wherever_it_is_run_and_the_run_names_it_first() {
    let (dir, atlas) = project();
    let first = dir.run(&["run", "jobs/fast.toml", "--progress", "none"]).with(0);
    assert_eq!(first.stderr.lines().next(), Some("fast: the database is sqlite:jobs/drydock.db, which is new"));
    for (folder, file) in [("jobs", "fast.toml"), ("elsewhere", "../jobs/fast.toml")] {
        let again = dir.run_in(folder, &["run", file, "--progress", "none"]).with(0);
        assert!(again.stdout.contains("nothing is left to do"), "{}", again.whole());
    }
    // A link to the file is the file.
    std::os::unix::fs::symlink("../jobs/fast.toml", dir.path().join("elsewhere/linked.toml")).unwrap();
    fs::copy(dir.path().join("jobs/fleet.csv"), dir.path().join("elsewhere/fleet.csv")).unwrap();
    dir.run(&["status", "jobs/fast.toml"]).with(0);
    dir.run_in("elsewhere", &["run", "linked.toml", "-q"]).with(0);
    assert!(!dir.has("drydock.db") && !dir.has("elsewhere/drydock.db"));
    // The link has a name of its own, and so is a campaign of its own: but its clusters are known.
    let books = atlas.stop();
    assert_eq!(books.upgrade_requests, 2, "{books:?}");
}

#[test]
fn a_command_that_finds_no_database_says_where_it_looked_and_what_there_is_below() {
    let (dir, _atlas) = project();
    let nowhere = dir.run(&["status"]).with(2);
    let for_a_file = dir.run(&["list", "jobs/fast.toml"]).with(2);
    dir.run(&["run", "jobs/fast.toml", "-q"]).with(0);
    let below = dir.run(&["status"]).with(2);
    dir.run(&["status", "--database-url", "sqlite:jobs/drydock.db"]).with(0);
    insta::assert_snapshot!(scrub(&format!("{}{}{}", nowhere.stderr, for_a_file.stderr, below.stderr), &dir));
}

#[test]
fn of_many_databases_below_the_first_few_are_named_and_the_others_counted() {
    let dir = Workdir::new();
    for folder in ["a", "b", "c", "d", "e", "f", "g"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
        dir.write(&format!("{folder}/drydock.db"), "");
    }
    let many = dir.run(&["status"]).with(2).stderr;
    assert!(many.trim_end().ends_with(", sqlite:e/drydock.db, and 2 more"), "{many}");
    fs::remove_file(dir.path().join("a/drydock.db")).unwrap();
    fs::remove_file(dir.path().join("b/drydock.db")).unwrap();
    let few = dir.run(&["status"]).with(2).stderr;
    assert!(few.trim_end().ends_with(", sqlite:g/drydock.db"), "{few}");
}

#[test]
fn two_databases_that_could_be_meant_are_both_named_and_none_is_taken() {
    let (dir, _atlas) = project();
    dir.run(&["run", "jobs/fast.toml", "-q"]).with(0);
    fs::create_dir(dir.path().join("elsewhere/deep")).unwrap();
    dir.write("elsewhere/drydock.db", "");
    let refused = dir.run_in("elsewhere/deep", &["run", "../../jobs/fast.toml", "-q"]).with(2);
    let status = dir.run_in("elsewhere/deep", &["status", "../../jobs/fast.toml"]).with(2);
    assert_eq!(status.stderr, refused.stderr);
    insta::assert_snapshot!(scrub(&refused.stderr, &dir));
}

#[test]
fn what_is_to_be_typed_next_names_the_database_unless_it_is_found_from_there() {
    let (dir, atlas) = project();
    drop(atlas);
    let fleet = dir.read("jobs/fleet.csv");
    dir.write("fleet.csv", &fleet);
    dir.write("fast.toml", &dir.read("jobs/fast.toml"));
    let atlas = Atlas::serve(&dir, &["--fault", "refuse=1"]);
    fs::rename(dir.path().join("fast.toml"), dir.path().join("jobs/fast.toml")).unwrap();
    let run = |folder: &str, file: &str| dir.run_in(folder, &["run", file, "-q"]).with(10).stdout;
    let from_elsewhere = run("elsewhere", "../jobs/fast.toml");
    let words =
        format!("retry fast --all-failed --database-url sqlite:{}", dir.path().join("jobs/drydock.db").display());
    assert!(from_elsewhere.contains(&words), "{words:?} is not in {from_elsewhere}");
    assert!(run(".", "jobs/fast.toml").contains("retry fast --all-failed --database-url sqlite:jobs/drydock.db"));
    let from_jobs = run("jobs", "fast.toml");
    assert!(from_jobs.contains("retry fast --all-failed\n"), "{from_jobs}");
    atlas.stop();
}

#[test]
fn a_database_that_the_environment_names_and_that_does_not_fit_is_told_with_the_variable() {
    let (dir, _atlas) = project();
    let environment = [TOKEN[0], ("DATABASE_URL", "postgres://shop:hunter2@db/shop")];
    for words in [&["status"][..], &["run", "jobs/fast.toml", "-q"], &["plan", "jobs/fast.toml"]] {
        let ended = dir.run_as(&environment, words).with(2);
        assert!(ended.stderr.contains("(DATABASE_URL in the environment names this database)"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    }
}

#[test]
fn a_variable_takes_no_campaign_to_a_second_database() {
    let (dir, atlas) = project();
    dir.run(&["run", "jobs/fast.toml", "-q"]).with(0);
    let environment = [TOKEN[0], ("DATABASE_URL", "sqlite:other.db")];
    let refused = dir.run_as(&environment, &["run", "jobs/fast.toml", "-q"]).with(2);
    assert!(refused.stderr.contains("which DATABASE_URL in the environment names"), "{}", refused.stderr);
    assert!(!dir.has("other.db"));
    // It names the one that is there.
    let environment = [TOKEN[0], ("DATABASE_URL", "sqlite:jobs/drydock.db")];
    dir.run_as(&environment, &["run", "jobs/fast.toml", "-q"]).with(0);
    assert_eq!(atlas.stop().upgrade_requests, 2);
}
