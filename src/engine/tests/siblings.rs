//! Another campaign over the same clusters.

use super::*;
use crate::domain::code::OUTCOME_UNKNOWN;
use crate::domain::job::Job;

/// Another campaign has asked for every cluster, which it names in capitals, and never heard what became of that: its
/// jobs have ended with an open request.
async fn asked_by_another_campaign(harbour: &Harbour) -> Vec<Job> {
    let (store, now) = (&harbour.store, harbour.clock.now());
    let record = async |changes: Vec<Change>| {
        assert!(store.record(&runner("former"), &changes).await.unwrap().are_all_written());
    };
    let own: Vec<Job> = harbour.rows().await.into_iter().map(|row| row.job).collect();
    // The rows are out of the fleet while the other campaign works.
    let told = |job: &Job, event: &Event| {
        let Decision { job, entry, .. } = decide(job, event, now, &harbour.policy, 0);
        Change::new(job, entry, now)
    };
    record(own.iter().map(|job| told(job, &Event::LeftFleet)).collect()).await;
    let mut loader = store.begin_load(&runner("loader"), "q3", harbour.operation.name, now).await.unwrap();
    let rows: Vec<NewJob> = own
        .iter()
        .map(|job| NewJob {
            row: job.row,
            project_id: job.project_id.clone(),
            cluster_name: job.cluster_name.to_ascii_uppercase(),
            wanted: job.wanted.clone(),
            extra: Vec::new(),
        })
        .collect();
    loader.push(&rows).await.unwrap();
    let other = loader.finish().await.unwrap().campaign_id;
    let jobs: Vec<Job> =
        store.page(other, &Filter::default(), None, 100).await.unwrap().into_iter().map(|row| row.job).collect();
    let given_up = |job: &Job| {
        job.clone().with(|job| {
            job.state = State::Failed;
            job.error = Some(crate::domain::code::Fault::new(OUTCOME_UNKNOWN, ""));
            job.request.open = true;
            job.request.send = 1;
            job.request.sent_at = Some(now);
            job.schedule.due_at = None;
            job.finished_at = Some(now);
        })
    };
    record(jobs.iter().map(|job| Change::new(given_up(job), None, now)).collect()).await;
    // The rows are back, and nobody has asked about the other campaign.
    let own = store.reload(&own.iter().map(|job| job.id).collect::<Vec<_>>()).await.unwrap();
    record(own.iter().map(|job| told(job, &Event::Returned { elsewhere: false })).collect()).await;
    jobs
}

#[tokio::test(start_paused = true)]
async fn what_another_campaign_has_asked_for_is_verified_before_it_is_begun() {
    for (seconds, landed) in [(30, true), (110, true), (0, false)] {
        let mut harbour = Harbour::new(2, 3, quick(), |cluster| cluster).await;
        let asked = asked_by_another_campaign(&harbour).await;
        let client = harbour.engine().client.clone();
        let (operation, clock) = (harbour.operation, harbour.clock);
        let late = tokio::spawn(async move {
            clock.sleep_until(clock.now().after(Duration::from_secs(seconds))).await;
            for job in asked.iter().filter(|_| landed) {
                client.upgrade(&operation.request(job), Arc::new(|| Ok(()))).await;
            }
        });
        assert_eq!(harbour.run().await, Ending::Finished);
        late.await.unwrap();
        let ledger = harbour.simulator.ledger();
        let effects: u32 = ledger.entries.values().map(|account| account.effects).sum();
        assert_eq!((ledger.upgrade_requests, effects), (6, 6), "landed after {seconds} s: {landed}");
        assert_eq!(harbour.counts().await.of(State::Succeeded), 6);
        for row in harbour.rows().await {
            let history = harbour.store.history(&[row.job.id]).await.unwrap();
            let kinds: Vec<&str> = history.iter().map(|entry| &*entry.kind).collect();
            assert_eq!(kinds[..3], ["left_fleet", "returned", "sent_elsewhere"], "{kinds:?}");
            assert_eq!(kinds.contains(&"intent"), !landed, "{kinds:?}");
        }
    }
}
