use super::*;
use crate::domain::code::NO_LONGER_IN_FLEET;
use crate::store::Filter;
use crate::store::load::apply::{CHANGED, DUPLICATES, NEW};
use crate::store::load::{ELSEWHERE, INCOMING, ONE_ROW_A_CLUSTER};

fn numbers(loaded: &Loaded) -> [i64; 4] {
    [loaded.total, loaded.added, loaded.unchanged, loaded.changed]
}

#[tokio::test]
async fn a_fleet_becomes_pending_jobs_that_are_due_at_once() {
    let (home, id) = Home::with(&rows(&["c1", "c2"])).await;
    let job = home.job(id, "c2").await;
    let fresh = Job::new(3, P1, "c2", row(3, "c2").wanted, NOW);
    assert_eq!(job, Job { id: job.id, campaign_id: id, ..fresh });
}

#[tokio::test]
async fn the_same_fleet_again_changes_nothing() {
    let fleet = rows(&["c1", "c2", "c3"]);
    let (home, id) = Home::with(&fleet).await;
    let before = home.job(id, "c1").await;
    let again = home.load("q4", &fleet).await.unwrap();
    assert_eq!(numbers(&again), [3, 0, 3, 0]);
    assert!(again.returned.is_empty() && again.left.is_empty());
    assert_eq!(home.job(id, "c1").await, before);
    assert_eq!(home.store.counts(id).await.unwrap().total(), 3);
}

#[tokio::test]
async fn a_fleet_is_known_by_what_it_was_loaded_from_until_it_is_loaded_from_something_else() {
    let fleet = rows(&["c1", "c2"]);
    let (home, id) = Home::with(&fleet).await;
    let campaign = home.store.campaign("q4").await.unwrap().unwrap();
    let known = async || home.store.has_loaded(&campaign, &[7; 32]).await.unwrap();
    assert_eq!(known().await, None);
    home.store.remember_fleet(id, &[7; 32], 2).await.unwrap();
    assert_eq!(known().await, Some(2));
    assert_eq!(home.store.has_loaded(&campaign, &[8; 32]).await.unwrap(), None);
    home.load("q4", &fleet).await.unwrap();
    assert_eq!(known().await, None);
}

#[tokio::test]
async fn a_fleet_that_a_job_has_left_is_loaded_each_time_since_that_job_may_come_back() {
    let (home, id) = Home::with(&rows(&["c1", "c2"])).await;
    let smaller = home.load("q4", &rows(&["c1"])).await.unwrap();
    home.store.remember_fleet(id, &[7; 32], smaller.total).await.unwrap();
    let campaign = home.store.campaign("q4").await.unwrap().unwrap();
    assert_eq!(home.store.has_loaded(&campaign, &[7; 32]).await.unwrap(), None);
}

#[tokio::test]
async fn a_large_fleet_comes_in_many_statements() {
    let home = Home::new().await;
    let fleet: Vec<NewJob> = (0..1203).map(|n| row(n + 2, &format!("c{n}"))).collect();
    let mut loader = home.store.begin_load(&runner("loader"), "q4", OPERATION, NOW).await.unwrap();
    loader.push(&[]).await.unwrap();
    for chunk in fleet.chunks(700) {
        loader.push(chunk).await.unwrap();
    }
    let done = loader.finish().await.unwrap();
    assert_eq!(numbers(&done), [1203, 1203, 0, 0]);
}

#[tokio::test]
async fn a_dropped_load_leaves_no_trace() {
    let home = Home::new().await;
    let mut loader = home.store.begin_load(&runner("loader"), "q4", OPERATION, NOW).await.unwrap();
    loader.push(&rows(&["c1"])).await.unwrap();
    drop(loader);
    assert_eq!(home.store.campaign("q4").await.unwrap(), None);
    // And the next one starts with an empty table.
    assert_eq!(numbers(&home.load("q4", &rows(&["c2"])).await.unwrap()), [1, 1, 0, 0]);
}

#[tokio::test]
async fn a_cluster_that_comes_twice_is_an_error_and_nothing_is_loaded() {
    let home = Home::new().await;
    for again in ["c1", "C1"] {
        assert!(matches!(home.load("q4", &rows(&["c1", again])).await, Err(LoadError::Store(_))), "{again}");
    }
    assert_eq!(home.store.campaign("q4").await.unwrap(), None);
}

#[tokio::test]
async fn a_changed_row_updates_a_job_that_has_not_started() {
    let mut fleet = rows(&["c1", "c2", "c3"]);
    let (home, id) = Home::with(&fleet).await;
    fleet[0].wanted.region = "EU_WEST_1".into();
    fleet[1].extra[0].1 = "bob".into();
    fleet[2].row = 9;
    assert_eq!(numbers(&home.load("q4", &fleet).await.unwrap()), [3, 0, 1, 2]);
    let first = home.job(id, "c1").await;
    assert_eq!((first.wanted.region.as_str(), first.revision), ("EU_WEST_1", 1));
    assert_eq!((home.job(id, "c3").await.row, home.job(id, "c3").await.revision), (9, 0));
    let page = home.store.page(id, &Filter::default(), None, 10).await.unwrap();
    assert_eq!(page[1].extra[0], ("owner".to_owned(), "bob".to_owned()));
}

#[tokio::test]
async fn a_changed_wish_for_a_started_job_is_refused_and_nothing_is_loaded() {
    let mut fleet = rows(&["c1", "c2"]);
    let (home, id) = Home::with(&fleet).await;
    home.alter(home.job(id, "c1").await, submit).await;
    fleet[0].wanted.region = "EU_WEST_1".into();
    fleet[1].row = 77;
    match home.load("q4", &fleet).await.unwrap_err() {
        LoadError::Started(rows) => assert_eq!(rows, [(2, format!("{P1}/c1"), State::Submitting)]),
        other => panic!("{other}"),
    }
    assert_eq!(home.job(id, "c2").await.row, 3);
}

#[tokio::test]
async fn a_job_with_nothing_under_way_may_change_and_an_ended_one_may_not() {
    let mut fleet = rows(&["c1", "c2"]);
    let (home, id) = Home::with(&fleet).await;
    home.alter(home.job(id, "c1").await, |job| (job.state, job.request.send) = (State::Ready, 1)).await;
    home.alter(home.job(id, "c2").await, |job| end(job, State::Skipped, "ALREADY_AT_TARGET")).await;
    for row in &mut fleet {
        row.wanted.region = "EU_WEST_1".into();
    }
    match home.load("q4", &fleet).await.unwrap_err() {
        LoadError::Started(rows) => assert_eq!(rows, [(3, format!("{P1}/c2"), State::Skipped)]),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_started_job_may_move_in_the_list_and_change_its_owner() {
    let mut fleet = rows(&["c1"]);
    let (home, id) = Home::with(&fleet).await;
    let job = home.alter(home.job(id, "c1").await, submit).await;
    fleet[0].row = 40;
    fleet[0].extra[0].1 = "bob".into();
    assert_eq!(numbers(&home.load("q4", &fleet).await.unwrap()), [1, 0, 0, 1]);
    assert_eq!(home.job(id, "c1").await, Job { row: 40, ..job });
}

#[tokio::test]
async fn a_row_that_is_gone_is_handed_back_if_its_job_has_not_started() {
    let (home, id) = Home::with(&rows(&["c1", "c2", "c3", "c4", "c5"])).await;
    home.alter(home.job(id, "c2").await, submit).await;
    home.alter(home.job(id, "c3").await, |job| job.state = State::Ready).await;
    home.alter(home.job(id, "c4").await, |job| (job.state, job.request.send) = (State::Ready, 1)).await;
    home.alter(home.job(id, "c5").await, |job| end(job, State::Failed, "WRONG_TIER")).await;
    let loaded = home.load("q4", &[row(2, "c9")]).await.unwrap();
    assert_eq!(names(&loaded.left), ["c1", "c3", "c4"], "what was sent before is settled where a job is ready");
    assert_eq!(home.job(id, "c1").await.state, State::Pending, "the caller decides what becomes of it");
}

#[tokio::test]
async fn a_row_that_is_back_hands_its_cancelled_job_back() {
    let (home, id) = Home::with(&rows(&["c1", "c2"])).await;
    home.alter(home.job(id, "c1").await, |job| end(job, State::Cancelled, NO_LONGER_IN_FLEET)).await;
    home.alter(home.job(id, "c2").await, |job| end(job, State::Cancelled, "CANCELLED")).await;
    let mut fleet = rows(&["c1", "c2"]);
    fleet[0].wanted.region = "EU_WEST_1".into();
    let loaded = home.load("q4", &fleet).await.unwrap();
    assert_eq!(names(&loaded.returned), ["c1"]);
    assert_eq!(loaded.returned[0], home.job(id, "c1").await);
    assert_eq!(loaded.returned[0].wanted.region, "EU_WEST_1");
    assert!(loaded.left.is_empty());
}

#[tokio::test]
async fn a_cluster_is_never_live_in_two_campaigns() {
    let (home, id) = Home::with(&rows(&["c1", "c2"])).await;
    match home.load("q5", &[row(7, "c0"), row(8, "c1")]).await.unwrap_err() {
        LoadError::LiveElsewhere(rows) => assert_eq!(rows, [(8, format!("{P1}/c1"), "q4".to_owned())]),
        other => panic!("{other}"),
    }
    assert_eq!(home.store.campaign("q5").await.unwrap(), None);
    let mut elsewhere = row(8, "c1");
    elsewhere.project_id = P2.into();
    home.load("q6", &[elsewhere]).await.unwrap();

    home.alter(home.job(id, "c1").await, |job| end(job, State::Succeeded, "X")).await;
    home.load("q5", &[row(8, "c1")]).await.unwrap();
    // The first campaign may still be run again: its job for the cluster has ended for good.
    assert_eq!(numbers(&home.load("q4", &rows(&["c1", "c2"])).await.unwrap()), [2, 0, 2, 0]);
}

#[tokio::test]
async fn a_row_that_is_back_may_not_be_live_elsewhere_meanwhile() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    home.alter(home.job(id, "c1").await, |job| end(job, State::Cancelled, NO_LONGER_IN_FLEET)).await;
    home.load("q5", &rows(&["c1"])).await.unwrap();
    assert!(matches!(home.load("q4", &rows(&["c1"])).await, Err(LoadError::LiveElsewhere(_))));
}

#[tokio::test]
async fn the_extra_columns_are_those_of_the_newest_load() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    assert_eq!(home.store.extra_columns(id).await.unwrap(), ["owner", "ticket"]);
    let mut fleet = rows(&["c1"]);
    fleet[0].extra = vec![("team".into(), "db".into())];
    home.load("q4", &fleet).await.unwrap();
    assert_eq!(home.store.extra_columns(id).await.unwrap(), ["team"]);
}

#[tokio::test]
async fn a_load_goes_through_the_fleet_once_and_finds_each_row_s_jobs_by_an_index() {
    let home = Home::new().await;
    let mut tx = home.store.begin().await.unwrap();
    for make in [INCOMING, ONE_ROW_A_CLUSTER] {
        sqlx::query(make).execute(&mut *tx).await.unwrap();
    }
    let by_cluster = "USING INDEX jobs_by_cluster (<expr>=? AND <expr>=?)";
    for (sql, first, inner) in [
        // In chunks: each goes on where the one before has ended.
        (CHANGED, "SEARCH incoming USING INDEX sqlite_autoindex_incoming_1 (n>?)", by_cluster),
        (NEW, "SEARCH incoming USING INDEX sqlite_autoindex_incoming_1 (n>?)", by_cluster),
        (ELSEWHERE, "SCAN incoming", by_cluster),
        (
            DUPLICATES,
            "SEARCH jobs USING INDEX jobs_duplicates (campaign_id=?)",
            "SEARCH other USING INTEGER PRIMARY KEY",
        ),
    ] {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain).fetch_all(&mut *tx).await.unwrap();
        let plan = steps.into_iter().map(|step| step.3).collect::<Vec<_>>().join("\n");
        assert!(plan.starts_with(first) && plan.contains(inner), "{sql}\n{plan}");
    }
}
