//! The fleet as it is loaded at the begin of every run.

use drydock::clock::{Clock, Millis};
use drydock::domain::event::Event;
use drydock::domain::job::{Job, Wanted};
use drydock::engine::Apply;
use drydock::simulator::Stage;
use drydock::store::{LoadError, NewJob, Runner, Store, StoreError};

use super::scenario::Scenario;

/// The campaign's name.
pub(crate) const CAMPAIGN: &str = "soak";
/// The fleet's own column.
pub(crate) const OWNER: &str = "owner";

/// The campaign that works on rows which have left the fleet.
pub(crate) const OTHER: &str = "other";

/// The rows, as a spreadsheet would number them.
pub(crate) fn rows(scenario: &Scenario) -> Vec<NewJob> {
    let sized = scenario.upgrade_path().target_stage() == Stage::Dedicated;
    let instance_size = sized.then(|| "M10".to_owned());
    let wanted = Wanted { provider: "AWS".into(), region: "US_EAST_1".into(), instance_size, ..Wanted::default() };
    let row = |(row, cluster): (i64, &drydock::simulator::Cluster)| NewJob {
        row,
        project_id: cluster.project.clone(),
        cluster_name: scenario.spelled(row, &cluster.name),
        wanted: Wanted { wave: scenario.wave(row), ..wanted.clone() },
        extra: vec![(OWNER.to_owned(), format!("team {}", row % 3))],
    };
    (2..).zip(&scenario.clusters).map(row).collect()
}

/// A process that writes.
pub(crate) fn runner(id: &str) -> Runner {
    let (host, version, started_by) = ("deck".to_owned(), "0.1.0".to_owned(), "mara".to_owned());
    Runner { id: id.to_owned(), host, version, started_by }
}

/// Loads these rows as `drydock run` does; the campaign's key. Rows whose clusters are live in the other campaign are
/// left out, as an operator does who is refused.
pub(crate) async fn load(
    store: &Store,
    scenario: &Scenario,
    campaign: &str,
    mut rows: Vec<NewJob>,
    now: Millis,
) -> Result<i64, StoreError> {
    let runner = runner("loader");
    let loaded = loop {
        let mut loader = store.begin_load(&runner, campaign, scenario.operation, now).await?;
        loader.push(&rows).await?;
        match loader.finish().await {
            Ok(loaded) => break loaded,
            Err(LoadError::LiveElsewhere(live)) => {
                rows.retain(|row| live.iter().all(|(number, ..)| *number != row.row));
            }
            Err(LoadError::Store(error)) => return Err(error),
            Err(other) => panic!("seed {}: the same fleet was refused: {other}", scenario.seed),
        }
    };
    assert!(loaded.duplicates.is_empty(), "seed {}: {:?}", scenario.seed, loaded.duplicates);
    let returned: Vec<i64> = loaded.returned.iter().map(|job| job.id).collect();
    let asked = store.asked_elsewhere(&returned).await?;
    let apply = Apply { store, runner: &runner, clock: Clock::starting_at(now), policy: &scenario.policy };
    let back = |job: &Job| Some(Event::Returned { elsewhere: asked.contains(&job.id) });
    apply.to_each(loaded.returned, back).await?;
    apply.to_each(loaded.left, |_| Some(Event::LeftFleet)).await?;
    Ok(loaded.campaign_id)
}
