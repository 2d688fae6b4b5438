//! Clusters that are in another region or cloud than their rows ask for.

use serde_json::Value;

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::{Workdir, project};

/// A fleet of m0-to-flex whose second row would move its cluster from AWS to GCP.
fn dir() -> Workdir {
    let dir = Workdir::with_fleet(1, 1);
    let project = project(0);
    let fleet = format!(
        "project_id,cluster_name,provider,region,simulated_provider,simulated_region\n\
         {project},stays,AWS,US_EAST_1,,\n{project},moves,GCP,WESTERN_EUROPE,AWS,EU_WEST_1\n"
    );
    dir.write("fleet.csv", &fleet);
    dir
}

fn aim(dir: &Workdir, more: &str) {
    let campaign = dir.read("fast.toml").replace("shared-to-serverless", "m0-to-flex");
    dir.write("fast.toml", &format!("{campaign}\n{more}\n[rehearsal]\nmedian = \"10s\"\n"));
}

fn row<'a>(plan: &'a Value, name: &str) -> &'a Value {
    plan["rows"].as_array().unwrap().iter().find(|row| row["cluster_name"] == name).unwrap()
}

#[test]
fn a_plan_marks_and_counts_moves_and_finds_none_eligible_that_the_campaign_does_not_allow() {
    let dir = dir();
    let atlas = Atlas::serve(&dir, &["--operation", "m0-to-flex"]);
    let aimed = dir.read("fast.toml");
    aim(&dir, "");
    let planned = dir.run(&["plan", "fast.toml", "--json"]).with(10);
    let plan: Value = serde_json::from_str(&planned.stdout).unwrap();
    assert_eq!((&plan["region_changes"], &plan["counts"]["eligible"]), (&1.into(), &1.into()));
    let moved = row(&plan, "moves");
    assert_eq!((&moved["verdict"], &moved["code"]), (&"not_eligible".into(), &"REGION_CHANGES".into()));
    assert_eq!(moved["moves"], "from AWS EU_WEST_1 to GCP WESTERN_EUROPE");
    assert_eq!(row(&plan, "stays")["moves"], Value::Null);

    dir.write("fast.toml", &aimed);
    aim(&dir, "[guard]\nallow_region_change = true");
    let planned = dir.run(&["plan", "fast.toml"]).with(0).stdout;
    // Whatever the lines are broken into.
    let planned = planned.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, moves) = planned.split_once(" moves ").unwrap();
    assert!(moves.contains("1 would be moved, which cannot be undone"), "{planned}");
    assert!(planned.contains("moves from AWS EU_WEST_1 to GCP WESTERN_EUROPE: eligible"), "{planned}");
    assert_eq!(atlas.stop().upgrade_requests, 0);
}

#[test]
fn a_run_moves_no_cluster_that_the_campaign_does_not_allow_to_be_moved() {
    let dir = dir();
    aim(&dir, "");
    let run = dir.run_as(&[], &["run", "fast.toml", "--simulate", "--progress", "none"]).with(10);
    insta::assert_snapshot!("a_move_that_is_not_allowed", scrub(&run.whole(), &dir));
    let moved = &dir.histories()[1];
    assert_eq!((&moved["state"], &moved["error_code"]), (&"failed".into(), &"REGION_CHANGES".into()));
    assert_eq!(moved["history"].as_array().unwrap().len(), 1, "one look, and nothing sent: {moved}");
    dir.write(
        "fast.toml",
        &dir.read("fast.toml").replace("[rehearsal]", "[guard]\nallow_region_change = true\n[rehearsal]"),
    );
    dir.run_as(&[], &["retry", "--all-failed"]).with(0);
    dir.run_as(&[], &["run", "fast.toml", "--simulate", "--progress", "none"]).with(0);
    let moved = &dir.histories()[1];
    assert_eq!((&moved["state"], &moved["error_code"]), (&"succeeded".into(), &Value::Null));
}

#[test]
fn a_simulation_of_a_fleet_whose_regions_stand_in_the_campaign_file_moves_nothing() {
    let dir = Workdir::with_fleet(1, 2);
    dir.write("fleet.csv", &dir.read("fleet.csv").replace(",provider,region", "").replace(",AWS,US_EAST_1", ""));
    let atlas = Atlas::serve(&dir, &["--operation", "m0-to-flex"]);
    aim(&dir, "[defaults]\nprovider = \"GCP\"\nregion = \"WESTERN_EUROPE\"");
    dir.run(&["run", "fast.toml", "--progress", "none"]).with(0);
    atlas.stop().are_clean(2);
}

#[test]
fn a_run_that_asks_nobody_says_which_clusters_it_moves() {
    let dir = dir();
    let atlas = Atlas::serve(&dir, &["--operation", "m0-to-flex"]);
    aim(&dir, "[guard]\nallow_region_change = true");
    let run = dir.run(&["run", "fast.toml", "--yes", "--progress", "none"]).with(0);
    insta::assert_snapshot!("moves_that_are_told", scrub(&run.stderr, &dir));
    let again = dir.run(&["run", "fast.toml", "--yes", "--progress", "none"]).with(0);
    assert!(!again.stderr.contains("MOVED"), "{}", again.stderr);
    atlas.stop().are_clean(2);
}
