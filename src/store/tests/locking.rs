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
    drop(lock);
}
