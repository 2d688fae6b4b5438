//! Events that reach the table without a worker, while somebody else writes.

use super::*;
use crate::engine::Apply;
use crate::store::Runner;

/// Somebody else's word about a job.
async fn cancel(store: &Store, job: &Job, clock: Clock) {
    let (operator, policy) = (runner("operator"), Policy::default());
    let apply = Apply { store, runner: &operator, clock, policy: &policy };
    let counts = apply.to_each(vec![job.clone()], |_| Some(Event::Cancel)).await.unwrap();
    assert_eq!(counts.of(State::Cancelled), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_somebody_else_wrote_meanwhile_is_read_again_and_decided_anew() {
    let harbour = Harbour::new(1, 3, quick(), |cluster| cluster).await;
    let (store, clock) = (&harbour.store, harbour.clock);
    let jobs: Vec<Job> = harbour.rows().await.into_iter().map(|row| row.job).collect();
    let (loader, policy): (Runner, _) = (runner("loader"), Policy::default());
    let apply = Apply { store, runner: &loader, clock, policy: &policy };
    let mut seen = Vec::new();
    let counts = apply
        .to_chunks(jobs, async |jobs: Vec<Job>| {
            if seen.is_empty() {
                cancel(store, &jobs[1], clock).await;
            }
            seen.extend(jobs.iter().map(|job| (job.id, job.state)));
            // The row is back, or it has gone: which of the two depends on what the job is by now.
            let event = |job: &Job| {
                if job.state.is_ended() { Event::Retry { reason: None, elsewhere: false } } else { Event::LeftFleet }
            };
            Ok::<_, StoreError>(jobs.into_iter().map(|job| (job.clone(), event(&job))).collect())
        })
        .await
        .unwrap();
    assert_eq!(seen[3..], [(seen[1].0, State::Cancelled)], "{seen:?}");
    assert_eq!((counts.of(State::Cancelled), counts.of(State::Pending)), (2, 1));
    let history = store.history(&[seen[1].0]).await.unwrap();
    let kinds: Vec<&str> = history.iter().map(|event| &*event.kind).collect();
    assert_eq!(kinds, ["cancelled", "retried"]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_an_event_changes_nothing_about_is_not_written() {
    let harbour = Harbour::new(1, 1, quick(), |cluster| cluster).await;
    let job = harbour.rows().await.remove(0).job;
    let (loader, policy) = (runner("loader"), Policy::default());
    let apply = Apply { store: &harbour.store, runner: &loader, clock: harbour.clock, policy: &policy };
    let counts = apply.to_each(vec![job.clone()], |_| Some(Event::Returned { elsewhere: false })).await.unwrap();
    assert_eq!(counts.total(), 0);
    assert_eq!(harbour.rows().await.remove(0).job, job);
}
