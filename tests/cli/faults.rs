//! An Atlas that fails in all its ways.

use crate::atlas::Atlas;
use crate::workdir::Workdir;

#[test]
fn every_cluster_is_upgraded_once_through_faults_of_all_kinds() {
    let dir = Workdir::with_fleet(10, 6);
    let faults =
        ["conflict", "throttle", "error_before", "error_after", "drop_before", "drop_after", "redirect", "empty_list"];
    let words: Vec<String> = faults.iter().flat_map(|name| ["--fault".into(), format!("{name}=0.05")]).collect();
    let atlas = Atlas::serve(&dir, &words.iter().map(String::as_str).collect::<Vec<_>>());
    dir.tune("atlas", "request_timeout = \"2s\"");
    let run = dir.run(&["run", "fast.toml"]).with(0);
    let books = atlas.stop();
    books.are_clean(60);
    assert!(books.upgrade_requests > 60, "no fault struck: {books:?}");
    assert!(run.stdout.contains("60 succeeded"), "{}", run.stdout);
}
