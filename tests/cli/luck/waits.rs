//! What is waited for, and who is told of it.

use crate::luck::front::Mood;
use crate::luck::network::Voyage;

/// What `status` says, as soon as it says it.
fn status(voyage: &Voyage, words: &str) -> String {
    for _ in 0..500 {
        let told = voyage.dir.run(&["status"]).with(0).stdout;
        if told.contains(words) {
            return told;
        }
    }
    panic!("{words:?} was never said: {}", voyage.dir.run(&["status"]).stdout);
}

#[test]
fn a_wait_of_thirty_years_is_told_by_bar_and_status_and_a_release_brings_it_forward() {
    let mut voyage = Voyage::begin();
    voyage.front.becomes(Mood::Throttled("1000000000"));
    voyage.run.logs("Atlas asked to wait until 20");
    let told = status(&voyage, "asked again in 5");
    assert!(told.contains("asked       Atlas asked to wait until 20"), "{told}");
    assert!(told.contains("or at once  drydock release fast"), "{told}");
    assert!(voyage.dir.status()["asked_until"].as_str().unwrap().starts_with("20"));
    voyage.front.becomes(Mood::Through);
    let released = voyage.dir.run(&["release", "--reason", "MongoDB says go"]).with(0).stdout;
    assert!(released.contains("Atlas asked to wait until 20") && released.contains("within seconds"), "{released}");
    voyage.ends_well();
}

#[test]
fn a_retry_brings_one_project_forward() {
    let mut voyage = Voyage::begin();
    voyage.front.becomes(Mood::Throttled("1000000000"));
    voyage.run.logs("Atlas asked to wait until 20");
    status(&voyage, "asked again in 5");
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
    let told = status(&voyage, "cannot reach Atlas");
    assert!(told.contains("waits for   cannot reach Atlas (NO_CONNECTION) for "), "{told}");
    assert!(told.split_whitespace().collect::<Vec<_>>().join(" ").contains("; Drydock keeps trying"), "{told}");
    assert!(voyage.dir.status()["waiting_for"].as_str().unwrap().starts_with("cannot reach Atlas"));
    voyage.front.listens();
    status(&voyage, "jobs have ended (100.0 %)");
    let told = voyage.dir.run(&["status"]).with(0).stdout;
    assert!(!told.contains("cannot reach Atlas"), "{told}");
    voyage.ends_well();
}
