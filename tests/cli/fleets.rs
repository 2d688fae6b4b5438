//! A fleet that is loaded again: the same as before, not the same, and the same that may be too large by now.

use std::process::Command;

use crate::atlas::Atlas;
use crate::workdir::Workdir;

/// What a run says of its fleet.
fn said(dir: &Workdir) -> String {
    let run = dir.run(&["run", "fast.toml", "--progress", "none"]).with(0);
    let mut lines = run.stderr.lines().filter_map(|line| line.strip_prefix("fast: "));
    lines.find(|line| line.contains("in the fleet")).unwrap_or_default().to_owned()
}

#[test]
fn a_fleet_is_loaded_when_it_has_changed_and_no_row_of_it_is_lost_on_the_way() {
    let dir = Workdir::with_fleet(1, 3);
    let atlas = Atlas::serve(&dir, &[]);
    let whole = dir.read("fleet.csv");
    let less: Vec<&str> = whole.lines().take(3).collect();
    dir.write("fleet.csv", &(less.join("\n") + "\n"));
    assert_eq!(said(&dir), "2 clusters in the fleet, 2 new");
    assert_eq!(said(&dir), "2 clusters in the fleet, nothing changed");
    dir.write("fleet.csv", &whole);
    assert_eq!(said(&dir), "3 clusters in the fleet, 1 new");
    // The same file, and another meaning: an ended job keeps what was done to it.
    dir.tune("retry", "max_attempts = 3");
    assert_eq!(said(&dir), "3 clusters in the fleet, nothing changed");
    assert_eq!(dir.report().len(), 1 + 3);
    atlas.stop().are_clean(3);
}

#[test]
fn a_guard_that_was_lowered_speaks_up_though_the_fleet_is_the_same() {
    let dir = Workdir::with_fleet(1, 3);
    let atlas = Atlas::serve(&dir, &[]);
    assert_eq!(said(&dir), "3 clusters in the fleet, 3 new");
    dir.write("fast.toml", &format!("{}\n[guard]\nmax_clusters = 2\n", dir.read("fast.toml")));
    let refused = dir.run(&["run", "fast.toml"]).with(2);
    assert!(refused.stderr.contains("guard.max_clusters of fast.toml is 2"), "{}", refused.stderr);
    atlas.stop().are_clean(3);
}

#[test]
fn a_fleet_that_comes_through_a_named_pipe_is_read_once() {
    let dir = Workdir::with_fleet(1, 3);
    let atlas = Atlas::serve(&dir, &[]);
    let (fleet, pipe) = (dir.read("fleet.csv"), dir.path().join("fleet.pipe"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    dir.write("fast.toml", &dir.read("fast.toml").replace("fleet.csv", "fleet.pipe"));
    let writing = std::thread::spawn(move || std::fs::write(pipe, fleet));
    assert_eq!(said(&dir), "3 clusters in the fleet, 3 new");
    writing.join().unwrap().unwrap();
    atlas.stop().are_clean(3);
}
