use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::store::{RunnerLock, StoreError};

#[tokio::test]
async fn the_second_runner_is_told_who_the_first_is() {
    let home = Home::new().await;
    let lock = RunnerLock::acquire(&home.store, "r1", "deck", NOW).unwrap();
    let file = home.dir.path().join("drydock.db.lock");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    match RunnerLock::acquire(&home.store, "r2", "pier", NOW).unwrap_err() {
        StoreError::Held { database, runner, host, pid, since, stopped } => {
            assert_eq!(database, home.store.name());
            assert_eq!((runner.as_str(), host.as_str(), since), ("r1", "deck", Some(NOW)));
            assert_eq!((pid, stopped), (Some(std::process::id()), false));
        }
        other => panic!("{other}"),
    }
    drop(lock);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
    RunnerLock::acquire(&home.store, "r2", "pier", NOW).unwrap();
}

#[tokio::test]
async fn a_link_to_the_database_leads_to_the_same_lock() {
    let home = Home::new().await;
    let link = home.dir.path().join("link.db");
    std::os::unix::fs::symlink(home.dir.path().join("drydock.db"), &link).unwrap();
    let linked = Store::open(&format!("sqlite:{}", link.display()), Open::Existing).await.unwrap();
    let _lock = RunnerLock::acquire(&home.store, "r1", "deck", NOW).unwrap();
    assert!(matches!(RunnerLock::acquire(&linked, "r2", "deck", NOW), Err(StoreError::Held { .. })));
}

#[tokio::test]
async fn what_a_dead_runner_left_in_the_file_holds_nobody_up() {
    let home = Home::new().await;
    let file = home.dir.path().join("drydock.db.lock");
    std::fs::write(&file, "{\"runner\":\"dead\", and the rest is longer than anything that is written now ........")
        .unwrap();
    let _lock = RunnerLock::acquire(&home.store, "r2", "deck", NOW).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("{\"runner\":\"r2\"") && text.ends_with("}\n"), "{text}");
}

#[tokio::test]
async fn a_holder_that_has_not_yet_written_its_name_is_still_a_holder() {
    let home = Home::new().await;
    let lock = RunnerLock::acquire(&home.store, "r1", "deck", NOW).unwrap();
    std::fs::write(home.dir.path().join("drydock.db.lock"), "").unwrap();
    let error = RunnerLock::acquire(&home.store, "r2", "deck", NOW).unwrap_err();
    assert!(matches!(error, StoreError::Held { since: None, .. }), "{error}");
    let (database, pid) = (home.store.name(), std::process::id());
    let who = format!("another drydock (process {pid}), which has just started or is bringing its tables up to date");
    assert_eq!(error.to_string(), format!("{database} is in use by {who}"));
    assert_eq!(error.hint().as_deref(), Some("try again in a moment"));
    drop(lock);
}

#[tokio::test]
async fn the_lock_is_on_the_database_itself_whatever_became_of_the_lock_file() {
    let home = Home::new().await;
    let lock = RunnerLock::acquire(&home.store, "r1", "deck", NOW).unwrap();
    std::fs::remove_file(home.dir.path().join("drydock.db.lock")).unwrap();
    let other = Store::open(&url(&home.dir), Open::Existing).await.unwrap();
    match RunnerLock::acquire(&other, "r2", "deck", NOW).unwrap_err() {
        StoreError::HeldByFile { pid, .. } => assert_eq!(pid, Some(std::process::id())),
        error => panic!("{error}"),
    }
    drop(lock);
    RunnerLock::acquire(&other, "r2", "deck", NOW).unwrap();
}

#[tokio::test]
async fn a_store_that_is_closed_takes_no_lock_of_sqlite_from_another_one_of_the_same_file() {
    let home = Home::new().await;
    let inode =
        format!(":{} ", std::os::unix::fs::MetadataExt::ino(&home.dir.path().join("drydock.db").metadata().unwrap()));
    let locks = || std::fs::read_to_string("/proc/locks").unwrap().lines().filter(|lock| lock.contains(&inode)).count();
    let before = locks();
    assert!(before > 0, "SQLite has no lock on the file");
    let other = Store::open(&url(&home.dir), Open::Existing).await.unwrap();
    other.close().await;
    assert_eq!(locks(), before);
}

#[tokio::test]
async fn a_database_that_is_locked_by_its_file_can_be_used_by_sqlite() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let _lock = RunnerLock::acquire(&home.store, "r1", "deck", NOW).unwrap();
    let other = Store::open(&url(&home.dir), Open::Existing).await.unwrap();
    other.release(&runner("r2"), id, &[], None, NOW).await.unwrap();
    other.close().await;
    home.load("q4", &rows(&["c1", "c2"])).await.unwrap();
}
