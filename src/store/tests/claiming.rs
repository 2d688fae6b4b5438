use super::*;
use crate::store::Lane;
use crate::store::queries::stats::{ACCEPTED, COUNTS, WAVE};
use crate::store::queue::claims::{CLAIM_PENDING, CLAIM_REST};
use crate::store::queue::statements::update;

async fn plan(home: &Home, sql: &str) -> String {
    let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    // What is not bound is null, and changes no plan.
    let steps: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(sql).fetch_all(&mut *home.store.begin().await.unwrap()).await.unwrap();
    steps.into_iter().map(|step| step.3).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_claim_walks_an_index_that_holds_neither_ended_nor_claimed_jobs() {
    let home = Home::new().await;
    for (sql, walk) in [
        (CLAIM_PENDING, "jobs_due_pending (campaign_id=? AND wave=? AND due_at<?)"),
        (CLAIM_REST, "jobs_due_rest (campaign_id=? AND due_at<?)"),
    ] {
        let plan = plan(&home, sql).await;
        assert!(plan.contains(&format!("INDEX {walk}")), "{plan}");
        assert!(!plan.contains("SCAN jobs") && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}

#[tokio::test]
async fn a_write_seeks_each_row_by_its_key() {
    let home = Home::new().await;
    for rows in [1, 128] {
        let plan = plan(&home, &update(rows)).await;
        assert!(plan.contains("SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)"), "{plan}");
        assert!(!plan.contains("SCAN jobs"), "{plan}");
    }
}

#[tokio::test]
async fn the_wave_and_the_counts_are_read_from_an_index_alone() {
    let home = Home::new().await;
    let wave = plan(&home, WAVE).await;
    assert_eq!(
        wave.matches("SEARCH jobs USING COVERING INDEX jobs_by_state (campaign_id=? AND state=?)").count(),
        5,
        "{wave}"
    );
    let accepted = plan(&home, ACCEPTED).await;
    assert!(accepted.contains("INDEX jobs_accepted (campaign_id=?)"), "{accepted}");
    let counts = plan(&home, COUNTS).await;
    assert_eq!(counts, "SEARCH jobs USING COVERING INDEX jobs_by_state (campaign_id=?)");
}

#[tokio::test]
async fn a_claim_takes_of_its_wave_alone_and_the_earliest_live_wave_is_known() {
    let mut fleet = rows(&["c1", "c2", "c3"]);
    (fleet[0].wanted.wave, fleet[1].wanted.wave) = (Some(2), Some(1));
    let (home, id) = Home::with(&fleet).await;
    let waves = [1, 2].map(Wave::numbered);
    assert_eq!(home.store.wave(id).await.unwrap(), Some(waves[0]));
    for (wave, name) in [(waves[0], "c2"), (waves[1], "c1"), (Wave::REST, "c3")] {
        assert_eq!(names(&home.store.claim(id, "r1", Lane::Pending(wave), NOW, 9).await.unwrap().jobs), [name]);
    }
    home.alter(home.job(id, "c2").await, |job| end(job, State::Failed, "WRONG_TIER")).await;
    assert_eq!(home.store.wave(id).await.unwrap(), Some(waves[1]), "a job in somebody's hands is live");
    let totals: Vec<_> =
        home.store.counts_by_wave(id).await.unwrap().into_iter().map(|(wave, of)| (wave, of.total())).collect();
    assert_eq!(totals, [(waves[0], 1), (waves[1], 1), (Wave::REST, 1)]);
}

#[tokio::test]
async fn what_is_due_first_is_claimed_first_and_only_once() {
    let (home, id) = Home::with(&rows(&["c1", "c2", "c3", "c4"])).await;
    home.alter(home.job(id, "c1").await, |job| job.schedule.due_at = Some(Millis(NOW.0 + 1))).await;
    home.alter(home.job(id, "c4").await, |job| job.schedule.due_at = Some(Millis(NOW.0 - 1))).await;
    let store = &home.store;
    assert_eq!(store.next_due(id, Lane::Pending(Wave::REST)).await.unwrap(), Some(Millis(NOW.0 - 1)));
    assert_eq!(names(&store.claim(id, "r1", Lane::Pending(Wave::REST), NOW, 2).await.unwrap().jobs), ["c4", "c2"]);
    assert_eq!(names(&store.claim(id, "r1", Lane::Pending(Wave::REST), NOW, 9).await.unwrap().jobs), ["c3"]);
    assert!(store.claim(id, "r1", Lane::Pending(Wave::REST), NOW, 9).await.unwrap().jobs.is_empty());
    assert_eq!(store.next_due(id, Lane::Pending(Wave::REST)).await.unwrap(), Some(Millis(NOW.0 + 1)));
    assert_eq!(
        names(&store.claim(id, "r1", Lane::Pending(Wave::REST), Millis(NOW.0 + 1), 9).await.unwrap().jobs),
        ["c1"]
    );
    assert_eq!(store.next_due(id, Lane::Pending(Wave::REST)).await.unwrap(), None);
}

#[tokio::test]
async fn each_lane_gives_its_own_jobs() {
    let (home, id) = Home::with(&rows(&["c1", "c2", "c3", "c4"])).await;
    home.alter(home.job(id, "c1").await, |job| job.state = State::Ready).await;
    home.alter(home.job(id, "c2").await, |job| job.state = State::Upgrading).await;
    home.alter(home.job(id, "c3").await, |job| end(job, State::Failed, "WRONG_TIER")).await;
    assert_eq!(names(&home.store.claim(id, "r1", Lane::Rest, NOW, 9).await.unwrap().jobs), ["c1", "c2"]);
    assert_eq!(names(&home.store.claim(id, "r1", Lane::Pending(Wave::REST), NOW, 9).await.unwrap().jobs), ["c4"]);
}

#[tokio::test]
async fn a_claim_touches_no_other_campaign() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let other = home.load("q5", &rows(&["c2"])).await.unwrap().campaign_id;
    assert_eq!(names(&home.store.claim(other, "r1", Lane::Pending(Wave::REST), NOW, 9).await.unwrap().jobs), ["c2"]);
    assert_eq!(home.store.next_due(id, Lane::Pending(Wave::REST)).await.unwrap(), Some(NOW));
}

#[tokio::test]
async fn a_new_runner_counts_overdue_anew_and_the_same_one_goes_on() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let store = &home.store;
    let claim = async |runner| store.claim(id, runner, Lane::Pending(Wave::REST), NOW, 9).await.unwrap().jobs.remove(0);
    let job = claim("r1").await;
    home.alter(job, |job| job.schedule.overdue = 2).await;
    let job = claim("r1").await;
    assert_eq!(job.schedule.overdue, 2);
    store.defer("r1", &[job.id], NOW).await.unwrap();
    assert_eq!(claim("r2").await.schedule.overdue, 0);
}

#[tokio::test]
async fn a_deferred_job_is_due_later_and_has_no_new_history() {
    let (home, id) = Home::with(&rows(&["c1", "c2"])).await;
    let later = Millis(NOW.0 + 1000);
    let jobs = home.store.claim(id, "r1", Lane::Pending(Wave::REST), NOW, 9).await.unwrap().jobs;
    let ended = home.alter(jobs[1].clone(), |job| end(job, State::Failed, "WRONG_TIER")).await;
    home.store.defer("r1", &[jobs[0].id, ended.id], later).await.unwrap();
    home.store.defer("r1", &[], later).await.unwrap();
    assert_eq!(home.store.next_due(id, Lane::Pending(Wave::REST)).await.unwrap(), Some(later));
    assert_eq!(home.job(id, "c1").await, jobs[0].clone().with(|job| job.schedule.due_at = Some(later)));
    assert_eq!(home.job(id, "c2").await, ended);
    assert!(home.store.history(&[jobs[0].id]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_dead_runners_pending_jobs_are_freed_at_once_and_the_others_are_gone_through() {
    let (home, id) = Home::with(&rows(&["c1", "c2", "c3", "c4"])).await;
    home.alter(home.job(id, "c2").await, submit).await;
    home.alter(home.job(id, "c3").await, |job| job.state = State::Upgrading).await;
    home.alter(home.job(id, "c4").await, |job| end(job, State::Failed, "WRONG_TIER")).await;
    home.store.claim(id, "dead", Lane::Pending(Wave::REST), NOW, 9).await.unwrap();
    home.store.claim(id, "dead", Lane::Rest, NOW, 9).await.unwrap();
    home.store.free_pending(id).await.unwrap();
    assert_eq!(names(&home.store.claim(id, "r2", Lane::Pending(Wave::REST), NOW, 9).await.unwrap().jobs), ["c1"]);
    assert!(home.store.claim(id, "r2", Lane::Rest, NOW, 9).await.unwrap().jobs.is_empty());

    let first = home.store.unfinished(id, 0, 1).await.unwrap();
    assert_eq!(names(&first), ["c2"]);
    assert_eq!(names(&home.store.unfinished(id, first[0].id, 9).await.unwrap()), ["c3"]);
}

#[tokio::test]
async fn many_claimants_share_the_jobs_without_a_double() {
    let fleet: Vec<NewJob> = (0..400).map(|n| row(n, &format!("c{n}"))).collect();
    let (home, id) = Home::with(&fleet).await;
    let claims = (0..8).map(|n| {
        let store = home.store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let jobs = store.claim(id, &format!("r{n}"), Lane::Pending(Wave::REST), NOW, 10).await.unwrap().jobs;
                if jobs.is_empty() {
                    return mine;
                }
                mine.extend(jobs.into_iter().map(|job| job.id));
            }
        })
    });
    let mut all = Vec::new();
    for claim in claims.collect::<Vec<_>>() {
        all.extend(claim.await.unwrap());
    }
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 400);
}
