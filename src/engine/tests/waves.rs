//! Waves: canaries first, and nobody before their turn.

use super::*;
use crate::domain::hold::Scope;
use crate::domain::wave::Wave;
use crate::simulator::Refusals;

/// The canary of the first project is paused, and fails.
fn first_paused(one: Cluster) -> Cluster {
    if one.name == "c0" { one.at(Stage::Paused) } else { one }
}

/// Eight projects of five: the first of each is a canary, the second and third follow, and two are in no wave.
async fn fleet(settings: Settings, change: impl Fn(Cluster) -> Cluster) -> Harbour {
    let wave = |index| match index % 5 {
        0 => Some(1),
        1 | 2 => Some(7),
        _ => None,
    };
    Harbour::in_waves("m0-to-flex", 8, 5, settings, change, wave).await
}

impl Harbour {
    /// When the first job of each wave was looked at, and when the last one had ended.
    async fn spans(&self) -> Vec<(Wave, Millis, Millis)> {
        let mut spans: Vec<(Wave, Millis, Millis)> = Vec::new();
        let mut rows = self.rows().await;
        rows.sort_by_key(|row| Wave::of(&row.job.wanted));
        for Row { job, .. } in rows {
            let (wave, begun, ended) =
                (Wave::of(&job.wanted), job.observed.first_look_at.unwrap(), job.finished_at.unwrap());
            match spans.last_mut().filter(|span| span.0 == wave) {
                Some(span) => (span.1, span.2) = (span.1.min(begun), span.2.max(ended)),
                None => spans.push((wave, begun, ended)),
            }
        }
        spans
    }
}

#[tokio::test(start_paused = true)]
async fn a_wave_begins_as_soon_as_those_before_it_have_ended_and_no_sooner() {
    let mut harbour = fleet(quick(), |one| one).await;
    assert_eq!(harbour.run().await, Ending::Finished);
    harbour.keeps_both_promises().await;
    let spans = harbour.spans().await;
    assert_eq!(spans.len(), 3);
    for pair in spans.windows(2) {
        let wait = pair[1].1.0 - pair[0].2.0;
        assert!((0..1000).contains(&wait), "{} began {wait} ms after {}", pair[1].0, pair[0].0);
    }
}

#[tokio::test(start_paused = true)]
async fn waves_keep_their_order_across_a_crash() {
    let mut harbour = fleet(quick(), |one| one).await;
    for _ in 0..4 {
        harbour.run_and_die_after(Duration::from_secs(150)).await;
    }
    assert_eq!(harbour.run().await, Ending::Finished);
    harbour.keeps_both_promises().await;
    assert!(harbour.spans().await.windows(2).all(|pair| pair[1].1 >= pair[0].2));
}

#[tokio::test(start_paused = true)]
async fn a_wave_of_which_a_part_is_held_lets_no_other_begin() {
    let unpaid = project(3);
    let mut refusals = Refusals::default();
    assert!(refusals.set(&unpaid, "NO_PAYMENT_INFORMATION_FOUND"));
    let mut harbour = fleet(Settings { refusals, ..quick() }, |one| one).await;
    let Ending::Held(holds) = harbour.run().await else { panic!("not held: {:?}", harbour.counts().await) };
    assert_eq!(holds.len(), 1);
    assert_eq!(harbour.counts().await.of(State::Succeeded), 7, "the other canaries, and nobody else");

    harbour.simulator.set_refusals(Refusals::default());
    let now = harbour.clock.now();
    harbour
        .store
        .release(&runner("operator"), harbour.campaign_id, &[Scope::Project(unpaid)], None, now)
        .await
        .unwrap();
    assert_eq!(harbour.run().await, Ending::Finished);
    assert!(harbour.spans().await.windows(2).all(|pair| pair[1].1 >= pair[0].2));
}

#[tokio::test(start_paused = true)]
async fn a_job_of_an_earlier_wave_that_is_sent_back_goes_before_what_has_not_begun() {
    let mut harbour = fleet(quick(), first_paused).await;
    (harbour.limits.in_flight, harbour.limits.workers) = (2, 1);
    // The run dies in the last wave.
    while harbour.store.wave(harbour.campaign_id).await.unwrap() != Some(Wave::REST) {
        harbour.run_and_die_after(Duration::from_secs(60)).await;
    }
    let canary = async |harbour: &Harbour| harbour.rows().await.swap_remove(0).job;
    let begun = async |harbour: &Harbour| {
        harbour.rows().await.iter().filter(|row| row.job.observed.first_look_at.is_some()).count()
    };
    let (failed, so_far) = (canary(&harbour).await, begun(&harbour).await);
    assert!(failed.state == State::Failed && so_far < 40, "{failed:?}, {so_far} begun");

    let (store, clock) = (&harbour.store, harbour.clock);
    let Decision { job, entry, .. } =
        decide(&failed, &Event::Retry { reason: None, elsewhere: false }, clock.now(), &Policy::default(), 0);
    let change = Change::new(job, entry, clock.now());
    assert_eq!(store.record(&runner("operator"), &[change]).await.unwrap(), [true]);
    assert_eq!(store.wave(harbour.campaign_id).await.unwrap(), Some(Wave::numbered(1)));
    let back = clock.now();
    assert_eq!(harbour.run().await, Ending::Finished);
    harbour.keeps_both_promises().await;
    let ended = canary(&harbour).await.finished_at.unwrap();
    assert!(ended > back);
    let waited =
        |job: &Job| job.id == failed.id || job.observed.first_look_at.is_none_or(|at| at <= back || at >= ended);
    assert!(
        harbour.rows().await.iter().all(|row| waited(&row.job)),
        "somebody began before the canary had ended again"
    );
}
