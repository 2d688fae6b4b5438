//! What is written is never what is read, and never torn.

use std::fs;

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::Workdir;

#[test]
fn a_report_or_a_plan_is_written_over_nothing_that_is_read() {
    let dir = Atlas::upgraded(1, 2);
    std::os::unix::fs::symlink("drydock.db", dir.path().join("link.csv")).unwrap();
    let contents = || {
        let mut files = dir.files();
        // Whoever reads a database leaves an empty log beside it.
        files.retain(|file| !file.to_string_lossy().contains("drydock.db-"));
        files.sort();
        files.into_iter().map(|file| fs::read(&file).map(|bytes| (file, bytes)).unwrap()).collect::<Vec<_>>()
    };
    let before = contents();
    let mut said = String::new();
    for out in ["drydock.db", "drydock.db-wal", "drydock.db.lock", "link.csv", "fast.toml", "./fleet.csv"] {
        for words in [&["report", "fast.toml"][..], &["plan", "fast.toml"]] {
            let refused = dir.run(&[words, &["--out", out]].concat()).with(2);
            said += &refused.stderr[refused.stderr.find("error: ").unwrap()..];
        }
    }
    insta::assert_snapshot!(scrub(&said, &dir));
    assert!(contents() == before, "something was written");
    // A fleet that is called like a report, where the reports go.
    fs::rename(dir.path().join("fleet.csv"), dir.path().join("report.csv")).unwrap();
    dir.write("fast.toml", &dir.read("fast.toml").replace("fleet.csv", "report.csv"));
    for words in [&["run", "fast.toml", "-q"][..], &["rehearse", "fast.toml"]] {
        let refused = dir.run(&[words, &["--out", "."]].concat()).with(2);
        assert!(refused.stderr.contains("report.csv is the fleet"), "{}", refused.stderr);
    }
}

#[test]
fn a_plan_is_written_over_another_one_only_by_force() {
    let dir = Workdir::with_fleet(1, 1);
    let _atlas = Atlas::serve(&dir, &[]);
    dir.write("fleet.plan.json", "approved");
    let plan = ["plan", "fast.toml", "--out", "fleet.plan.json"];
    let refused = dir.run(&plan).with(2);
    assert!(refused.stderr.contains("fleet.plan.json is there already: say --force"), "{}", refused.stderr);
    assert_eq!(dir.read("fleet.plan.json"), "approved");
    dir.run(&[&plan[..], &["--force"]].concat()).with(0);
    assert!(dir.read("fleet.plan.json").contains("\"rows\""));
}

#[test]
fn a_directory_of_reports_belongs_to_one_database() {
    let dir = Atlas::upgraded(1, 1);
    let before = dir.read("reports/fast/report.jsonl");
    let other = ["run", "fast.toml", "--simulate", "-q", "--database-url", "sqlite:other.db"];
    let refused = dir.run(&other).with(2);
    insta::assert_snapshot!(scrub(&refused.stderr, &dir));
    assert_eq!(dir.read("reports/fast/report.jsonl"), before);
    dir.run(&[&other[..], &["--out", "other"]].concat()).with(0);
    fs::remove_file(dir.path().join("drydock.db")).unwrap();
    let told = dir.run(&other).with(0);
    assert!(told.stderr.contains("reports/fast has the reports of a database that is gone"), "{}", told.stderr);
    assert_ne!(dir.read("reports/fast/report.jsonl"), before);
    // A database that is moved keeps its directory.
    fs::rename(dir.path().join("other.db"), dir.path().join("moved.db")).unwrap();
    let moved = dir.run(&["run", "fast.toml", "--simulate", "-q", "--database-url", "sqlite:moved.db"]).with(0);
    assert!(!moved.stderr.contains("reports/fast"), "{}", moved.stderr);
}

#[test]
fn a_report_of_a_campaign_that_is_named_by_its_name_is_not_written_over_its_fleet() {
    let dir = Workdir::with_fleet(1, 2);
    dir.run(&["run", "fast.toml", "--simulate", "-q"]).with(0);
    let fleet = dir.read("fleet.csv");
    for words in [&["report", "fast", "--out", "fleet.csv"][..], &["report", "--out", "fleet.csv"]] {
        let refused = dir.run(words).with(2);
        assert!(refused.stderr.contains("fleet.csv is the fleet"), "{words:?}: {}", refused.stderr);
    }
    let refused = dir.run(&["report", "fast", "--out", "fast.toml"]).with(2);
    assert!(refused.stderr.contains("fast.toml is the campaign file"), "{}", refused.stderr);
    assert_eq!(dir.read("fleet.csv"), fleet);
    // A campaign file that is broken is no reason to have no report.
    dir.write("fast.toml", "no campaign");
    dir.run(&["report", "fast", "--out", "fast-report.csv"]).with(0);
}

#[test]
fn a_report_is_written_over_no_file_but_a_report() {
    let dir = Atlas::upgraded(1, 2);
    dir.write("other.csv", "project_id,cluster_name,provider,region\n");
    let refused = dir.run(&["report", "fast.toml", "--out", "other.csv"]).with(2);
    assert!(refused.stderr.contains("other.csv is there already and is no report of Drydock"), "{}", refused.stderr);
    assert_eq!(dir.read("other.csv"), "project_id,cluster_name,provider,region\n");
    for format in ["csv", "jsonl", "csv"] {
        dir.run(&["report", "fast.toml", "--format", format, "--out", "mine"]).with(0);
    }
}
