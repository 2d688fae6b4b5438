//! `drydock run --simulate`, the first thing that anybody tries.

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::Workdir;

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
    let rows = cells(&["row", "project_id", "cluster_name", "state", "attempts", "owner", "ticket"]).split_off(1);
    let shown = format!("{}\n\n{}\n", report[0].join(","), rows.join("\n"));
    insta::assert_snapshot!("simulated_report", shown);
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
fn every_operation_is_done_in_one_process_and_in_two_and_its_campaign_in_jobs_is_good() {
    for operation in ["m0-to-flex", "m0-to-dedicated", "flex-to-dedicated"] {
        let campaign = std::path::absolute(format!("jobs/{operation}.toml")).unwrap();
        let dir = Workdir::with_fleet(2, 2);
        dir.run_as(&[], &["check", campaign.to_str().unwrap()]).with(0);
        let of_operation = || {
            let file = dir.read("fast.toml").replace("shared-to-serverless", operation);
            dir.write("fast.toml", &format!("{file}\n[defaults]\ninstance_size = \"M20\"\n"));
        };
        of_operation();
        let alone = ["run", "fast.toml", "--simulate", "--progress", "none", "--database-url", "sqlite:alone.db"];
        // Each database has a directory of reports of its own.
        let run = dir.run_as(&[], &[&alone[..], &["--out", "alone"]].concat()).with(0);
        assert!(run.stdout.contains("4 succeeded"), "{operation}: {}", run.stdout);

        let atlas = Atlas::serve(&dir, &["--operation", operation]);
        of_operation();
        let run = dir.run(&["run", "fast.toml", "--progress", "none"]).with(0);
        assert!(run.stdout.contains("4 succeeded"), "{operation}: {}", run.stdout);
        atlas.stop().are_clean(4);
    }
}
