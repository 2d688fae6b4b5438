use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;
use crate::store::StoreError;

async fn refused(url: &str, mode: Open) -> StoreError {
    Store::open(url, mode).await.unwrap_err()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_new_database_is_readable_by_its_owner_alone() {
    let (home, _) = Home::with(&rows(&["c1"])).await;
    for file in ["drydock.db", "drydock.db-wal", "drydock.db-shm"] {
        assert_eq!(mode(&home.dir.path().join(file)), 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_database_is_opened_again_with_what_it_held_and_all_ways_to_write_its_url() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let path = home.dir.path().join("drydock.db");
    home.store.close().await;
    assert!(!home.dir.path().join("drydock.db-wal").exists());
    for url in [format!("sqlite:{}", path.display()), format!("sqlite://{}?mode=rwc", path.display())] {
        let store = Store::open(&url, Open::Existing).await.unwrap();
        assert_eq!(store.counts(id).await.unwrap().of(State::Pending), 1);
        assert_eq!(store.name(), format!("sqlite:{}", path.canonicalize().unwrap().display()));
        store.close().await;
    }
}

#[tokio::test]
async fn a_database_that_must_be_there_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let error = refused(&url(&dir), Open::Existing).await;
    assert!(matches!(error, StoreError::NoSuchDatabase { .. }), "{error}");
    assert!(error.to_string().contains("drydock.db"), "{error}");
    assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    let nowhere = format!("sqlite:{}", dir.path().join("no/where.db").display());
    let error = refused(&nowhere, Open::CreateIfMissing).await;
    assert!(matches!(error, StoreError::NoSuchDatabase { .. }), "{error}");
}

#[tokio::test]
async fn a_database_in_memory_is_refused() {
    for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite:", "sqlite:x.db?mode=memory", "sqlite:file::memory:"] {
        let error = refused(url, Open::CreateIfMissing).await;
        assert!(matches!(error, StoreError::InMemory), "{url}: {error}");
    }
}

#[tokio::test]
async fn an_unknown_kind_of_database_is_refused_without_repeating_its_password() {
    for url in ["postgres://me:hunter2@db/x", "postgresql://me:hunter2@db/x", "mysql://me:hunter2@db/x", "hunter2"] {
        let error = refused(url, Open::CreateIfMissing).await;
        assert!(matches!(error, StoreError::Unsupported(_)), "{url}: {error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
    assert!(refused("postgres://h/x", Open::Existing).await.to_string().contains("later version"));
    assert!(matches!(refused("sqlite:x.db?cache=shared", Open::Existing).await, StoreError::Unsupported(_)));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("drydock.db");
    let text = "project_id,cluster_name\n".repeat(200);
    std::fs::write(&path, &text).unwrap();
    let error = refused(&url(&dir), Open::CreateIfMissing).await;
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);

    let directory = format!("sqlite:{}", dir.path().display());
    let error = refused(&directory, Open::Existing).await;
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_left_as_it_is() {
    let home = Home::new().await;
    let path = home.dir.path().join("other.db");
    let mut connection = raw(&path).await;
    sqlx::query("CREATE TABLE places (id INTEGER)").execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = refused(&format!("sqlite:{}", path.display()), Open::CreateIfMissing).await;
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

async fn raw(path: &Path) -> sqlx::SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    sqlx::ConnectOptions::connect(&options).await.unwrap()
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let home = Home::new().await;
    let future = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        VALUES (9999, 'future', 1, x'00', 0)";
    home.sql(future).await.unwrap();
    let error = refused(&url(&home.dir), Open::Existing).await;
    assert!(matches!(error, StoreError::NewerVersion { version: 9999, .. }), "{error}");
}

#[tokio::test]
async fn a_database_that_lacks_any_step_is_of_an_older_version() {
    let home = Home::new().await;
    home.sql("DELETE FROM _sqlx_migrations WHERE version = 8").await.unwrap();
    let error = refused(&url(&home.dir), Open::Existing).await;
    assert!(matches!(error, StoreError::OlderVersion { .. }), "{error}");
}

#[tokio::test]
async fn the_writer_synchronises_every_commit_and_the_readers_cannot_write() {
    let home = Home::new().await;
    let read = |sql: &'static str| {
        let store = home.store.clone();
        async move {
            let mut writer = store.begin().await.unwrap();
            sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut *writer).await.unwrap()
        }
    };
    assert_eq!(read("PRAGMA synchronous").await, 2);
    assert_eq!(read("PRAGMA foreign_keys").await, 1);
    assert_eq!(read("PRAGMA busy_timeout").await, 5000);
    let write = "DELETE FROM campaigns";
    let done = on_pool!(home.store, readers, pool => sqlx::query(write).execute(pool).await);
    assert!(done.unwrap_err().to_string().contains("readonly"));
}

#[tokio::test]
async fn others_read_while_a_fleet_is_loaded_and_see_nothing_of_it() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let mut loader = home.store.begin_load(&runner("loader"), "q4", OPERATION, NOW).await.unwrap();
    loader.push(&rows(&["c1", "c2"])).await.unwrap();
    let other = Store::open(&url(&home.dir), Open::Existing).await.unwrap();
    assert_eq!(other.counts(id).await.unwrap().total(), 1);
    loader.finish().await.unwrap();
    assert_eq!(other.counts(id).await.unwrap().total(), 2);
}

#[tokio::test]
async fn the_newest_time_is_that_of_the_newest_write() {
    let home = Home::new().await;
    assert_eq!(home.store.newest().await.unwrap(), None);
    let id = home.load("q4", &rows(&["c1"])).await.unwrap().campaign_id;
    assert_eq!(home.store.newest().await.unwrap(), Some(NOW));
    let later = Millis(NOW.0 + 5);
    let job = home.job(id, "c1").await;
    assert!(
        home.store
            .record(&runner("r1"), &[Change { at: later, entry: None, ..change(job) }])
            .await
            .unwrap()
            .are_all_written()
    );
    assert_eq!(home.store.newest().await.unwrap(), Some(later));
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_stands_still_while_the_database_works() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_in_virtual_time(&url(&dir), Open::CreateIfMissing).await.unwrap();
    let home = Home { dir, store };
    let id = home.load("q4", &rows(&["c1"])).await.unwrap().campaign_id;
    let clock = crate::clock::Clock::starting_at(NOW);
    for _ in 0..200 {
        home.store.claim(id, "r1", crate::store::Lane::Rest, NOW, 10).await.unwrap();
        home.store.counts(id).await.unwrap();
    }
    home.load("q4", &rows(&["c1", "c2"])).await.unwrap();
    for _ in 0..100 {
        let job = home.job(id, "c1").await;
        assert!(home.store.record(&runner("r1"), &[change(job)]).await.unwrap().are_all_written());
    }
    assert_eq!(clock.uptime(), std::time::Duration::ZERO);
}

#[tokio::test]
async fn two_that_open_a_new_database_at_once_both_get_it() {
    for _ in 0..30 {
        let dir = tempfile::tempdir().unwrap();
        let open = || async { Store::open(&url(&dir), Open::CreateIfMissing).await };
        let (one, other) = tokio::join!(open(), open());
        assert_eq!(one.unwrap().campaigns().await.unwrap().len() + other.unwrap().campaigns().await.unwrap().len(), 0);
    }
}
