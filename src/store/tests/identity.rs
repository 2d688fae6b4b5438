//! Which file a database is.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::*;
use crate::store::{Origin, RunnerLock, StoreError};

/// A database on which a run has worked.
struct Worked(TempDir);

impl Worked {
    async fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.run("drydock.db").await.unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    async fn open(&self, name: &str) -> Result<Store, StoreError> {
        Store::open(&format!("sqlite:{}", self.path(name).display()), Open::CreateIfMissing).await
    }

    /// Where the database of this name comes from, as a run finds it, which then goes on with it.
    async fn run(&self, name: &str) -> Result<Origin, StoreError> {
        let store = self.open(name).await?;
        let lock = RunnerLock::acquire(&store, "r1", "deck", NOW)?;
        let origin = store.origin().await;
        if let Ok(origin) = &origin {
            store.identify(&lock, origin, "deck", NOW).await?;
        }
        store.close().await;
        origin
    }

    fn copy(&self, from: &str, to: &str) {
        fs::copy(self.path(from), self.path(to)).unwrap();
    }
}

fn is_restored(origin: &Result<Origin, StoreError>) -> bool {
    matches!(origin, Ok(Origin::Restored { .. }))
}

#[tokio::test]
async fn a_database_that_a_run_worked_on_is_the_same_for_the_next_one() {
    let home = Worked::new().await;
    assert_eq!(home.run("drydock.db").await.unwrap(), Origin::Same);
    assert_eq!(home.run("drydock.db").await.unwrap(), Origin::Same);
    assert_eq!(home.open("drydock.db").await.unwrap().restored_at().await.unwrap(), None);
}

#[tokio::test]
async fn a_database_that_was_moved_without_its_lock_file_may_have_left_its_log_behind_too() {
    let home = Worked::new().await;
    for (from, to, with_lock) in [("drydock.db", "b.db", true), ("b.db", "c.db", false)] {
        fs::rename(home.path(from), home.path(to)).unwrap();
        if with_lock {
            fs::rename(home.path(&format!("{from}.lock")), home.path(&format!("{to}.lock"))).unwrap();
        }
        match home.run(to).await.unwrap() {
            Origin::Same => assert!(with_lock),
            Origin::Restored { why } => assert!(!with_lock && why.contains(from), "{why}"),
        }
        assert_eq!(home.run(to).await.unwrap(), Origin::Same);
    }
}

#[tokio::test]
async fn a_copy_beside_its_original_is_refused_until_that_is_gone() {
    let home = Worked::new().await;
    home.copy("drydock.db", "copy.db");
    // Whichever of the two was run since.
    home.run("drydock.db").await.unwrap();
    for _ in 0..2 {
        match home.run("copy.db").await.unwrap_err() {
            StoreError::CopyOfAnother { original, .. } => {
                assert_eq!(original, home.path("drydock.db").display().to_string());
            }
            error => panic!("{error}"),
        }
    }
    assert_eq!(home.run("drydock.db").await.unwrap(), Origin::Same);
    fs::remove_file(home.path("drydock.db")).unwrap();
    assert!(is_restored(&home.run("copy.db").await));
    assert_eq!(home.open("copy.db").await.unwrap().restored_at().await.unwrap(), Some(NOW));
    // From now on it is a database of its own, and the original one too, if it comes back.
    assert_eq!(home.run("copy.db").await.unwrap(), Origin::Same);
    home.copy("copy.db", "drydock.db");
    assert!(home.run("drydock.db").await.is_err(), "a copy of the copy");
}

#[tokio::test]
async fn another_database_where_the_original_was_is_not_the_original() {
    let home = Worked::new().await;
    home.copy("drydock.db", "copy.db");
    fs::remove_file(home.path("drydock.db")).unwrap();
    home.run("drydock.db").await.unwrap();
    assert!(is_restored(&home.run("copy.db").await));
}

#[tokio::test]
async fn a_backup_that_was_put_back_is_told_however_that_was_done() {
    for how in ["renamed over it", "copied into it", "copied to its name when it was gone"] {
        let home = Worked::new().await;
        home.copy("drydock.db", "backup.db");
        home.run("drydock.db").await.unwrap();
        match how {
            "renamed over it" => fs::rename(home.path("backup.db"), home.path("drydock.db")).unwrap(),
            "copied into it" => home.copy("backup.db", "drydock.db"),
            _ => {
                // The system may give the new file the number of the old one.
                fs::remove_file(home.path("drydock.db")).unwrap();
                fs::remove_file(home.path("drydock.db.lock")).unwrap();
                home.copy("backup.db", "drydock.db");
            }
        }
        assert!(is_restored(&home.run("drydock.db").await), "{how}");
        assert_eq!(home.run("drydock.db").await.unwrap(), Origin::Same, "{how}");
    }
}

#[tokio::test]
async fn a_backup_of_before_another_one_was_put_back_is_told_too() {
    let home = Worked::new().await;
    home.copy("drydock.db", "backup.db");
    for _ in 0..2 {
        for _ in 0..3 {
            home.run("drydock.db").await.unwrap();
        }
        home.copy("backup.db", "drydock.db");
        assert!(is_restored(&home.run("drydock.db").await));
    }
}

#[tokio::test]
async fn a_database_with_two_names_or_a_log_elsewhere_is_not_opened() {
    let home = Worked::new().await;
    let refused = async |what: &str, is_it: fn(&StoreError) -> bool| {
        let error = home.open("drydock.db").await.unwrap_err();
        assert!(is_it(&error), "{what}: {error}");
    };
    fs::hard_link(home.path("drydock.db"), home.path("other.db")).unwrap();
    refused("two names", |error| matches!(error, StoreError::SeveralNames { names: 2, .. })).await;
    fs::remove_file(home.path("other.db")).unwrap();
    for ending in ["-wal", "-shm", ".lock"] {
        let file = home.path(&format!("drydock.db{ending}"));
        let _there_is_none = fs::remove_file(&file);
        fs::write(home.path("elsewhere"), "").unwrap();
        symlink(home.path("elsewhere"), &file).unwrap();
        refused(ending, |error| matches!(error, StoreError::LogElsewhere { .. })).await;
        fs::remove_file(&file).unwrap();
        fs::hard_link(home.path("elsewhere"), &file).unwrap();
        refused(ending, |error| matches!(error, StoreError::LogElsewhere { .. })).await;
        fs::remove_file(&file).unwrap();
    }
    home.open("drydock.db").await.unwrap();
}

#[tokio::test]
async fn what_is_neither_file_nor_directory_is_no_database() {
    let home = tempfile::tempdir().unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(home.path().join("drydock.db")).unwrap();
    let error = Store::open(&url(&home), Open::Existing).await.unwrap_err();
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");
}

/// Writes the intent to upgrade the cluster `name`, some milliseconds after [`NOW`].
async fn intend(home: &Home, campaign_id: i64, name: &str, after: i64) {
    let mut job = home.job(campaign_id, name).await;
    submit(&mut job);
    let intent = Change::new(job, Some(Entry::new(Kind::Intent)), Millis(NOW.0 + after));
    assert_eq!(home.store.record(&runner("r1"), &[intent]).await.unwrap(), [true]);
}

#[tokio::test]
async fn a_backup_of_the_middle_of_a_run_is_told_if_requests_were_sent_since() {
    for sent_since in [false, true] {
        let (home, id) = Home::with(&rows(&["c1", "c2"])).await;
        let (database, backup) = (home.dir.path().join("drydock.db"), home.dir.path().join("backup.db"));
        let lock = RunnerLock::acquire(&home.store, "r1", "deck", NOW).unwrap();
        home.store.identify(&lock, &Origin::Same, "deck", NOW).await.unwrap();
        intend(&home, id, "c1", 1).await;
        home.sql("PRAGMA wal_checkpoint").await.unwrap();
        fs::copy(&database, &backup).unwrap();
        if sent_since {
            intend(&home, id, "c2", 2).await;
        }
        // As after a kill: the run has written nothing at its end.
        drop(lock);
        home.store.close().await;
        fs::copy(&backup, &database).unwrap();
        let store = Store::open(&url(&home.dir), Open::Existing).await.unwrap();
        assert_eq!(is_restored(&store.origin().await), sent_since);
        // A run that loads the fleet and ends before it has seen to it hides nothing.
        let home = Home { dir: home.dir, store };
        let later = Millis(NOW.0 + 60_000);
        let mut loader = home.store.begin_load(&runner("r2"), "q4", OPERATION, later).await.unwrap();
        loader.push(&rows(&["c1", "c2", "c3"])).await.unwrap();
        loader.finish().await.unwrap();
        let store = &home.store;
        assert_eq!(is_restored(&store.origin().await), sent_since);
        // What was sent by the other state is seen to only once.
        let lock = RunnerLock::acquire(store, "r2", "deck", NOW).unwrap();
        store.identify(&lock, &store.origin().await.unwrap(), "deck", NOW).await.unwrap();
        assert_eq!(store.origin().await.unwrap(), Origin::Same);
    }
}

#[tokio::test]
async fn a_new_database_beside_the_lock_file_of_another_one_is_told() {
    let home = Worked::new().await;
    fs::remove_file(home.path("drydock.db")).unwrap();
    assert!(is_restored(&home.run("drydock.db").await), "the lock file knows of another one");
    assert_eq!(home.run("drydock.db").await.unwrap(), Origin::Same);
}

#[tokio::test]
async fn a_directory_that_was_put_back_with_its_lock_file_is_told_until_a_run_has_seen_to_it() {
    let home = Worked::new().await;
    let lock_file = home.path("drydock.db.lock");
    // What `cp -a` leaves: words of then, in a file that the system knows to have been changed now.
    let mut words: serde_json::Value = serde_json::from_str(&fs::read_to_string(&lock_file).unwrap()).unwrap();
    words["written_at"] = (words["written_at"].as_i64().unwrap() - 60_000).into();
    fs::write(&lock_file, words.to_string()).unwrap();
    let store = home.open("drydock.db").await.unwrap();
    // A run that ends before it has seen to it writes the lock file anew.
    drop(RunnerLock::acquire(&store, "r1", "deck", NOW).unwrap());
    assert!(is_restored(&store.origin().await));
    assert!(is_restored(&home.run("drydock.db").await));
    assert_eq!(home.run("drydock.db").await.unwrap(), Origin::Same);
}

#[tokio::test]
async fn a_copy_without_its_log_says_of_which_database_it_is_one() {
    let (home, _) = Home::with(&rows(&["c1"])).await;
    let lock = RunnerLock::acquire(&home.store, "r1", "deck", NOW).unwrap();
    home.store.identify(&lock, &Origin::Same, "deck", NOW).await.unwrap();
    let copy = home.dir.path().join("copy.db");
    fs::copy(home.dir.path().join("drydock.db"), &copy).unwrap();
    let copied = Store::open(&format!("sqlite:{}", copy.display()), Open::Existing).await.unwrap();
    let error = copied.origin().await.unwrap_err();
    assert!(matches!(error, StoreError::CopyOfAnother { .. }), "{error}");
}
