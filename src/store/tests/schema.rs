//! The tables guard what the rule book promises.

use super::*;

/// A database with one pending job, c1.
async fn one() -> Home {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    home.alter(home.job(id, "c1").await, |job| job.observed.seen = Some("x".into())).await;
    home
}

#[tokio::test]
async fn an_event_is_never_changed_and_never_deleted() {
    let home = one().await;
    assert!(home.sql("UPDATE events SET detail = 'no'").await.unwrap_err().contains("never changed"));
    assert!(home.sql("DELETE FROM events").await.unwrap_err().contains("never deleted"));
}

#[tokio::test]
async fn a_row_that_breaks_the_rules_cannot_be_written() {
    let home = one().await;
    let broken = [
        ("one_of_nine_states", "UPDATE jobs SET state = 'lost'"),
        ("ended_means_finished", "UPDATE jobs SET state = 'succeeded', due_at = NULL"),
        ("ended_means_finished", "UPDATE jobs SET finished_at = 1, due_at = NULL"),
        ("ended_means_at_rest", "UPDATE jobs SET state = 'succeeded', finished_at = 1"),
        ("ended_means_at_rest", "UPDATE jobs SET state = 'skipped', finished_at = 1, due_at = NULL, claimed_by = 'r'"),
        ("nothing_is_lost", "UPDATE jobs SET due_at = NULL"),
        ("submitting_means_open", "UPDATE jobs SET state = 'submitting'"),
        ("open_means_followed", "UPDATE jobs SET open = 1"),
        ("failed_means_why", "UPDATE jobs SET state = 'failed', finished_at = 1, due_at = NULL"),
        ("an_error_is_whole", "UPDATE jobs SET error_code = 'X'"),
        ("attempts_are_sends", "UPDATE jobs SET attempts = 1"),
        ("attempts_are_sends", "UPDATE jobs SET send = -1, attempts = -1"),
        ("flags_are_flags", "UPDATE jobs SET accepted = 2"),
        ("a_plan_is_whole", "UPDATE jobs SET if_not_landed = 'failed'"),
        ("a_plan_is_whole", "UPDATE jobs SET if_not_landed_code = 'X', if_not_landed_detail = 'x'"),
        ("a_streak_is_whole", "UPDATE jobs SET streak_since = 1"),
        ("an_identity_has_an_id", "UPDATE jobs SET target_connection_string = 'x'"),
        ("a_hold_is_whole", "UPDATE campaigns SET hold_code = 'X'"),
        (
            "FOREIGN KEY",
            "INSERT INTO holds SELECT 1, 1, 'campaign', '', 'operator', 'X', 'x', 1, 'r', NULL, NULL, NULL",
        ),
        ("FOREIGN KEY", "UPDATE jobs SET campaign_id = 99"),
        ("cannot store TEXT", "UPDATE jobs SET due_at = 'soon'"),
    ];
    for (rule, sql) in broken {
        let error = home.sql(sql).await.unwrap_err();
        assert!(error.contains(rule), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_job_may_end_with_an_open_request_only_if_it_says_so() {
    let home = one().await;
    let end = "UPDATE jobs SET state = 'failed', finished_at = 1, due_at = NULL, open = 1, send = 1, \
        error_detail = 'x', error_code = 'OUTCOME_UNKNOWN'";
    assert_eq!(home.sql(end).await, Ok(1));
    let other = home.sql("UPDATE jobs SET error_code = 'GAVE_UP'").await.unwrap_err();
    assert!(other.contains("open_means_followed"), "{other}");
}

#[tokio::test]
async fn a_second_live_job_for_a_cluster_cannot_be_written() {
    let home = one().await;
    home.load("q5", &rows(&["c2"])).await.unwrap();
    let double = "INSERT INTO jobs (campaign_id, row, project_id, cluster_name, wanted, due_at) \
        SELECT 2, row, project_id, cluster_name, wanted, 1 FROM jobs WHERE cluster_name = 'c1'";
    assert!(home.sql(double).await.unwrap_err().contains("UNIQUE"));
    let in_other_case = "INSERT INTO jobs (campaign_id, row, project_id, cluster_name, wanted, due_at) \
        SELECT 2, row, upper(project_id), upper(cluster_name), wanted, 1 FROM jobs WHERE cluster_name = 'c1'";
    assert!(home.sql(in_other_case).await.unwrap_err().contains("UNIQUE"));
}
