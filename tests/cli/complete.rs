//! Whether nothing was lost: every row of the fleet has its job, and every job its whole history.

use serde_json::Value;

use crate::atlas::Books;
use crate::workdir::Workdir;

/// Every cluster was upgraded once, the reports hold every row in the fleet's order, and no history has a gap or a
/// broken chain.
#[track_caller]
pub(crate) fn is_complete(dir: &Workdir, books: &Books) {
    let fleet: Vec<String> = dir.read("fleet.csv").lines().skip(1).map(str::to_owned).collect();
    books.are_clean(fleet.len() as u64);
    let jobs = dir.histories();
    let rows: Vec<Vec<String>> = dir.report().into_iter().skip(1).collect();
    assert_eq!((jobs.len(), rows.len()), (fleet.len(), fleet.len()));
    let mut intents = 0;
    for ((line, job), cells) in fleet.iter().zip(&jobs).zip(&rows) {
        let [project, name] = [0, 1].map(|cell| line.split(',').nth(cell).unwrap());
        assert_eq!((&*cells[1], &*cells[2], &*cells[4]), (project, name, "succeeded"), "{cells:?}");
        assert_eq!((&job["project_id"], &job["cluster_name"]), (&project.into(), &name.into()), "{job}");
        assert_eq!(job["state"], "succeeded", "{job}");
        intents += sends(job);
    }
    dir.run(&["audit", "verify"]).with(0);
    assert!(books.upgrade_requests <= intents, "a request without an intent: {intents} intents, {books:?}");
}

/// How many requests the history tells of. Each has its one intent, and each entry its place.
#[track_caller]
fn sends(job: &Value) -> u64 {
    let history = job["history"].as_array().unwrap();
    let mut sends = 0;
    for (place, entry) in history.iter().enumerate() {
        assert_eq!(entry["seq"], place as u64 + 1, "a gap: {job}");
        if entry["event"] == "intent" {
            sends += 1;
            assert_eq!(entry["send"], sends, "a number of a request is missing, or was used twice: {job}");
        } else {
            let send = entry["send"].as_u64().unwrap_or_default();
            assert!(send <= sends, "request {send} has no intent: {job}");
        }
    }
    assert_eq!(history.last().unwrap()["state"], "succeeded", "{job}");
    sends
}
