//! `kill -9`, and again.

use crate::atlas::Atlas;
use crate::workdir::Workdir;

#[test]
fn a_run_that_is_killed_again_and_again_loses_nothing_and_asks_nothing_twice() {
    let dir = Workdir::with_fleet(8, 6);
    let atlas = Atlas::serve(&dir, &[]);
    dir.aim_slowly(&atlas.url);
    dir.tune("atlas", "request_timeout = \"2s\"");
    // Each dies in another moment: an intent is on disk, a request was answered, an upgrade has ended.
    let moments = [
        ("ready -> submitting", 1),
        ("submitting -> upgrading", 1),
        ("upgrading -> succeeded", 1),
        ("ready -> submitting", 3),
        ("submitting -> upgrading", 2),
        ("ready -> submitting", 1),
    ];
    for (moment, times) in moments {
        let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "none"]);
        for _ in 0..times {
            run.logs(moment);
        }
        let killed = run.kill();
        assert_eq!(killed.code, None, "it had ended already: {}", killed.stdout);
    }
    let status = dir.status();
    assert!(status["ended"].as_u64().unwrap() < 48, "{status}");
    assert_eq!(status["runner"]["state"], "dead", "{status}");
    let told = dir.run(&["status"]).with(0).stdout;
    assert!(told.contains("has died; nothing is lost") && told.contains("to go on    drydock run"), "{told}");
    assert!(!told.contains("in the runner's hands"), "{told}");
    dir.aim(&atlas.url);
    dir.tune("atlas", "request_timeout = \"2s\"");
    let last = dir.run(&["run", "fast.toml"]).with(0);
    assert!(last.stdout.contains("48 succeeded"), "{}", last.stdout);
    assert!(dir.status()["runner"].is_null());
    atlas.stop().are_clean(48);
    assert_eq!(dir.report().len(), 1 + 48);
}

#[test]
fn a_simulated_run_that_is_killed_goes_on_where_it_stopped() {
    let dir = Workdir::with_fleet(2, 3);
    dir.write("fast.toml", &format!("{}\n[atlas]\nrequest_timeout = \"2s\"\n", dir.read("fast.toml")));
    let words = ["run", "fast.toml", "--simulate", "-v", "--progress", "none"];
    let mut run = dir.start(&words);
    run.logs("submitting -> upgrading");
    run.kill();
    let last = dir.run(&words).with(0);
    assert!(last.stdout.contains("6 succeeded"), "{}", last.stdout);
}
