//! `drydock backup`: a copy of a database in use.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::atlas::Atlas;
use crate::scrub::scrub;
use crate::workdir::Workdir;

#[test]
fn a_backup_is_made_beside_a_run_and_restored_as_it_says() {
    let dir = Workdir::with_fleet(4, 3);
    let atlas = Atlas::serve(&dir, &[]);
    dir.aim_slowly(&atlas.url);
    dir.tune("atlas", "request_timeout = \"1s\"");
    let mut run = dir.start(&["run", "fast.toml", "-v", "--progress", "none"]);
    run.logs("submitting -> upgrading");
    let backup = dir.run(&["backup", "backup.db"]).with(0);
    insta::assert_snapshot!(scrub(&backup.whole(), &dir));
    assert_eq!(dir.path().join("backup.db").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // It can be looked into, and is known as a copy while the original is there.
    let on_copy = |words: &[&str]| dir.run(&[words, &["--database-url", "sqlite:backup.db"]].concat());
    on_copy(&["audit", "verify"]).with(0);
    let status: serde_json::Value = serde_json::from_str(&on_copy(&["status", "--json"]).with(0).stdout).unwrap();
    assert_ne!(status["counts"]["upgrading"], 0, "what is in the log alone is in the copy, too: {status}");
    let refused = on_copy(&["run", "fast.toml", "-q"]).with(2);
    assert!(refused.stderr.contains("is a copy of"), "{}", refused.stderr);
    run.kill();
    for ending in ["-wal", "-shm"] {
        let _there_may_be_none = fs::remove_file(dir.path().join(format!("drydock.db{ending}")));
    }
    fs::rename(dir.path().join("backup.db"), dir.path().join("drydock.db")).unwrap();
    let restored = dir.run(&["run", "fast.toml", "-q"]).with(0);
    assert!(restored.stderr.contains("is a copy that `drydock backup` made at"), "{}", restored.stderr);
    dir.run(&["audit", "verify"]).with(0);
    let books = atlas.stop();
    books.are_clean(12);
    assert_eq!(books.upgrade_requests, 12, "{books:?}");
}

#[test]
fn a_backup_is_written_over_nothing_and_leaves_no_half_of_itself() {
    let dir = Atlas::upgraded(1, 1);
    let before = fs::read(dir.path().join("drydock.db")).unwrap();
    dir.write("taken.db", "mine");
    std::os::unix::fs::symlink("nowhere", dir.path().join("link.db")).unwrap();
    // Whoever reads a database leaves an empty log beside it.
    let files = || dir.files().iter().filter(|file| !file.to_string_lossy().contains("drydock.db-")).count();
    let before_it = files();
    for name in ["drydock.db", "taken.db", "link.db"] {
        let refused = dir.run(&["backup", name]).with(2);
        let error = format!("error: {name} is there already, and is left as it is: name another file\n");
        assert_eq!(refused.stderr, error);
    }
    dir.run(&["backup", "no/where.db"]).with(2);
    assert_eq!((files(), dir.read("taken.db")), (before_it, "mine".to_owned()));
    assert_eq!(fs::read(dir.path().join("drydock.db")).unwrap(), before);
}
