use super::*;
use crate::domain::job::{Identity, IfNotLanded, Streak};
use crate::store::{Before, Call, Lane, RecordedEvent};

/// A job of which nothing is as it was.
fn all_different(job: &Job) -> Job {
    let at = |n: i64| Some(Millis(NOW.0 + n));
    let identity = |id: &str| Some(Identity { id: id.into(), connection_string: Some(format!("mongodb+srv://{id}")) });
    job.clone().with(|job| {
        job.state = State::Verifying;
        job.request.send = 3;
        job.request.attempts = 2;
        job.request.open = true;
        job.request.accepted = true;
        job.request.if_not_landed = Some(IfNotLanded::Failed(Fault::new("A", "a")));
        job.request.left_at = at(1);
        job.observed.streak = Some(Streak { since: Millis(2), id: "s".into(), looks: 1 });
        job.observed.missing = 1;
        job.observed.alone = true;
        job.schedule.deferrals = 5;
        job.observed.first_look_at = at(3);
        job.observed.looked_at = at(4);
        job.request.sent_at = at(5);
        job.request.accepted_at = at(6);
        job.request.submitted_at = at(7);
        job.schedule.due_at = at(8);
        job.error = Some(Fault::new("B", "b"));
        job.source = identity("src");
        job.target = identity("dst");
        job.request.answered_id = Some("answered".into());
        job.observed.seen = Some("M0 TENANT, IDLE".into());
        job.observed.atlas_name = Some("Orders".into());
        job.observed.unattended_ms = 46_800_000;
        job.schedule.asked_until = Some(Millis(16));
    })
}

#[tokio::test]
async fn a_job_is_read_as_it_was_written() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let mut job = home.alter(home.job(id, "c1").await, |job| *job = all_different(job)).await;
    assert_eq!(home.job(id, "c1").await, job);
    for plan in [None, Some(IfNotLanded::Ready), Some(IfNotLanded::Cancelled)] {
        job = home.alter(job, |job| job.request.if_not_landed = plan).await;
        assert_eq!(home.job(id, "c1").await, job);
    }
    job.request.open = false;
    let job = home.alter(job, |job| end(job, State::Succeeded, "X")).await;
    assert_eq!(home.store.reload(&[job.id]).await.unwrap(), [job]);
}

#[tokio::test]
async fn what_the_loader_wrote_is_not_overwritten() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let read = home.job(id, "c1").await;
    let mut stale = rows(&["c1"]);
    stale[0].row = 50;
    home.load("q4", &stale).await.unwrap();
    home.alter(read, |job| job.schedule.deferrals = 1).await;
    assert_eq!(home.job(id, "c1").await.row, 50);
}

#[tokio::test]
async fn a_stale_revision_loses_and_nothing_of_it_is_written() {
    let (home, id) = Home::with(&rows(&["c1", "c2"])).await;
    let stale = home.job(id, "c1").await;
    let won = home.alter(stale.clone(), |job| job.state = State::Ready).await;
    let other = home.job(id, "c2").await;
    let changes =
        [Change { job: stale.with(|job| job.schedule.deferrals = 9), ..change(won.clone()) }, change(other.clone())];
    assert_eq!(home.store.record(&runner("r2"), &changes).await.unwrap(), [false, true]);
    assert_eq!(home.job(id, "c1").await, won);
    let history = home.store.history(&[won.id, other.id]).await.unwrap();
    let wrote: Vec<_> = history.iter().map(|entry| (entry.job_id, entry.seq, entry.runner.id.as_str())).collect();
    assert_eq!(wrote, [(won.id, 1, "r1"), (other.id, 1, "r2")]);
}

#[tokio::test]
async fn two_changes_of_one_job_follow_each_other_in_one_transaction() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let first = home.job(id, "c1").await;
    let second = Job { revision: 1, state: State::Ready, ..first.clone() };
    let changes = [change(first.clone()), change(second), change(first)];
    assert_eq!(home.store.record(&runner("r1"), &changes).await.unwrap(), [true, true, false]);
    assert_eq!(home.job(id, "c1").await.revision, 2);
}

#[tokio::test]
async fn a_change_that_breaks_a_rule_takes_its_whole_batch_along() {
    let (home, id) = Home::with(&rows(&["c1", "c2"])).await;
    let (good, mut bad) = (home.job(id, "c1").await, home.job(id, "c2").await);
    bad.state = State::Failed;
    assert!(home.store.record(&runner("r1"), &[change(good.clone()), change(bad)]).await.is_err());
    assert_eq!(home.job(id, "c1").await, good);
    assert!(home.store.history(&[good.id]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_claim_is_kept_if_wished_until_the_job_ends() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let job = home.store.claim(id, "r1", Lane::Pending(Wave::REST), NOW, 1).await.unwrap().jobs.remove(0);
    let keep = |job: &Job| [Change { keep: true, ..change(job.clone()) }];
    assert_eq!(home.store.record(&runner("r1"), &keep(&job)).await.unwrap(), [true]);
    assert!(home.store.claim(id, "r1", Lane::Pending(Wave::REST), NOW, 1).await.unwrap().jobs.is_empty());
    let mut ended = home.job(id, "c1").await;
    end(&mut ended, State::Failed, "WRONG_TIER");
    assert_eq!(home.store.record(&runner("r1"), &keep(&ended)).await.unwrap(), [true]);
    assert_eq!(home.sql("UPDATE jobs SET seen = 'x' WHERE claimed_by IS NULL").await, Ok(1));
}

#[tokio::test]
async fn a_change_without_keeping_gives_the_job_back() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let job = home.store.claim(id, "r1", Lane::Pending(Wave::REST), NOW, 1).await.unwrap().jobs.remove(0);
    home.alter(job, |job| job.state = State::Ready).await;
    assert_eq!(names(&home.store.claim(id, "r1", Lane::Rest, NOW, 1).await.unwrap().jobs), ["c1"]);
}

#[tokio::test]
async fn overdue_is_what_this_process_has_seen() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let job = home.store.claim(id, "r1", Lane::Pending(Wave::REST), NOW, 1).await.unwrap().jobs.remove(0);
    let job = home.alter(job, |job| job.schedule.overdue = 2).await;
    assert_eq!(home.job(id, "c1").await.schedule.overdue, 2);
    assert!(home.store.record(&runner("r2"), &[change(job)]).await.unwrap().are_all_written());
    assert_eq!(home.job(id, "c1").await.schedule.overdue, 0);
}

#[tokio::test]
async fn the_history_tells_what_happened_and_which_call_taught_it() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let job = home.alter(home.job(id, "c1").await, |job| job.state = State::Ready).await;
    let quiet = Change { entry: None, ..change(job.clone()) };
    assert!(home.store.record(&runner("r1"), &[quiet]).await.unwrap().are_all_written());
    let job = Job { revision: job.revision + 1, ..job };
    let fault = Fault::new("OOPS", "try again");
    let call = Call {
        method: "POST",
        path: "/up".into(),
        status: Some(503),
        error_code: Some("LATE".into()),
        duration_ms: Some(12),
    };
    let sent = job.clone().with(|job| job.request.send = 4);
    let told = Change {
        entry: Some(Entry::new(Kind::NotNow).of_send(4).because(&fault)),
        at: Millis(NOW.0 + 7),
        call: Some(call),
        ..change(sent)
    };
    assert!(home.store.record(&runner("r1"), &[told]).await.unwrap().are_all_written());
    let history = home.store.history(&[job.id]).await.unwrap();
    assert_eq!(history.len(), 2);
    let second = RecordedEvent {
        seq: 2,
        job_id: job.id,
        at: Millis(NOW.0 + 7),
        kind: "not_now".into(),
        state: State::Ready,
        send: Some(4),
        code: Some("OOPS".into()),
        detail: Some("try again".into()),
        runner: runner("r1"),
        method: Some("POST".into()),
        path: Some("/up".into()),
        status: Some(503),
        duration_ms: Some(12),
        job: history[1].job,
        previous: history[0].digest,
        digest: history[1].digest,
    };
    assert_eq!(history[1], second);
    assert_ne!(history[0].job, history[1].job, "a quiet write is no event, but a send is news");
}

#[tokio::test]
async fn nothing_to_write_writes_nothing() {
    let home = Home::new().await;
    assert!(home.store.record(&runner("r1"), &[]).await.unwrap().are_all_written());
}

#[tokio::test]
async fn what_happened_before_a_change_is_told_with_it_and_the_row_is_written_once() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let pending = home.store.claim(id, "r1", Lane::Pending(Wave::REST), NOW, 1).await.unwrap().jobs.remove(0);
    let ready = pending.clone().with(|job| {
        job.state = State::Ready;
        job.observed.looked_at = Some(NOW);
    });
    let before = Before { job: ready.clone(), entry: Entry::new(Kind::Looked), at: NOW };
    let mut sent = ready;
    submit(&mut sent);
    let entry = Some(Entry::new(Kind::Intent).of_send(1));
    let change = Change { entry, at: Millis(NOW.0 + 5), keep: true, before: Some(before), ..change(sent) };
    assert_eq!(home.store.record(&runner("r1"), &[change]).await.unwrap(), [true]);
    let written = home.job(id, "c1").await;
    assert_eq!((written.state, written.revision), (State::Submitting, pending.revision + 1));
    let history = home.store.history(&[written.id]).await.unwrap();
    let told: Vec<_> = history.iter().map(|event| (event.seq, &*event.kind, event.state, event.at.0 - NOW.0)).collect();
    assert_eq!(told, [(1, "looked", State::Ready, 0), (2, "intent", State::Submitting, 5)]);
    let campaign = home.store.campaign("q4").await.unwrap().unwrap();
    home.store.verified_digest(&campaign).await.unwrap();
}

#[tokio::test]
async fn jobs_that_wait_for_atlas_are_told_in_the_order_of_their_keys_behind_one_of_them() {
    let (home, id) = Home::with(&rows(&["c1", "c2", "c3", "c4"])).await;
    for name in ["c1", "c2", "c4"] {
        home.alter(home.job(id, name).await, |job| {
            (job.schedule.asked_until, job.schedule.due_at) = (Some(Millis(NOW.0 + 9)), Some(Millis(NOW.0 + 9)));
        })
        .await;
    }
    let mut keys = Vec::new();
    for name in ["c1", "c2", "c4"] {
        keys.push(home.job(id, name).await.id);
    }
    assert_eq!(home.store.asked(id, "", NOW, (0, 2)).await.unwrap(), keys[..2]);
    assert_eq!(home.store.asked(id, P1, NOW, (keys[1], 2)).await.unwrap(), keys[2..]);
    assert!(home.store.asked(id, "", NOW, (keys[2], 2)).await.unwrap().is_empty());
}
