//! One cluster, whoever names it and in whatever case.

use crate::atlas::Atlas;
use crate::workdir::{TOKEN, Workdir, fleet, project};

/// The clusters as Atlas spells them are those of the fleet in capitals.
fn in_capitals(dir: &Workdir) -> Atlas {
    let fleet = dir.read("fleet.csv");
    dir.write("fleet.csv", &fleet.replace("orders", "Orders"));
    let atlas = Atlas::serve(dir, &[]);
    dir.write("fleet.csv", &fleet);
    atlas
}

#[test]
fn a_fleet_that_spells_names_in_another_case_than_atlas_is_upgraded_under_atlass_own_names() {
    let dir = Workdir::with_fleet(2, 1);
    let atlas = in_capitals(&dir);
    dir.run(&["run", "fast.toml", "--progress", "none"]).with(0);
    atlas.stop().are_clean(2);
    let histories = dir.histories();
    for job in &histories {
        assert_eq!((&job["cluster_name"], &job["state"]), (&"orders-0".into(), &"succeeded".into()));
        let intent = job["history"].as_array().unwrap().iter().find(|entry| entry["event"] == "intent").unwrap();
        assert!(intent["detail"].as_str().unwrap().contains("\"Orders-0\""), "{intent}");
    }
    let word = format!("{}/ORDERS-0", project(0));
    assert!(dir.run(&["show", &word]).with(0).stdout.contains("/orders-0"));
    dir.run(&["audit", "verify"]).with(0);
}

#[test]
fn a_second_campaign_that_spells_the_same_clusters_otherwise_is_refused() {
    let dir = Workdir::with_fleet(1, 2);
    let mut atlas = Atlas::serve_as(&TOKEN, &dir, &["-v", "--shortest", "1h", "--longest", "1h"]);
    let mut run = dir.start(&["run", "fast.toml", "--progress", "none"]);
    atlas.sees(&mut run, |request| request.is_upgrade() && request.answered).unwrap();
    run.kill();
    dir.write("second.csv", &dir.read("fleet.csv").replace("orders-0", "ORDERS-0"));
    dir.write("second.toml", &dir.read("fast.toml").replace("fleet.csv", "second.csv"));
    let refused = dir.run(&["run", "second.toml"]).with(2);
    for word in ["/ORDERS-0 is in fast as orders-0", "/orders-1 is in fast\n", "take them off one of the two fleets"] {
        assert!(refused.stderr.contains(word), "{word}: {}", refused.stderr);
    }
    // One row of the first fleet in another case is the same row.
    dir.write("fleet.csv", &dir.read("fleet.csv").replace("orders-1", "oRdErS-1"));
    let mut again = dir.start(&["run", "fast.toml", "--progress", "none"]);
    again.logs("2 clusters in the fleet, nothing changed");
    again.kill();
    assert_eq!(atlas.stop().asked_again, 0);
}

#[test]
fn whatever_comes_back_is_verified_where_another_campaign_was_accepted_and_did_not_succeed() {
    let dir = Workdir::with_fleet(1, 2);
    let (fast, all) = (dir.read("fast.toml"), fleet(1, 3));
    let rows = |orders: &[usize]| {
        let lines: Vec<&str> = all.lines().collect();
        let chosen = orders.iter().map(|order| lines[order + 1]);
        [lines[0]].into_iter().chain(chosen).collect::<Vec<_>>().join("\n")
    };
    let campaign = |name: &str, text: &str, rows: String| {
        dir.write(&format!("{name}.csv"), &rows);
        dir.write(&format!("{name}.toml"), &text.replace("fleet.csv", &format!("{name}.csv")));
    };
    // Nobody says yes there: its fleet is loaded, and nothing is begun.
    let unsure = |orders: &[usize]| {
        campaign("unsure", &format!("{fast}[atlas]\nbase_url = \"https://atlas.invalid\"\n"), rows(orders));
        dir.run(&["run", "unsure.toml", "-q"]).with(2);
    };
    unsure(&[1, 2]);
    unsure(&[2]);
    let atlas = Atlas::serve(&dir, &["--fault", "refuse=1"]);
    let address = atlas.url.strip_prefix("http://").unwrap().to_owned();
    campaign("refused", &dir.read("fast.toml"), rows(&[0]));
    dir.run(&["run", "refused.toml", "-q"]).with(10);
    atlas.stop();
    let atlas = Atlas::serve(&dir, &["--fault", "roll_back=1", "--listen", &address]);
    dir.run(&["run", "fast.toml", "-q"]).with(10);
    assert_eq!(atlas.stop().effects, 2);
    assert_eq!(dir.run(&["list", "fast", "--code", "DID_NOT_TAKE", "--json"]).with(0).stdout.lines().count(), 2);
    unsure(&[1, 2]);
    let returned = dir.run(&["list", "unsure", "--state", "verifying"]).with(0).stdout;
    assert!(returned.contains("/orders-1 "), "{returned}");
    let retried = dir.run(&["retry", "refused", "--all-failed"]).with(0).stdout;
    assert!(retried.contains("1 to verifying first, since a request may have landed"), "{retried}");
}
