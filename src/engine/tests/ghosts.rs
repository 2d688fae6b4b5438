//! Runners that have lost their lock, and have not noticed yet.

use super::*;
use crate::domain::job::Job;
use crate::engine::holds::Holds;
use crate::engine::worker;
use crate::store::{Lane, StoreError};

#[tokio::test(start_paused = true)]
async fn what_another_runner_claimed_and_never_gave_back_is_taken_over() {
    for seconds in [0, 30, 90] {
        let mut harbour = Harbour::new(2, 4, quick(), |cluster| cluster).await;
        harbour.limits.in_flight_per_project = 2;
        let (store, campaign_id, clock) = (harbour.store.clone(), harbour.campaign_id, harbour.clock);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            let mut claimed = 0;
            while claimed == 0 {
                for lane in [Lane::Pending(Wave::REST), Lane::Rest] {
                    claimed +=
                        store.claim(campaign_id, "ghost", lane, clock.now().after(FAR), 100).await.unwrap().jobs.len();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let ending = tokio::time::timeout(Duration::from_secs(3600), harbour.run()).await;
        assert_eq!(ending, Ok(Ending::Finished), "claimed after {seconds} s");
        harbour.keeps_both_promises().await;
        assert_eq!(harbour.counts().await.of(State::Succeeded), 8);
    }
}

#[tokio::test(start_paused = true)]
async fn an_intent_that_a_former_runner_wrote_at_the_last_moment_is_taken_over() {
    // Sometimes this runner looks at the table first, and sometimes its own intent comes first.
    for quarters in 36..52 {
        let mut harbour = Harbour::new(1, 5, quick(), |cluster| cluster).await;
        harbour.limits.requests_per_minute = 6; // some wait in hand, looked at and not sent
        let intents = tokio::spawn(intents_of_a_ghost(&harbour, Duration::from_millis(250 * quarters)).await);
        let ending = tokio::time::timeout(Duration::from_hours(1), harbour.run()).await;
        assert_eq!(ending, Ok(Ending::Finished), "after {quarters} quarters of a second");
        let written = intents.await.unwrap();
        // One of them may have been this runner's turn in the same moment.
        assert!(written > 0, "nothing was written");
        harbour.keeps_both_promises().await;
        assert_eq!(harbour.counts().await.of(State::Succeeded), 5);
    }
}

/// Another process that writes an intent for every pending job after `span`, and sends nothing.
async fn intents_of_a_ghost(harbour: &Harbour, span: Duration) -> impl Future<Output = usize> + use<> {
    let url = format!("sqlite:{}", harbour.home.path().join("jobs.db").display());
    let ghost = Store::open_in_virtual_time(&url, Open::Existing).await.unwrap();
    let (campaign_id, clock) = (harbour.campaign_id, harbour.clock);
    async move {
        tokio::time::sleep(span).await;
        let rows = ghost.page(campaign_id, &Filter::default(), None, 100).await.unwrap();
        let pending = rows.into_iter().map(|row| row.job).filter(|job| job.state == State::Pending);
        let intent = |job| {
            let ready = Job { state: State::Ready, ..job };
            let Decision { job, entry, .. } = decide(&ready, &Event::Intent, clock.now(), &Policy::default(), 0);
            Change { keep: true, ..Change::new(job, entry, clock.now()) }
        };
        let changes: Vec<Change> = pending.map(intent).collect();
        // This runner may have the database for so long that the other process has to ask again.
        let written = loop {
            match ghost.record(&runner("ghost"), &changes).await {
                Err(StoreError::Locked { .. }) => {}
                written => break written.unwrap(),
            }
        };
        written.split(changes).0.len()
    }
}

/// Whatever is due by then.
const FAR: Duration = Duration::from_hours(1);

#[tokio::test(start_paused = true)]
async fn an_intent_that_is_a_minute_old_when_its_call_begins_is_not_sent() {
    let mut harbour = Harbour::new(1, 1, Settings::default(), |cluster| cluster).await;
    let engine = harbour.engine();
    let job = harbour.rows().await.remove(0).job;
    // The machine was asleep, or the process stopped, between the two.
    for (seconds, sends) in [(61, 0), (59, 1)] {
        let sent_at = Some(Millis(harbour.clock.now().0 - seconds * 1000));
        let mut job = Job { state: State::Submitting, ..job.clone() };
        (job.request.send, job.request.sent_at) = (1, sent_at);
        let (_, _, _, _, answer) = worker::send(&engine, &Holds::default(), job).await;
        assert_eq!(harbour.simulator.ledger().upgrade_requests, sends, "{answer:?}");
    }
}
