//! Requests for each cluster, and how late the end of an upgrade is noticed: the default `[look]`, in virtual time.

use std::time::Duration;

use drydock::clock::{Clock, Millis};
use drydock::domain::policy::Policy;
use drydock::engine::{Control, Ending, Engine, Limits, Progress};
use drydock::simulator::{Durations, Settings, Simulator};
use drydock::store::Filter;
use tokio::sync::watch;

use crate::Extent;
use crate::campaign::{engine, within};
use crate::figures::Figures;
use crate::fleet;
use crate::home::Home;

const START: Millis = Millis(1_800_000_000_000);
const MEDIAN: Duration = Duration::from_mins(25);

pub(crate) fn measure(extent: Extent, figures: &mut Figures) {
    for spread in [1.0, 1.3, 2.0] {
        for in_project in [1, 5, 25] {
            // What is found is the same each time: chance has a seed.
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let (requests, late) = runtime.block_on(campaign(extent.of(1000), in_project, spread));
            let where_to = format!("{in_project} in a project, 25 minutes, spread {spread}");
            figures.add(format!("requests a cluster, {where_to}"), "requests", vec![requests]);
            figures.add(format!("noticed late, {where_to}"), "% of 25 min", vec![late]);
        }
    }
}

/// Requests for each cluster, and how late the ends were noticed, in hundredths of the median.
async fn campaign(clusters: usize, in_project: usize, spread: f64) -> (f64, f64) {
    let clock = Clock::starting_at(START);
    let mut home = Home::in_virtual_time(in_project).await;
    home.load(clusters, clock.now()).await;
    let settings = Settings { durations: Durations::Around { median: MEDIAN, spread }, ..Settings::default() };
    let simulator = Simulator::new(fleet::clusters(clusters, in_project), settings, clock);
    let (_control, listening) = watch::channel(Control::Run);
    let engine =
        Engine { policy: Policy::default(), limits: Limits::default(), ..engine(&home, within(&simulator), clock) };
    assert_eq!(engine.run(listening, Progress::default()).await.unwrap(), Ending::Finished);
    let over = simulator.ledger().entries;
    let rows = home.store.page(home.campaign_id, &Filter::default(), None, 100_000).await.unwrap();
    let late = |job: drydock::domain::job::Job| {
        let at = over[&(job.project_id, job.cluster_name)].over.unwrap();
        job.finished_at.unwrap().since(at).as_secs_f64() / MEDIAN.as_secs_f64() * 100.0
    };
    let late: f64 = rows.into_iter().map(|row| late(row.job)).sum();
    (simulator.request_counts().requests as f64 / clusters as f64, late / clusters as f64)
}
