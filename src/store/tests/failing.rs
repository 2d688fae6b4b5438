//! What a caller is told when the database cannot do it.

use super::*;
use crate::store::{RunnerLock, StoreError};

fn store_error<T: std::fmt::Debug>(result: Result<T, LoadError>) -> StoreError {
    match result.unwrap_err() {
        LoadError::Store(error) => error,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_full_disk_is_told_as_such_and_loses_nothing_that_was_recorded() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    home.sql("PRAGMA max_page_count = 1").await.unwrap();
    let fleet: Vec<NewJob> = (0..2000).map(|n| row(n, &format!("c{n}"))).collect();
    let error = store_error(home.load("q5", &fleet[2..]).await);
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert!(error.to_string().contains("drydock.db"), "{error}");
    home.sql("PRAGMA max_page_count = 1000000").await.unwrap();
    assert_eq!(home.store.counts(id).await.unwrap().total(), 1);
    home.load("q5", &fleet[2..]).await.unwrap();
}

#[tokio::test]
async fn a_database_that_another_process_holds_is_told_as_such() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let other = Store::open(&url(&home.dir), Open::Existing).await.unwrap();
    let held = other.begin_load(&runner("loader"), "q5", OPERATION, NOW).await.unwrap();
    home.sql("PRAGMA busy_timeout = 10").await.unwrap();
    let job = home.job(id, "c1").await;
    let error = home.store.record(&runner("r1"), &[change(job.clone())]).await.unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    drop(held);
    other.close().await;
    assert_eq!(home.store.record(&runner("r1"), &[change(job)]).await.unwrap(), [true]);
}

#[tokio::test]
async fn a_database_that_may_only_be_read_is_told_as_such() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let job = home.job(id, "c1").await;
    home.sql("PRAGMA query_only = 1").await.unwrap();
    let error = home.store.record(&runner("r1"), &[change(job)]).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
}

#[tokio::test]
async fn a_row_that_makes_no_sense_is_an_error_and_no_guess() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    home.sql("UPDATE jobs SET wanted = 'all of it'").await.unwrap();
    let error = home.store.job(id, P1, "c1").await.unwrap_err();
    assert!(error.to_string().contains("has a wanted that makes no sense"), "{error}");
}

#[tokio::test]
async fn what_was_committed_into_a_file_that_nobody_will_find_counts_for_nothing() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let mut loader = home.store.begin_load(&runner("loader"), "q5", OPERATION, NOW).await.unwrap();
    loader.push(&rows(&["c2"])).await.unwrap();
    std::fs::remove_file(home.dir.path().join("drydock.db")).unwrap();
    let error = store_error(loader.finish().await);
    assert!(matches!(error, StoreError::Displaced { .. }), "{error}");
    let job = home.job(id, "c1").await;
    let error = home.store.record(&runner("r1"), &[change(job)]).await.unwrap_err();
    assert!(matches!(error, StoreError::Displaced { .. }), "{error}");
}

#[tokio::test]
async fn a_copy_of_a_former_run_is_to_be_claimed_before_the_next() {
    let home = Home::new().await;
    std::fs::write(home.dir.path().join("drydock.db.rescued"), "").unwrap();
    let error = RunnerLock::acquire(&home.store, "r1", "deck", NOW).unwrap_err();
    assert!(matches!(error, StoreError::Unclaimed { .. }), "{error}");
    std::fs::remove_file(home.dir.path().join("drydock.db.rescued")).unwrap();
    let lock = RunnerLock::acquire(&home.store, "r1", "deck", NOW).unwrap();
    std::fs::remove_file(home.dir.path().join("drydock.db.lock")).unwrap();
    let error = store_error(home.load("q4", &[]).await);
    assert!(matches!(error, StoreError::LockLost { .. }), "{error}");
    drop(lock);
}
