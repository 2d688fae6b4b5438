//! Waves: what people are told of them.

use serde_json::Value;

use crate::workdir::Workdir;

const CAMPAIGN: &str = "operation = \"shared-to-serverless\"\n[fleet]\ncsv = \"fleet.csv\"\n";

/// Two canaries, three clusters of wave 2 and four without a wave.
fn fleet() -> String {
    let wave = |place| ["1", "1", "2", "2", "2", "", "", "", ""][place];
    let row = |place| format!("5f0000000000000000000001,c{place},AWS,US_EAST_1,{}\n", wave(place));
    format!("project_id,cluster_name,provider,region,wave\n{}", (0..9).map(row).collect::<String>())
}

fn campaign() -> Workdir {
    let dir = Workdir::new();
    dir.write("q4.toml", CAMPAIGN);
    dir.write("fleet.csv", &fleet());
    dir
}

#[test]
fn check_says_in_which_order_waves_go() {
    insta::assert_snapshot!(campaign().run_as(&[], &["check", "q4.toml"]).with(0).whole());
}

#[test]
fn a_rehearsal_says_when_each_wave_begins() {
    let dir = campaign();
    let rehearsed = dir.run_as(&[], &["rehearse", "q4.toml", "--json"]).with(0);
    let rehearsed: Value = serde_json::from_str(&rehearsed.stdout).unwrap();
    let waves: Vec<_> = rehearsed["waves"].as_array().unwrap().iter().map(|wave| wave["wave"].as_u64()).collect();
    assert_eq!(waves, [Some(1), Some(2), None]);
    let begins = |place: usize| rehearsed["waves"][place]["begins_after_seconds"].as_f64().unwrap();
    assert!(begins(0) < 1.0 && begins(1) > 60.0 && begins(2) > begins(1) + 60.0, "{rehearsed}");
}

#[test]
fn a_rehearsal_of_a_fleet_whose_rows_all_have_a_wave_knows_of_no_rows_without_one() {
    let dir = campaign();
    let fleet = dir.read("fleet.csv");
    let in_waves: Vec<&str> = fleet.lines().filter(|row| !row.ends_with(',')).collect();
    dir.write("fleet.csv", &in_waves.join("\n"));
    let rehearsed = dir.run_as(&[], &["rehearse", "q4.toml"]).with(0).stdout;
    assert!(rehearsed.contains("wave 1 begins after") && rehearsed.contains("wave 2 begins after"), "{rehearsed}");
    assert!(!rehearsed.contains("without a wave"), "{rehearsed}");
}
