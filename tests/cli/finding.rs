//! Finding jobs by a part of their names, and next steps that can be pasted.

use std::fmt::Write as _;

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::{Workdir, fleet};

/// Three clusters in two projects, upgraded by a simulation: `orders` and `bills` in one, `orders` in the other.
fn simulated() -> Workdir {
    let dir = Workdir::with_fleet(1, 1);
    let row = |project: &str, cluster, wave| format!("{project}00000000000000,{cluster},AWS,US_EAST_1,{wave}\n");
    let rows = [row("8526a958aa", "orders", 1), row("8526a958aa", "bills", 2), row("8526b000bb", "orders", 2)];
    dir.write("fleet.csv", &format!("project_id,cluster_name,provider,region,wave\n{}", rows.concat()));
    dir.run(&["run", "fast.toml", "--simulate", "-q"]).with(0);
    dir
}

#[test]
fn a_part_of_a_name_is_enough_where_only_one_job_has_it() {
    let dir = simulated();
    let shown = |words: &[&str]| {
        let words = [&["show"], words, &["--json"]].concat();
        let shown: serde_json::Value = serde_json::from_str(&dir.run(&words).with(0).stdout).unwrap();
        format!("{}/{}", shown["project_id"].as_str().unwrap(), shown["cluster_name"].as_str().unwrap())
    };
    let bills = "8526a958aa00000000000000/bills";
    assert_eq!(shown(&["bills"]), bills);
    assert_eq!(shown(&["fast", "BILLS"]), bills);
    assert_eq!(shown(&["8526/bills"]), bills);
    assert_eq!(shown(&["8526B/orders"]), "8526b000bb00000000000000/orders");
    let listed = dir.run(&["list", "--project", "8526b0"]).with(0).stdout;
    assert_eq!((listed.lines().count(), listed.contains("8526b000bb00000000000000/orders")), (2, true), "{listed}");
    let back = dir.run(&["retry", "--project", "8526b0"]).with(2).stderr;
    assert!(back.contains("fast: nothing was sent back"), "{back}");
    let back = dir.run(&["retry", "8526b/orders", "8526b000/orders"]).with(2).stderr;
    assert_eq!(back.matches("8526b000bb00000000000000/orders is succeeded, and left as it is").count(), 1, "{back}");
}

#[test]
fn a_part_of_a_name_that_several_have_or_none_is_told() {
    let dir = simulated();
    let mut said = String::new();
    for words in [
        &["show", "orders"][..],
        &["show", "8526/orders"],
        &["show", "order"],
        &["show", "9999/orders"],
        &["show", "852/orders"],
        &["list", "--project", "8526"],
        &["list", "--project", "9999"],
        &["retry", "--project", "orders"],
        &["release", "--project", "8526a"],
    ] {
        let told = dir.run(words).with(2).stderr;
        let told = told.lines().filter(|line| !line.starts_with("warning: ")).collect::<Vec<_>>().join("\n");
        writeln!(said, "$ drydock {}\n{told}", words.join(" ")).unwrap();
    }
    insta::assert_snapshot!(scrub(&said, &dir));
}

#[test]
fn a_list_is_of_one_code_or_wave_and_says_what_went_wrong() {
    let dir = simulated();
    let second = dir.run(&["list", "--wave", "2"]).with(0).stdout;
    assert_eq!(second.lines().count(), 3, "{second}");
    let dir = Workdir::with_fleet(1, 2);
    let atlas = Atlas::serve(&dir, &[]);
    dir.write("fleet.csv", &dir.read("fleet.csv").replacen("orders-0", "gone-0", 1));
    dir.run(&["run", "fast.toml", "-q"]).with(10);
    drop(atlas);
    insta::assert_snapshot!("list_of_a_code", dir.run(&["list", "--code", "CLUSTER_NOT_FOUND"]).with(0).stdout);
    assert_eq!(dir.run(&["list", "--code", "WRONG_TIER"]).with(0).stdout, "");
}

#[test]
fn where_there_are_several_campaigns_a_bare_list_is_of_them() {
    let dir = simulated();
    dir.write("other.toml", &dir.read("fast.toml"));
    dir.write("fleet.csv", &fleet(1, 2));
    dir.run(&["run", "other.toml", "--simulate", "-q"]).with(0);
    insta::assert_snapshot!("campaigns", scrub(&dir.run(&["list"]).with(0).whole(), &dir));
    let json = dir.run(&["list", "--json"]).with(2).stderr;
    assert!(json.contains("holds 2 campaigns, so say which: fast, other"), "{json}");
}

#[test]
fn the_next_step_that_is_printed_can_be_pasted() {
    let dir = Workdir::with_fleet(1, 2);
    let folder = dir.path().join("q4's jobs");
    std::fs::create_dir(&folder).unwrap();
    for file in ["fast.toml", "fleet.csv"] {
        std::fs::rename(dir.path().join(file), folder.join(file)).unwrap();
    }
    let database = ["--database-url", "sqlite:q4's jobs/$HOME.db"];
    let words = ["run", "q4's jobs/fast.toml", "--simulate", "-v", "--progress", "none"];
    let mut run = dir.start(&[&words[..], &database].concat());
    run.logs("submitting -> upgrading");
    run.kill();
    let status = dir.run(&[&["status"][..], &database].concat()).with(0).stdout;
    let command = status.lines().find_map(|line| line.strip_prefix("to go on ")).unwrap();
    let words = shlex::split(command).unwrap();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(words[..4], ["drydock", "run", "q4's jobs/fast.toml", "--simulate"], "{command}");
    let pasted = dir.run(&words[1..]).with(0).stdout;
    assert!(pasted.contains("2 succeeded"), "{pasted}");
}

#[test]
fn whoever_watches_before_the_first_run_waits_for_it() {
    let dir = Workdir::with_fleet(1, 1);
    let mut watching = dir.start(&["status", "--watch", "--json"]);
    watching.logs("waiting: sqlite:drydock.db does not exist yet; the first drydock run creates it");
    dir.run(&["run", "fast.toml", "--simulate", "-q"]).with(0);
    let watched = watching.end().with(0).stdout;
    assert!(watched.lines().last().unwrap().contains("\"ended\":1"), "{watched}");
}

#[test]
fn an_audit_of_a_database_whose_campaigns_were_deleted_says_what_is_left_of_them() {
    let dir = Workdir::with_fleet(1, 1);
    dir.run(&["run", "fast.toml", "--simulate", "-q"]).with(0);
    crate::workdir::sql(&dir, "PRAGMA foreign_keys = off; DELETE FROM campaigns");
    let told = dir.run(&["audit", "verify"]).with(1).stderr;
    assert!(told.contains("holds 1 job, ") && told.contains("of campaigns that are not there"), "{told}");
    crate::workdir::sql(&dir, "PRAGMA foreign_keys = off; DELETE FROM jobs");
    let told = dir.run(&["audit", "verify", "fast"]).with(1).stderr;
    assert!(told.contains(" events, 1 runner of campaigns that are not there"), "{told}");
}
