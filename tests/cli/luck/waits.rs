//! What is waited for, and who is told of it.

use crate::atlas::Atlas;
use crate::luck::front::{Front, Mood};
use crate::luck::network::Voyage;
use crate::workdir::Workdir;

/// What `status` says, as soon as it says it, wherever the lines are broken.
fn status(dir: &Workdir, words: &str) -> String {
    for _ in 0..500 {
        let told = dir.run(&["status"]).with(0).stdout;
        if told.contains(words) || in_one_line(&told).contains(words) {
            return told;
        }
    }
    panic!("{words:?} was never said: {}", dir.run(&["status"]).stdout);
}

fn in_one_line(told: &str) -> String {
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_wait_of_thirty_years_is_told_by_bar_and_status_and_a_release_brings_it_forward() {
    let mut voyage = Voyage::begin();
    voyage.front.becomes(Mood::Throttled("1000000000"));
    voyage.run.logs("Atlas asked to wait until 20");
    let told = status(&voyage.dir, "asked again in 5");
    assert!(told.contains("asked       Atlas asked to wait until 20"), "{told}");
    assert!(told.contains("or at once  drydock release fast"), "{told}");
    assert!(voyage.dir.status()["asked_until"].as_str().unwrap().starts_with("20"));
    voyage.front.becomes(Mood::Through);
    let released = voyage.dir.run(&["release", "--reason", "MongoDB says go"]).with(0).stdout;
    assert!(released.contains("Atlas asked to wait until 20") && released.contains("within seconds"), "{released}");
    voyage.ends_well();
}

#[test]
fn a_run_that_starts_before_a_wait_is_over_and_a_plan_say_until_when_it_is() {
    let dir = Workdir::with_fleet(4, 3);
    let atlas = Atlas::serve(&dir, &[]);
    let front = Front::before(&atlas.url);
    dir.aim(&front.url);
    dir.write("fast.toml", &format!("{}\n[rehearsal]\nmedian = \"1s\"\n", dir.read("fast.toml")));
    front.becomes(Mood::Throttled("1000000000"));
    let mut run = dir.start(&["run", "fast.toml", "--progress", "plain"]);
    run.logs("Atlas asked to wait until 20");
    status(&dir, " for that; asked again in 5");
    run.kill();
    front.becomes(Mood::Through);
    let plan = in_one_line(&dir.run(&["plan", "fast.toml"]).stdout);
    assert!(plan.contains(" asked Atlas asked to wait until 20"), "{plan}");
    assert!(plan.contains(" wait for that; asked again in 5") && plan.contains("drydock release fast"), "{plan}");
    let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "plain"]);
    let line = run.logs(" done, ");
    assert!(line.contains("Atlas asked to wait until 20") && line.contains(", asked again in 5"), "{line}");
    dir.run(&["release", "--reason", "MongoDB says go"]).with(0);
    Voyage { dir, atlas, front, run }.ends_well();
}

#[test]
fn a_retry_brings_one_project_forward() {
    let mut voyage = Voyage::begin();
    voyage.front.becomes(Mood::Throttled("1000000000"));
    voyage.run.logs("Atlas asked to wait until 20");
    status(&voyage.dir, "asked again in 5");
    voyage.front.becomes(Mood::Through);
    let mut said = String::new();
    for number in 0..4 {
        said += &voyage.dir.run(&["retry", "--project", &crate::workdir::project(number)]).stdout;
    }
    assert!(said.contains("brought forward, for which Atlas had asked to wait"), "{said}");
    voyage.ends_well();
}

#[test]
fn status_beside_a_run_that_cannot_reach_atlas_says_that() {
    let mut voyage = Voyage::begin();
    voyage.front.refuses();
    let told = status(&voyage.dir, "cannot reach Atlas");
    assert!(told.contains("waits for   cannot reach Atlas (NO_CONNECTION) for "), "{told}");
    assert!(in_one_line(&told).contains("; Drydock keeps trying"), "{told}");
    assert!(voyage.dir.status()["waiting_for"].as_str().unwrap().starts_with("cannot reach Atlas"));
    voyage.front.listens();
    status(&voyage.dir, "jobs have ended (100.0 %)");
    let told = voyage.dir.run(&["status"]).with(0).stdout;
    assert!(!told.contains("cannot reach Atlas"), "{told}");
    voyage.ends_well();
}
