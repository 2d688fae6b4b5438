//! `drydock check`.

use crate::process::Ended;
use crate::scrub::scrub;
use crate::workdir::{Workdir, fleet};

const CAMPAIGN: &str = "operation = \"shared-to-serverless\"\n[fleet]\ncsv = \"fleet.csv\"\n";

fn check(dir: &Workdir) -> Ended {
    dir.run_as(&[], &["check", "q4.toml"])
}

#[test]
fn check_accepts_a_good_fleet_and_touches_nothing() {
    let dir = Workdir::new();
    dir.write("q4.toml", CAMPAIGN);
    dir.write("fleet.csv", &fleet(3, 4));
    insta::assert_snapshot!(check(&dir).with(0).whole());
    assert_eq!(dir.files().len(), 2, "{:?}", dir.files());
}

#[test]
fn check_names_every_error_of_a_bad_fleet() {
    let dir = Workdir::new();
    dir.write("q4.toml", CAMPAIGN);
    dir.write(
        "fleet.csv",
        "Project ID;name;provider;region;wave;continuous backup\n\
         5f0000000000000000000001;orders;AWS;US_EAST_1;1;yes\n\
         \n\
         5F0000000000000000000001;bills;aws;us-east-1;first;maybe\n\
         short;-bad name;IBM;;0;\n\
         5f0000000000000000000001;orders;AWS;US_EAST_1;1;no\n\
         5f0000000000000000000002;too;many;cells;1;yes;surplus\n",
    );
    insta::assert_snapshot!(scrub(&check(&dir).with(2).whole(), &dir));
}

#[test]
fn check_tells_of_rows_that_end_early_since_a_cell_may_be_missing_before_their_end() {
    let dir = Workdir::new();
    dir.write("q4.toml", CAMPAIGN);
    dir.write(
        "fleet.csv",
        "project_id,cluster_name,owner,provider,region,note\n\
         5f0000000000000000000001,orders,mara,AWS,US_EAST_1,\n\
         5f0000000000000000000001,bills,mara,AWS,US_EAST_1\n",
    );
    let told = check(&dir).with(0).stderr;
    assert!(told.contains("fleet.csv: 1 row has fewer cells than the header, row 3 first"), "{told}");
}

#[test]
fn check_names_every_error_of_a_bad_campaign_file() {
    let dir = Workdir::new();
    dir.write(
        "q4.toml",
        "campaign = \"a b\"\noperation = \"shared-to-serverles\"\nflet = 1\n[fleet]\ncsv = 3\n\
         [look]\nsettle = \"soon\"\nmin = \"10s\"\nmax = \"1s\"\n[pace]\nworkers = 0\n\
         [atlas]\nbase_url = \"http://example.com\"\n",
    );
    insta::assert_snapshot!(scrub(&check(&dir).with(2).whole(), &dir));
}

#[test]
fn check_says_so_where_there_is_no_file() {
    let dir = Workdir::new();
    let no_campaign = check(&dir).with(2);
    dir.write("q4.toml", CAMPAIGN);
    let no_fleet = check(&dir).with(2);
    insta::assert_snapshot!(scrub(&format!("{}\n{}", no_campaign.whole(), no_fleet.whole()), &dir));
}

#[test]
fn input_without_an_end_is_refused_at_once_as_campaign_and_plan_and_fleet() {
    let dir = Workdir::new();
    let refused = |words: &[&str]| dir.run_as(&[], words).with(2).stderr;
    let campaign = refused(&["check", "/dev/zero"]);
    assert!(campaign.contains("/dev/zero: the campaign file cannot be read: it is larger than 1 MiB"), "{campaign}");
    let plan = refused(&["run", "--plan", "/dev/zero"]);
    assert!(plan.contains("/dev/zero is no plan that `drydock plan --out` has written"), "{plan}");
    dir.write("q4.toml", &CAMPAIGN.replace("fleet.csv", "/dev/zero"));
    let fleet = refused(&["check", "q4.toml"]);
    assert!(fleet.contains("/dev/zero:1: holds a NUL byte, so this is not text"), "{fleet}");
}
