//! Whatever is edited, removed, added or swapped by hand is found, column by column.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};

use super::*;
use crate::domain::job::{Identity, IfNotLanded, Streak};
use crate::store::{Call, StoreError, Verified, Violations};

/// A campaign of four: one that succeeded, one under way, one that failed, one that nothing has happened to.
async fn harbour() -> Hand {
    let (home, id) = Home::with(&rows(&["done", "under-way", "failed", "untouched"])).await;
    for name in ["done", "under-way"] {
        let job = sent(&home, id, name).await;
        let call =
            Call { method: "POST", path: "/up".into(), status: Some(200), error_code: None, duration_ms: Some(7) };
        let upgrading = job.with(|job| {
            job.state = State::Upgrading;
            job.request.open = false;
            job.request.accepted = true;
            job.schedule.due_at = Some(NOW);
        });
        let entry = Some(Entry::new(Kind::Accepted).of_send(1).saying("so be it"));
        let told = Change { entry, call: Some(call), ..change(upgrading) };
        assert!(home.store.record(&runner("r2"), &[told]).await.unwrap().are_all_written());
    }
    home.alter(home.job(id, "done").await, |job| {
        let identity = |id: &str| Some(Identity { id: id.into(), connection_string: Some(format!("mongodb://{id}")) });
        (job.source, job.target, job.observed.seen) = (identity("s"), identity("t"), Some("IDLE".into()));
        end(job, State::Succeeded, "X");
    })
    .await;
    home.alter(home.job(id, "failed").await, |job| end(job, State::Failed, "WRONG_TIER")).await;
    let mut quiet = change(home.job(id, "under-way").await);
    quiet.entry = None;
    quiet.job.observed.streak = Some(Streak { since: NOW, id: "s".into(), looks: 2 });
    quiet.job.observed.looked_at = Some(NOW);
    assert!(home.store.record(&runner("r2"), &[quiet]).await.unwrap().are_all_written());
    Hand::on(home).await
}

/// The job of that name after it was sent.
async fn sent(home: &Home, id: i64, name: &str) -> Job {
    let job = home.alter(home.job(id, name).await, |job| job.state = State::Ready).await;
    intend(home, job).await
}

/// Writes the intent to send a job.
async fn intend(home: &Home, mut job: Job) -> Job {
    submit(&mut job);
    let intent = Some(Entry::new(Kind::Intent).of_send(job.request.send));
    assert!(
        home.store
            .record(&runner("r1"), &[Change { entry: intent, ..change(job.clone()) }])
            .await
            .unwrap()
            .are_all_written()
    );
    job.revision += 1;
    job
}

/// Somebody with a database shell.
struct Hand {
    home: Home,
    shell: SqliteConnection,
}

impl Hand {
    async fn on(home: Home) -> Self {
        let path = home.dir.path().join("drydock.db");
        let shell = SqliteConnectOptions::new().filename(path).foreign_keys(false).connect().await.unwrap();
        let mut hand = Self { home, shell };
        for table in ["events", "runners"] {
            hand.does(&format!("DROP TRIGGER {table}_are_never_changed; DROP TRIGGER {table}_are_never_deleted")).await;
        }
        hand.does("PRAGMA ignore_check_constraints = 1").await;
        for table in TABLES {
            hand.does(&format!("CREATE TEMPORARY TABLE {table}_before AS SELECT * FROM main.{table}")).await;
        }
        hand
    }

    async fn does(&mut self, sql: &str) {
        for sql in sql.split(';') {
            sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut self.shell).await.expect(sql);
        }
    }

    /// Puts everything back as it was.
    async fn undoes(&mut self) {
        for table in TABLES {
            self.does(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {table}_before")).await;
        }
    }

    async fn columns(&mut self, table: &str) -> Vec<(String, String)> {
        let sql = format!("SELECT name, type FROM pragma_table_info('{table}')");
        sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut self.shell).await.unwrap()
    }

    async fn verdict(&self) -> Result<Verified, Violations> {
        let campaign = self.home.store.campaign("q4").await.unwrap().unwrap();
        self.home.store.verify(&campaign).await.unwrap()
    }

    /// What is found after `sql`, which is undone again.
    async fn finds(&mut self, sql: &str) -> Result<Verified, Violations> {
        self.does(sql).await;
        let verdict = self.verdict().await;
        self.undoes().await;
        verdict
    }
}

/// What a hand may touch.
const TABLES: [&str; 4] = ["campaigns", "jobs", "events", "runners"];

/// Another value than the column has, and one that might well be true.
fn other(name: &str, kind: &str) -> String {
    match (name, kind) {
        ("open" | "accepted" | "alone", _) => format!("1 - {name}"),
        ("state", _) => format!("CASE {name} WHEN 'failed' THEN 'cancelled' ELSE 'failed' END"),
        ("if_not_landed", _) => {
            format!("CASE coalesce({name}, 'ready') WHEN 'ready' THEN 'cancelled' ELSE 'ready' END")
        }
        (_, kind) => other_of(name, kind),
    }
}

fn other_of(name: &str, kind: &str) -> String {
    match kind {
        "INTEGER" => format!("coalesce({name}, 0) + 1000"),
        "TEXT" => format!("coalesce({name}, '') || 'x'"),
        _ => "x'1111111111111111111111111111111111111111111111111111111111111111'".to_owned(),
    }
}

#[tokio::test]
async fn what_drydock_wrote_fits_and_has_one_digest() {
    let hand = harbour().await;
    let verified = hand.verdict().await.unwrap();
    assert_eq!((verified.jobs, verified.events), (4, 8));
    let campaign = hand.home.store.campaign("q4").await.unwrap().unwrap();
    assert_eq!(hand.home.store.verified_digest(&campaign).await.unwrap(), verified.digest);
}

#[tokio::test]
async fn every_column_of_an_event_that_is_edited_is_found() {
    let mut hand = harbour().await;
    for (column, kind) in hand.columns("events").await {
        for (job, seq) in [(1, 1), (1, 2), (1, 3), (1, 4), (2, 2)] {
            let value = other(&column, &kind);
            let sql = format!("UPDATE events SET {column} = {value} WHERE job_id = {job} AND seq = {seq}");
            assert!(hand.finds(&sql).await.is_err(), "not found: {sql}");
        }
    }
    assert!(hand.verdict().await.is_ok());
}

#[tokio::test]
async fn every_column_of_a_job_that_is_edited_is_found() {
    let mut hand = harbour().await;
    for (column, kind) in hand.columns("jobs").await {
        for (job, live) in [(1, false), (2, true), (3, false), (4, true)] {
            if live && QUEUE.contains(&column.as_str()) {
                continue;
            }
            let sql = format!("UPDATE jobs SET {column} = {} WHERE id = {job}", other(&column, &kind));
            assert!(hand.finds(&sql).await.is_err(), "not found: {sql}");
        }
    }
    assert!(hand.verdict().await.is_ok());
}

/// What the queue marks on a job under way, without an event; docs/audit.md says so.
const QUEUE: [&str; 3] = ["due_at", "overdue", "runner"];

#[tokio::test]
async fn a_row_that_was_edited_is_believed_by_nobody() {
    let mut hand = harbour().await;
    let campaign = hand.home.store.campaign("q4").await.unwrap().unwrap();
    let jobs = hand.home.store.reload(&[1, 2, 3, 4]).await.unwrap();
    let refused = |error: StoreError| {
        matches!(error, StoreError::Edited { .. } | StoreError::Nonsense { .. } | StoreError::Unfit { .. })
    };
    for (column, kind) in hand.columns("jobs").await {
        // A claim is released as it was taken, without a word; the audit alone asks whose it was.
        if QUEUE.contains(&column.as_str()) || column == "claimed_by" {
            continue;
        }
        for job in &jobs {
            hand.does(&format!("UPDATE jobs SET {column} = {} WHERE id = {}", other(&column, &kind), job.id)).await;
            let store = &hand.home.store;
            // A row that is another's by now, or at another revision, is not found, and read again.
            if !["id", "revision"].contains(&column.as_str()) {
                let written = store.record(&runner("r3"), &[change(job.clone())]).await;
                assert!(refused(written.expect_err(&column)), "{column} of {} was written over", job.name());
            }
            if !["id", "campaign_id"].contains(&column.as_str()) {
                let read = store.reload(&[job.id]).await;
                assert!(refused(read.expect_err(&column)), "{column} of {} was read", job.name());
            }
            let digest = store.verified_digest(&campaign).await;
            assert!(refused(digest.expect_err(&column)), "{column} of {} has a digest", job.name());
            hand.undoes().await;
        }
    }
    hand.home.alter(hand.home.job(campaign.id, "untouched").await, |job| job.state = State::Ready).await;
    assert!(hand.verdict().await.is_ok());
}

#[tokio::test]
async fn a_row_that_was_edited_while_a_runner_had_it_says_nothing_that_did_not_happen() {
    for (column, value, fits) in [
        ("state", "'failed', finished_at = 1, due_at = NULL", true),
        ("attempts", "7", true),
        ("wanted", "'{}'", false),
    ] {
        let (home, id) = Home::with(&rows(&["c1"])).await;
        let mut hand = Hand::on(home).await;
        let job = hand
            .home
            .store
            .claim(id, "r1", crate::store::Lane::Pending(Wave::REST), NOW, 1)
            .await
            .unwrap()
            .jobs
            .remove(0);
        hand.does(&format!("UPDATE jobs SET {column} = {value} WHERE id = {}", job.id)).await;
        let mut ready = job.clone();
        ready.state = State::Ready;
        let entry = Some(Entry::new(Kind::Looked));
        let written = hand.home.store.record(&runner("r1"), &[Change { entry, ..change(ready) }]).await.unwrap();
        assert_eq!(written, [true], "{column}");
        assert_eq!(hand.verdict().await.is_ok(), fits, "{column}");
    }
}

#[tokio::test]
async fn a_row_that_somebody_else_wrote_while_a_runner_had_it_is_not_written_and_the_others_are() {
    let (home, id) = Home::with(&rows(&["c1", "c2"])).await;
    let jobs = home.store.claim(id, "r1", crate::store::Lane::Pending(Wave::REST), NOW, 2).await.unwrap().jobs;
    // Another process has its own hands.
    let url = format!("sqlite:{}", home.dir.path().join("drydock.db").display());
    let operator = Store::open(&url, Open::Existing).await.unwrap();
    let cancelled = |mut job: Job| {
        end(&mut job, State::Cancelled, "CANCELLED");
        change(job)
    };
    assert_eq!(operator.record(&runner("operator"), &[cancelled(jobs[0].clone())]).await.unwrap(), [true]);
    let ready = |job: &Job| change(Job { state: State::Ready, ..job.clone() });
    let written = home.store.record(&runner("r1"), &[ready(&jobs[0]), ready(&jobs[1])]).await.unwrap();
    assert_eq!(written, [false, true]);
    assert_eq!(home.job(id, "c1").await.state, State::Cancelled);
}

#[tokio::test]
async fn a_row_that_was_removed_leaves_the_campaign_without_a_digest() {
    let mut hand = harbour().await;
    let campaign = hand.home.store.campaign("q4").await.unwrap().unwrap();
    hand.does("DELETE FROM jobs WHERE id = 4").await;
    let error = hand.home.store.check_row_count(&campaign).await.unwrap_err();
    assert!(error.to_string().contains("q4, with 3 jobs of 4, in sqlite:"), "{error}");
    // Loaded again it would be new, and be asked for once more.
    let again = hand.home.load("q4", &rows(&["done", "under-way", "failed", "untouched"])).await;
    assert!(matches!(again, Err(LoadError::Store(StoreError::Edited { .. }))), "{again:?}");
}

#[tokio::test]
async fn every_column_that_says_what_a_campaign_is_is_found_when_edited() {
    let mut hand = harbour().await;
    hand.home.store.bind(1, "simulation").await.unwrap();
    hand.does("DROP TABLE campaigns_before").await;
    hand.does("CREATE TEMPORARY TABLE campaigns_before AS SELECT * FROM main.campaigns").await;
    for (column, kind) in hand.columns("campaigns").await {
        // When it was last touched, why it waits, and what its fleet was last loaded from is the queue's; the key is
        // that of its jobs; and the file is only ever named to people.
        let others = ["id", "name", "touched_at", "hold_code", "hold_detail", "held_at", "fleet", "file"];
        if others.contains(&column.as_str()) {
            continue;
        }
        let sql = format!("UPDATE campaigns SET {column} = {}", other(&column, &kind));
        assert!(hand.finds(&sql).await.is_err(), "not found: {sql}");
        hand.does(&sql).await;
        assert!(hand.home.store.bind(1, "simulation").await.is_err(), "bound: {sql}");
        assert!(hand.home.load("q4", &rows(&["done"])).await.is_err(), "loaded: {sql}");
        hand.undoes().await;
    }
    assert!(hand.verdict().await.is_ok());
}

#[tokio::test]
async fn a_history_of_what_no_drydock_does_is_found_although_its_digests_fit() {
    let mut told = Vec::new();
    for entry in
        [Entry::new(Kind::Intent).of_send(1), Entry::new(Kind::Intent).of_send(2), Entry::new(Kind::Unknown).of_send(2)]
    {
        let (home, id) = Home::with(&rows(&["c1"])).await;
        let job = sent(&home, id, "c1").await;
        let odd = Change { entry: Some(entry), ..change(job) };
        assert!(home.store.record(&runner("r1"), &[odd]).await.unwrap().are_all_written());
        told.push(Hand::on(home).await.verdict().await.unwrap_err().to_string());
    }
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let mut job = sent(&home, id, "c1").await;
    let accepted = Some(Entry::new(Kind::Accepted).of_send(1));
    assert!(
        home.store
            .record(&runner("r1"), &[Change { entry: accepted, ..change(job.clone()) }])
            .await
            .unwrap()
            .are_all_written()
    );
    job.revision += 1;
    let ready = home
        .alter(job, |job| (job.state, job.request.open, job.schedule.due_at) = (State::Ready, false, Some(NOW)))
        .await;
    intend(&home, ready).await;
    told.push(Hand::on(home).await.verdict().await.unwrap_err().to_string());
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn every_column_of_a_runner_that_is_edited_is_found() {
    let mut hand = harbour().await;
    for (column, kind) in hand.columns("runners").await {
        let sql = format!("UPDATE runners SET {column} = {} WHERE id = 'r2'", other(&column, &kind));
        assert!(hand.finds(&sql).await.is_err(), "not found: {sql}");
    }
}

#[tokio::test]
async fn what_is_removed_added_or_swapped_is_found_and_named() {
    let mut hand = harbour().await;
    let copy = "at, kind, state, send, code, detail, runner, method, path, status, duration_ms, job_digest, \
        previous_digest, digest";
    let edits = [
        "DELETE FROM events WHERE job_id = 1 AND seq = 1".to_owned(),
        "DELETE FROM events WHERE job_id = 1 AND seq = 2".to_owned(),
        "DELETE FROM events WHERE job_id = 1 AND seq = 3".to_owned(),
        "DELETE FROM events WHERE job_id = 3".to_owned(),
        "DELETE FROM events".to_owned(),
        "DELETE FROM jobs WHERE id = 1".to_owned(),
        "DELETE FROM jobs WHERE id = 4".to_owned(),
        "DELETE FROM events WHERE job_id = 3; DELETE FROM jobs WHERE id = 3".to_owned(),
        "DELETE FROM events WHERE job_id = 3; DELETE FROM jobs WHERE id = 3; UPDATE campaigns SET jobs = 3".to_owned(),
        format!("INSERT INTO events SELECT 1, 5, {copy} FROM events WHERE job_id = 1 AND seq = 4"),
        format!("INSERT INTO events SELECT 4, 1, {copy} FROM events WHERE job_id = 3"),
        "INSERT INTO jobs (campaign_id, row, project_id, cluster_name, wanted, due_at) \
            SELECT campaign_id, 9, project_id, 'new', wanted, 1 FROM jobs WHERE id = 4"
            .to_owned(),
        "UPDATE events SET seq = -seq WHERE job_id = 1 AND seq > 1; UPDATE events SET seq = 6 + seq WHERE seq < 0"
            .to_owned(),
        "UPDATE events SET job_id = 99 WHERE job_id = 1; UPDATE events SET job_id = 1 WHERE job_id = 2; \
            UPDATE events SET job_id = 2 WHERE job_id = 99"
            .to_owned(),
        "UPDATE jobs SET id = 99 WHERE id = 1; UPDATE jobs SET id = 1 WHERE id = 3; UPDATE jobs SET id = 3 WHERE id = 99"
            .to_owned(),
        "UPDATE jobs SET cluster_name = 'x' WHERE id = 1; UPDATE jobs SET cluster_name = 'done' WHERE id = 3; \
            UPDATE jobs SET cluster_name = 'failed' WHERE id = 1"
            .to_owned(),
        "UPDATE jobs SET state = 'succeeded' WHERE id = 3".to_owned(),
        "UPDATE jobs SET claimed_by = NULL, state = 'ready', open = 0 WHERE id = 2".to_owned(),
        r#"UPDATE jobs SET wanted = '{"provider":"GCP","region":"US_EAST_1"}' WHERE id = 4"#.to_owned(),
    ];
    let mut told = Vec::new();
    for edit in &edits {
        let violation = hand.finds(edit).await.expect_err(edit);
        let edit = edit.split_whitespace().collect::<Vec<_>>().join(" ");
        told.push(format!("{edit}\n    {violation}"));
    }
    insta::assert_snapshot!(told.join("\n"));
    assert!(hand.verdict().await.is_ok());
}

#[tokio::test]
async fn a_row_that_changed_in_the_fleet_is_an_event_and_one_that_moved_is_none() {
    let mut fleet = rows(&["c1", "c2", "c3"]);
    let (home, id) = Home::with(&fleet).await;
    home.alter(home.job(id, "c2").await, |job| job.request.if_not_landed = Some(IfNotLanded::Cancelled)).await;
    fleet[0].wanted.region = "EU_WEST_1".into();
    fleet[1].extra[0].1 = "bob".into();
    fleet[2].row = 9;
    home.load("q4", &fleet).await.unwrap();
    let history = home.store.history(&[1, 2, 3]).await.unwrap();
    let told: Vec<_> = history.iter().map(|event| (event.job_id, event.seq, event.kind.as_str())).collect();
    assert_eq!(told, [(1, 1, "changed"), (2, 1, "looked"), (2, 2, "changed")]);
    assert!(history[0].detail.as_ref().unwrap().contains("US_EAST_1"), "{:?}", history[0].detail);
    let campaign = home.store.campaign("q4").await.unwrap().unwrap();
    assert_eq!(home.store.verify(&campaign).await.unwrap().unwrap().events, 3);
    home.store.claim(id, "r9", crate::store::Lane::Pending(Wave::REST), NOW, 2).await.unwrap();
    home.store.defer("r9", &[1], NOW).await.unwrap();
    assert!(home.store.verify(&campaign).await.unwrap().is_ok(), "a claim needs no event");
}

/// A database as the first version left it: one job, one event, no digests.
async fn before_there_were_digests() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new().filename(dir.path().join("drydock.db")).create_if_missing(true);
    let mut shell = options.connect().await.unwrap();
    let first = crate::store::migrations::MIGRATOR.migrations.first().unwrap().clone();
    sqlx::migrate::Migrator::with_migrations(vec![first]).run(&mut shell).await.unwrap();
    let old = [
        "INSERT INTO campaigns (name, operation, created_at, touched_at) VALUES ('q4', 'shared-to-serverless', 1, 1)",
        "INSERT INTO jobs (campaign_id, row, project_id, cluster_name, wanted, due_at) \
            VALUES (1, 2, 'aaaaaaaaaaaaaaaaaaaaaaaa', 'c1', '{\"provider\":\"AWS\",\"region\":\"X\"}', 1)",
        "INSERT INTO events (job_id, seq, at, kind, state, runner) VALUES (1, 1, 1, 'looked', 'pending', 'r0')",
    ];
    for sql in old {
        sqlx::query(sql).execute(&mut shell).await.unwrap();
    }
    sqlx::Connection::close(shell).await.unwrap();
    dir
}

#[tokio::test]
async fn a_history_of_before_there_were_digests_is_named_as_such_and_not_gone_on_with() {
    let dir = before_there_were_digests().await;
    let refused = Store::open(&url(&dir), Open::Existing).await.unwrap_err();
    assert!(matches!(refused, StoreError::OlderVersion { .. }), "{refused}");
    // A run of the older version is at work.
    let lock = std::fs::File::create(dir.path().join("drydock.db.lock")).unwrap();
    lock.try_lock().unwrap();
    let held = Store::open(&url(&dir), Open::CreateIfMissing).await.unwrap_err();
    assert!(matches!(held, StoreError::Held { .. }), "{held}");
    drop(lock);
    let store = Store::open(&url(&dir), Open::CreateIfMissing).await.unwrap();
    let home = Home { dir, store };
    assert_eq!(home.store.history(&[1]).await.unwrap().len(), 1);
    let unsealed = |error: &StoreError| matches!(error, StoreError::Unsealed { .. });
    assert!(unsealed(&home.store.job(1, P1, "c1").await.unwrap_err()));
    assert!(unsealed(&home.store.claim(1, "r1", crate::store::Lane::Pending(Wave::REST), NOW, 1).await.unwrap_err()));
    assert!(unsealed(&home.store.bind(1, "simulation").await.unwrap_err()));
    assert!(matches!(home.load("q4", &rows(&["c1"])).await, Err(LoadError::Store(error)) if unsealed(&error)));
    let campaign = home.store.campaign("q4").await.unwrap().unwrap();
    let violations = home.store.verify(&campaign).await.unwrap().unwrap_err();
    let old = "it was written by a drydock that kept no digests yet";
    assert_eq!(violations.to_string(), format!("{P1}/c1, event 1: {old}\nthe campaign's own row: {old}"));
}
