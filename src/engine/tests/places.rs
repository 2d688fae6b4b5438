//! The right cluster in the right place.

use super::*;

#[tokio::test(start_paused = true)]
async fn no_cluster_is_moved_to_another_region_unless_the_campaign_allows_it() {
    let elsewhere = |cluster: Cluster| match &*cluster.name {
        "c0" => Cluster { region: "EU_WEST_1".to_owned(), ..cluster },
        "c1" => Cluster { provider: "GCP".to_owned(), region: "WESTERN_EUROPE".to_owned(), ..cluster },
        _ => cluster,
    };
    let mut harbour = Harbour::of("m0-to-flex", 1, 3, Settings::default(), elsewhere).await;
    assert_eq!(harbour.run().await, Ending::Finished);
    let ends = |rows: &[Row]| -> Vec<(State, String)> {
        let code = |job: &Job| job.error.as_ref().map(|fault| fault.code.clone()).unwrap_or_default();
        rows.iter().map(|row| (row.job.state, code(&row.job))).collect()
    };
    let refused = (State::Failed, "REGION_CHANGES".to_owned());
    let done = (State::Succeeded, String::new());
    assert_eq!(ends(&harbour.rows().await), [refused.clone(), refused, done.clone()]);
    assert_eq!(harbour.simulator.ledger().upgrade_requests, 1);

    let mut harbour = Harbour::of("m0-to-flex", 1, 3, Settings::default(), elsewhere).await;
    harbour.policy.allow_region_change = true;
    assert_eq!(harbour.run().await, Ending::Finished);
    assert_eq!(ends(&harbour.rows().await), [done.clone(), done.clone(), done]);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_auto_scaling_has_changed_since_is_done_and_the_difference_told() {
    let mut harbour = Harbour::of("m0-to-dedicated", 1, 1, Settings::default(), |cluster| cluster).await;
    harbour.simulator.scale(&project(0), "c0", "M30");
    assert_eq!(harbour.run().await, Ending::Finished);
    let job = harbour.rows().await.remove(0).job;
    let fault = job.error.unwrap();
    assert_eq!((job.state, &*fault.code), (State::Succeeded, "TARGET_DIFFERS"));
    assert!(fault.detail.contains("is M30, not M20 (compute auto-scaling has changed it)"), "{}", fault.detail);
    assert!(job.observed.seen.unwrap().contains("M20 (scaled to M30) in AWS US_EAST_1"));
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_went_back_to_its_source_is_not_called_upgrading() {
    let settings = Settings { faults: Faults { roll_back: 1.0, ..Faults::default() }, ..Settings::default() };
    let mut harbour = Harbour::new(1, 1, settings, |cluster| cluster).await;
    let progress = Progress::default();
    let (_control, listening) = watch::channel(Control::Run);
    let run = harbour.engine().run(listening, progress.clone());
    let _dead = tokio::time::timeout(Duration::from_secs(120), run).await;
    let shot = progress.watch().borrow().clone();
    assert_eq!((shot.counts.of(State::Upgrading), shot.unexpected.unchanged, shot.unexpected.missing), (1, 1, 0));
}
