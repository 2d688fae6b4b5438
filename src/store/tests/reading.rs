use super::*;
use crate::domain::job::Streak;
use crate::domain::waiting::Unexpected;
use crate::store::queries::jobs::PAGE;
use crate::store::{Filter, Row};

fn seen(page: &[Row]) -> Vec<&str> {
    page.iter().map(|row| row.job.cluster_name.as_str()).collect()
}

/// c1 pending, c2 ready, c3 failed, c4 cancelled, and c5 pending in P2.
async fn fleet() -> (Home, i64) {
    let mut fleet = rows(&["c1", "c2", "c3", "c4", "c5"]);
    fleet[4].project_id = P2.into();
    let (home, id) = Home::with(&fleet).await;
    home.alter(home.job(id, "c2").await, |job| job.state = State::Ready).await;
    home.alter(home.job(id, "c3").await, |job| end(job, State::Failed, "WRONG_TIER")).await;
    home.alter(home.job(id, "c4").await, |job| end(job, State::Cancelled, "CANCELLED")).await;
    (home, id)
}

#[tokio::test]
async fn pages_follow_each_other_in_the_fleets_order() {
    let (home, id) = Home::with(&[row(9, "c9"), row(3, "c3"), row(3, "c4"), row(1, "c1")]).await;
    let mut after = None;
    let mut all = Vec::new();
    loop {
        let page = home.store.page(id, &Filter::default(), after, 1).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.job.row, last.job.id));
        all.extend(page);
    }
    assert_eq!(seen(&all), ["c1", "c3", "c4", "c9"]);
    assert_eq!(all[3].extra, row(9, "c9").extra);
}

#[tokio::test]
async fn a_page_walks_the_index_of_the_fleets_order() {
    let home = Home::new().await;
    let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {PAGE}"));
    let steps: Vec<(i64, i64, i64, String)> =
        on_pool!(home.store, readers, pool => sqlx::query_as(sql).fetch_all(pool).await).unwrap();
    assert!(steps[0].3.contains("jobs_in_order (campaign_id=? AND row>?)"), "{}", steps[0].3);
    // Of a row that says that it is a duplicate, the older one is looked up; of no other.
    let rest: Vec<&str> = steps[1..].iter().map(|step| step.3.as_str()).collect();
    assert_eq!(rest, ["CORRELATED SCALAR SUBQUERY 1", "SEARCH other USING INTEGER PRIMARY KEY (rowid=?)"]);
}

#[tokio::test]
async fn a_filter_shows_what_was_asked_for() {
    let (home, id) = fleet().await;
    let page = async |filter: Filter| home.store.page(id, &filter, None, 9).await.unwrap();
    let all = Filter::default;
    let two = vec![State::Failed, State::Ready];
    assert_eq!(seen(&page(all()).await), ["c1", "c2", "c3", "c4", "c5"]);
    assert_eq!(seen(&page(Filter { states: two.clone(), ..all() }).await), ["c2", "c3"]);
    assert_eq!(seen(&page(Filter { project: Some(P2.into()), ..all() }).await), ["c5"]);
    assert_eq!(seen(&page(Filter { code: Some("CANCELLED".into()), ..all() }).await), ["c4"]);
    let none = Filter { states: two, project: Some(P2.into()), ..all() };
    assert!(page(none).await.is_empty());
}

#[tokio::test]
async fn a_wave_and_a_part_of_a_name_find_their_jobs() {
    let mut fleet = rows(&["c1", "C2", "c2", "c3"]);
    (fleet[2].project_id, fleet[3].project_id) = (P2.into(), P2.into());
    fleet[0].wanted.wave = Some(2);
    let (home, id) = Home::with(&fleet).await;
    let of_wave = |wave| Filter { wave: Some(wave), ..Filter::default() };
    let page = async |filter: Filter| home.store.page(id, &filter, None, 9).await.unwrap();
    assert_eq!(seen(&page(of_wave(Wave::numbered(2))).await), ["c1"]);
    assert_eq!(seen(&page(of_wave(Wave::REST)).await), ["C2", "c2", "c3"]);
    let names = async |digits, name| home.store.names_of(id, digits, name, 9).await.unwrap();
    let pair = |project: &str, name: &str| (project.to_owned(), name.to_owned());
    assert_eq!(names("", "c2").await, [pair(P1, "C2"), pair(P2, "c2")]);
    assert_eq!(names(P2, "C3").await, [pair(P2, "c3")]);
    assert_eq!(names("", "c").await, []);
    let mut both = home.store.projects_beginning(id, "", 9).await.unwrap();
    both.sort();
    assert_eq!((both.len(), home.store.projects_beginning(id, P2, 9).await.unwrap()), (2, vec![P2.to_owned()]));
}

#[tokio::test]
async fn the_counts_are_those_of_the_campaign() {
    let (home, id) = fleet().await;
    home.load("q5", &rows(&["c9"])).await.unwrap();
    let counts = home.store.counts(id).await.unwrap();
    assert_eq!((counts.total(), counts.of(State::Pending), counts.ended()), (5, 2, 2));
    assert_eq!(counts.of(State::Failed), 1);
    assert_eq!(home.store.counts(999).await.unwrap().total(), 0);
}

#[tokio::test]
async fn the_jobs_in_flight_are_known_with_their_projects() {
    let (home, id) = fleet().await;
    assert!(home.store.in_flight(id).await.unwrap().is_empty());
    home.alter(home.job(id, "c1").await, submit).await;
    home.alter(home.job(id, "c2").await, |job| job.state = State::Upgrading).await;
    let projects: Vec<String> = home.store.in_flight(id).await.unwrap().into_iter().map(|job| job.1).collect();
    assert_eq!(projects, [P1, P1]);
}

#[tokio::test]
async fn an_acceptance_is_remembered() {
    let (home, id) = fleet().await;
    assert!(!home.store.accepted_any(id).await.unwrap());
    home.alter(home.job(id, "c1").await, |job| job.request.accepted = true).await;
    assert!(home.store.accepted_any(id).await.unwrap());
}

#[tokio::test]
async fn what_ended_lately_is_counted() {
    let (home, id) = fleet().await;
    assert_eq!(home.store.finished_since(id, NOW).await.unwrap(), 2);
    assert_eq!(home.store.finished_since(id, Millis(NOW.0 + 1)).await.unwrap(), 0);
}

#[tokio::test]
async fn many_histories_and_jobs_are_read_at_once() {
    let fleet: Vec<NewJob> = (0..1100).map(|n| row(n, &format!("c{n}"))).collect();
    let (home, id) = Home::with(&fleet).await;
    let page = home.store.page(id, &Filter::default(), None, 2000).await.unwrap();
    let changes: Vec<Change> = page.into_iter().map(|row| change(row.job)).collect();
    assert!(home.store.record(&runner("r1"), &changes).await.unwrap().are_all_written());
    let ids: Vec<i64> = changes.iter().rev().map(|change| change.job.id).collect();
    let history = home.store.history(&ids).await.unwrap();
    assert_eq!(history.len(), 1100);
    assert!(history.is_sorted_by_key(|entry| (entry.job_id, entry.seq)));
    assert_eq!(home.store.reload(&ids).await.unwrap().len(), 1100);
}

#[tokio::test]
async fn upgrades_that_are_not_what_they_should_be_are_counted_by_their_newest_looks() {
    let (home, campaign_id) = Home::with(&rows(&["gone", "as-before", "fine", "verified"])).await;
    let streak = || Some(Streak { since: Millis(1), id: "s".into(), looks: 1 });
    for (name, state, missing, streak) in [
        ("gone", State::Upgrading, 2, streak()),
        ("as-before", State::Upgrading, 0, streak()),
        ("fine", State::Upgrading, 0, None),
        ("verified", State::Verifying, 0, streak()),
    ] {
        let job = home.job(campaign_id, name).await;
        home.alter(job, |job| (job.state, job.observed.missing, job.observed.streak) = (state, missing, streak)).await;
    }
    let unexpected = home.store.unexpected(campaign_id).await.unwrap();
    assert_eq!(unexpected, Unexpected { missing: 1, unchanged: 1 });
}
