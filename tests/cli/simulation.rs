//! `drydock run --simulate`, the first thing that anybody tries.

use crate::scrub::scrub;
use crate::workdir::{Workdir, project};

#[test]
fn a_simulated_run_upgrades_the_fleet_and_a_second_one_has_nothing_to_do() {
    let dir = Workdir::with_fleet(2, 2);
    let run = ["run", "fast.toml", "--simulate", "--progress", "none"];
    let first = dir.run_as(&[], &run).with(0);
    insta::assert_snapshot!("first_simulated_run", scrub(&first.whole(), &dir));

    let report = dir.report();
    let column = |name: &str| report[0].iter().position(|cell| cell == name).unwrap();
    let cells = |names: &[&str]| -> Vec<String> {
        report.iter().map(|row| names.iter().map(|name| &*row[column(name)]).collect::<Vec<_>>().join("|")).collect()
    };
    insta::assert_snapshot!(
        "simulated_report",
        format!(
            "{}\n\n{}\n",
            report[0].join(","),
            cells(&["row", "project_id", "cluster_name", "state", "attempts", "owner", "ticket"])[1..].join("\n"),
        )
    );
    for row in &report[1..] {
        let (before, after) = (column("source_cluster_id"), column("target_cluster_id"));
        assert!(row[before].len() == 24 && row[after].len() == 24 && row[before] != row[after], "{row:?}");
        assert!(row[column("target_connection_string")].starts_with("mongodb"), "{row:?}");
    }

    let before = dir.read("reports/fast/report.csv");
    let second = dir.run_as(&[], &run).with(0);
    insta::assert_snapshot!("second_simulated_run", scrub(&second.whole(), &dir));
    assert_eq!(dir.read("reports/fast/report.csv"), before);
}

#[test]
fn the_reports_go_where_they_are_wanted() {
    let dir = Workdir::with_fleet(1, 1);
    dir.run_as(&[], &["run", "fast.toml", "--simulate", "-q", "--out", "audit"]).with(0);
    assert!(dir.has("audit/report.csv") && dir.has("audit/report.jsonl") && !dir.has("reports"));
    let text = dir.read("audit/report.jsonl");
    let job: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(job["project_id"], project(0));
    let shown = dir.run_as(&[], &["report", "--format", "jsonl"]).with(0);
    assert_eq!(shown.stdout, text);
    dir.run_as(&[], &["report", "--out", "again.csv"]).with(0);
    assert_eq!(dir.read("again.csv"), dir.read("audit/report.csv"));
}
