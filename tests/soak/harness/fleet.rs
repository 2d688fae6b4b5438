//! The fleet as it is loaded at the begin of every run.

use drydock::clock::Millis;
use drydock::domain::job::Wanted;
use drydock::simulator::Stage;
use drydock::store::{LoadError, NewJob, Runner, Store};

use super::scenario::Scenario;

/// The campaign's name.
pub(crate) const CAMPAIGN: &str = "soak";
/// The fleet's own column.
pub(crate) const OWNER: &str = "owner";

/// The rows, as a spreadsheet would number them.
pub(crate) fn rows(scenario: &Scenario) -> Vec<NewJob> {
    let sized = scenario.way().target() == Stage::Dedicated;
    let instance_size = sized.then(|| "M10".to_owned());
    let wanted = Wanted { provider: "AWS".into(), region: "US_EAST_1".into(), instance_size, ..Wanted::default() };
    let row = |(row, cluster): (i64, &drydock::simulator::Cluster)| NewJob {
        row,
        project_id: cluster.project.clone(),
        cluster_name: cluster.name.clone(),
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

/// Loads it; the campaign's key.
pub(crate) async fn load(store: &Store, scenario: &Scenario, now: Millis) -> Result<i64, LoadError> {
    let mut loader = store.begin_load(&runner("loader"), CAMPAIGN, scenario.operation, now).await?;
    loader.push(&rows(scenario)).await?;
    Ok(loader.finish().await?.campaign_id)
}
