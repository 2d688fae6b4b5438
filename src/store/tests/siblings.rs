//! Other jobs for the same cluster: in other campaigns, and by another spelling.

use std::collections::HashSet;

use super::*;
use crate::store::Lane;
use crate::store::history::chain::{self, LoadedColumns};
use crate::store::queue::siblings::unsettled_statement;

const MIGRATION: &str = include_str!("../../../migrations/sqlite/0010_one_cluster.sql");
/// The tables as they were before it.
const BEFORE: &str = "DROP INDEX jobs_by_cluster; DROP INDEX jobs_duplicates; ALTER TABLE jobs DROP COLUMN duplicate_of; \
    CREATE UNIQUE INDEX jobs_live ON jobs (project_id, cluster_name) WHERE finished_at IS NULL";

impl Home {
    async fn script(&self, sql: &'static str) {
        on_pool!(self.store, writer, writer =>
            async { sqlx::raw_sql(sql).execute(&mut *writer.turn().await?).await }.await)
        .unwrap();
    }

    /// Adds a pending job as an older version has: without a look at jobs whose names differ in case alone.
    async fn add(&self, campaign: (i64, &str), id: i64, name: &str) {
        let wanted = serde_json::to_string(&row(2, name).wanted).unwrap();
        let job = Job { id, campaign_id: campaign.0, ..Job::new(2, P1, name, Wanted::default(), NOW) };
        let head = chain::beginning(campaign.1, P1, name);
        let what = chain::job(&job, LoadedColumns { wanted: &wanted, extra: "[]" });
        let seal = chain::seal(&job, what, (0, head), None);
        let query = sqlx::query(
            "INSERT INTO jobs (id, campaign_id, row, project_id, cluster_name, wanted, due_at, head, seal) \
            VALUES ($1, $2, 2, $3, $4, $5, $6, $7, $8)",
        );
        let query = query.bind(id).bind(campaign.0).bind(P1).bind(name).bind(wanted).bind(NOW.0);
        let query = query.bind(head.bytes().to_vec()).bind(seal.bytes().to_vec());
        on_pool!(self.store, writer, writer => async { query.execute(&mut *writer.turn().await?).await }.await)
            .unwrap();
    }

    /// Seals these campaigns with a job more than they had.
    async fn count_one_more(&self, campaigns: &[i64]) {
        self.script("UPDATE campaigns SET jobs = jobs + 1").await;
        for id in campaigns {
            let mut tx = self.store.begin().await.unwrap();
            self.store.seal(&mut tx, *id).await.unwrap();
            self.store.commit(tx).await.unwrap();
        }
    }

    async fn claimed(&self, id: i64, lane: Lane) -> (Vec<String>, Vec<String>) {
        let claimed = self.store.claim(id, "r9", lane, NOW, 9).await.unwrap();
        let names = |jobs: Vec<Job>| jobs.into_iter().map(|job| job.cluster_name).collect();
        (names(claimed.jobs), names(claimed.asked_elsewhere))
    }

    async fn asked(&self, job: &Job) -> bool {
        self.store.asked_elsewhere(&[job.id]).await.unwrap() == HashSet::from([job.id])
    }
}

const PENDING: Lane = Lane::Pending(Wave::REST);

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn another_campaign_s_part_in_a_cluster_is_known_in_whatever_case_it_names_the_cluster() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let job = home.alter(home.job(id, "c1").await, |job| {
        job.request.accepted = true;
        end(job, State::Failed, "DID_NOT_TAKE");
    });
    let job = job.await;
    let store = &home.store;
    assert!(!home.asked(&job).await, "its own part does not count");
    let second = home.load("q5", &rows(&["C1"])).await.unwrap().campaign_id;
    let twin = home.job(second, "c1").await;
    assert_eq!(twin.cluster_name, "C1");
    assert!(home.asked(&twin).await && !home.asked(&job).await);
    assert_eq!(store.live_elsewhere(&job).await.unwrap().as_deref(), Some("q5"));
    assert_eq!(store.live_elsewhere(&twin).await.unwrap(), None);
}

#[tokio::test]
async fn what_succeeded_or_was_asked_of_the_simulation_is_no_reason() {
    let (home, id) = Home::with(&rows(&["c1", "c2"])).await;
    home.alter(home.job(id, "c1").await, |job| {
        job.request.accepted = true;
        end(job, State::Succeeded, "X");
        job.error = None;
    })
    .await;
    home.alter(home.job(id, "c2").await, |job| {
        (job.request.open, job.request.send) = (true, 1);
        end(job, State::Failed, "OUTCOME_UNKNOWN");
    })
    .await;
    home.store.bind(id, "simulation").await.unwrap();
    let second = home.load("q5", &rows(&["c1", "c2"])).await.unwrap().campaign_id;
    let jobs = [home.job(second, "c1").await, home.job(second, "c2").await];
    assert!(!home.asked(&jobs[0]).await);
    assert!(home.asked(&jobs[1]).await, "while it is not known what the campaign is run against, it may be the same");
    home.store.bind(second, "https://two.example").await.unwrap();
    assert!(!home.asked(&jobs[1]).await);
    assert_eq!(home.claimed(second, PENDING).await, (list(&["c1", "c2"]), list(&[])));
}

#[tokio::test]
async fn a_request_counts_whatever_the_host_of_its_campaign_is_called() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    home.alter(home.job(id, "c1").await, |job| {
        (job.request.open, job.request.send) = (true, 1);
        end(job, State::Failed, "OUTCOME_UNKNOWN");
    })
    .await;
    home.store.bind(id, "https://Cloud.mongodb.com:443").await.unwrap();
    home.store.bind(id, "https://cloud.mongodb.com").await.unwrap();
    let second = home.load("q5", &rows(&["c1"])).await.unwrap().campaign_id;
    home.store.bind(second, "https://cloud.mongodb.com").await.unwrap();
    assert!(home.asked(&home.job(second, "c1").await).await);
    assert_eq!(home.claimed(second, PENDING).await, (list(&[]), list(&["c1"])));
}

#[tokio::test]
async fn a_claim_tells_the_jobs_that_must_be_verified_before_they_begin() {
    let (home, id) = Home::with(&rows(&["c1", "c2", "c3"])).await;
    let ask = |job: &mut Job, code: &str| {
        (job.request.open, job.request.send, job.request.sent_at) = (code == "OUTCOME_UNKNOWN", 1, Some(NOW));
        job.request.accepted = !job.request.open;
        end(job, State::Failed, code);
    };
    home.alter(home.job(id, "c1").await, |job| ask(job, "OUTCOME_UNKNOWN")).await;
    home.alter(home.job(id, "c2").await, |job| ask(job, "DID_NOT_TAKE")).await;
    home.alter(home.job(id, "c3").await, |job| end(job, State::Failed, "WRONG_TIER")).await;
    let second = home.load("q5", &rows(&["C1", "c2", "c3"])).await.unwrap().campaign_id;
    // Sent before by itself: that is no reason to ask no more.
    home.alter(home.job(second, "c2").await, |job| job.request.submitted_at = Some(NOW)).await;
    assert_eq!(home.claimed(second, PENDING).await, (list(&["c3"]), list(&["C1", "c2"])));
    home.store.free_pending(second).await.unwrap();
    // A job that is ready by a look of before is asked about as well; one that has verified since is not.
    home.alter(home.job(second, "C1").await, |job| job.state = State::Ready).await;
    home.alter(home.job(second, "c2").await, |job| {
        (job.state, job.request.left_at) = (State::Ready, Some(Millis(NOW.0 + 1)));
    })
    .await;
    assert_eq!(home.claimed(second, Lane::Rest).await, (list(&["c2"]), list(&["C1"])));
    // What is under way is followed, and not verified anew with every claim.
    home.alter(home.job(second, "C1").await, |job| job.state = State::Verifying).await;
    assert_eq!(home.claimed(second, Lane::Rest).await, (list(&["C1"]), list(&[])));
}

#[tokio::test]
async fn a_fleet_that_spells_a_name_in_another_case_is_the_same_fleet() {
    let (home, id) = Home::with(&rows(&["Orders", "c2"])).await;
    let again = home.load("q4", &rows(&["orders", "C2"])).await.unwrap();
    assert_eq!((again.total, again.added, again.unchanged, again.changed), (2, 0, 2, 0));
    assert!(again.left.is_empty());
    assert_eq!(home.job(id, "ORDERS").await.cluster_name, "Orders");
    match home.load("q5", &rows(&["ORDERS"])).await.unwrap_err() {
        LoadError::LiveElsewhere(rows) => assert_eq!(rows, [(2, format!("{P1}/ORDERS"), "q4 as Orders".to_owned())]),
        other => panic!("{other}"),
    }
    let twice = home.load("q6", &rows(&["c9", "C9"])).await;
    assert!(matches!(twice, Err(LoadError::Store(_))), "{twice:?}");
}

#[tokio::test]
async fn a_database_that_holds_one_cluster_twice_is_brought_up_to_date_and_the_younger_job_is_not_begun() {
    let (home, id) = Home::with(&rows(&["c1", "c2"])).await;
    let second = home.load("q5", &rows(&["c5"])).await.unwrap().campaign_id;
    home.script(BEFORE).await;
    home.add((id, "q4"), 10, "C1").await;
    home.add((second, "q5"), 11, "C2").await;
    home.count_one_more(&[id, second]).await;
    home.script(MIGRATION).await;
    // Of one campaign: the fleet's row is the older job's.
    let loaded = home.load("q4", &rows(&["C1"])).await;
    let Ok(loaded) = loaded else { panic!("{loaded:?}") };
    let told: Vec<_> = loaded.duplicates.iter().map(|(job, of)| (job.cluster_name.as_str(), of.as_str())).collect();
    assert_eq!(told, [("C1", "c1")]);
    assert_eq!(names(&loaded.left), ["c2"]);
    assert_eq!((loaded.added, home.store.job(id, P1, "c1").await.unwrap().unwrap().id), (0, 1));
    // Of two campaigns: whichever is run first is refused, until the row is taken off one of the two fleets.
    for (campaign, name, told) in [("q4", "c2", "q5 as C2"), ("q5", "C2", "q4 as c2")] {
        match home.load(campaign, &rows(&[name])).await.unwrap_err() {
            LoadError::LiveElsewhere(rows) => assert_eq!(rows, [(2, format!("{P1}/{name}"), told.to_owned())]),
            other => panic!("{other}"),
        }
    }
    // What has begun in one of them is followed.
    home.alter(home.job(id, "c2").await, submit).await;
    home.load("q4", &rows(&["c1", "c2"])).await.unwrap();
    assert!(home.load("q5", &rows(&["C2"])).await.is_err());
    assert!(home.load("q5", &rows(&["c5"])).await.is_ok());
}

#[tokio::test]
async fn of_two_jobs_for_one_cluster_the_one_that_has_sent_stands_for_it() {
    for is_live in [true, false] {
        let (home, id) = Home::with(&rows(&["c1"])).await;
        home.script(BEFORE).await;
        home.add((id, "q4"), 10, "C1").await;
        home.count_one_more(&[id]).await;
        home.script(MIGRATION).await;
        let (older, younger) = (home.job(id, "c1").await, home.job(id, "C1").await);
        home.alter(older, |job| end(job, State::Cancelled, "NO_LONGER_IN_FLEET")).await;
        let younger = home.alter(younger, |job| {
            submit(job);
            if !is_live {
                (job.request.open, job.request.send) = (true, 1);
                end(job, State::Failed, "OUTCOME_UNKNOWN");
            }
        });
        let younger = younger.await;
        home.script(BEFORE).await;
        home.script(MIGRATION).await;
        let loaded = home.load("q4", &rows(&["c1"])).await.unwrap();
        assert_eq!((loaded.added, loaded.returned, loaded.left), (0, vec![], vec![]), "{is_live}");
        assert!(loaded.duplicates.is_empty(), "{is_live}");
        assert_eq!(home.job(id, "C1").await.state, younger.state);
        assert_eq!(home.job(id, "c1").await.state, State::Cancelled, "its row is the other one's");
    }
}

#[tokio::test]
async fn other_jobs_for_a_cluster_are_found_by_an_index() {
    let home = Home::new().await;
    let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", unsettled_statement(128)));
    let steps: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(sql).fetch_all(&mut *home.store.begin().await.unwrap()).await.unwrap();
    let plan = steps.into_iter().map(|step| step.3).collect::<Vec<_>>().join("\n");
    assert!(plan.contains("SEARCH jobs USING INTEGER PRIMARY KEY (rowid=?)"), "{plan}");
    assert!(plan.contains("SEARCH other USING INDEX jobs_by_cluster (<expr>=? AND <expr>=?)"), "{plan}");
}

#[tokio::test]
async fn a_job_with_a_whole_project_id_is_found_by_an_index() {
    let (home, id) = Home::with(&rows(&["c1", "c2"])).await;
    let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", crate::store::queries::names::NAME));
    let steps: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(sql).fetch_all(&mut *home.store.begin().await.unwrap()).await.unwrap();
    let plan = steps.into_iter().map(|step| step.3).collect::<Vec<_>>().join("\n");
    assert!(plan.contains("SEARCH jobs USING INDEX jobs_by_cluster (<expr>=? AND <expr>=?)"), "{plan}");
    for digits in [P1, &P1[..5], ""] {
        assert_eq!(home.store.names_of(id, digits, "C2", 9).await.unwrap(), [(P1.to_owned(), "c2".to_owned())]);
    }
}
