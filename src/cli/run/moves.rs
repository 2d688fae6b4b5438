//! How many clusters a run would move to another region or cloud, looked up before a person says yes.

use std::collections::BTreeMap;

use crate::atlas::Client;
use crate::cli::exit::Failure;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::cluster_name::ClusterKey;
use crate::domain::job::{Job, State};
use crate::planning::{self, Row};
use crate::store::{Filter, NewJob, Pages, Store};

/// Looks at the clusters that have not been begun, and says in words how many of them would be moved.
pub(super) async fn words(
    config: &Config,
    store: &Store,
    campaign_id: i64,
    client: &Client,
    clock: Clock,
) -> Result<String, Failure> {
    let fleet = not_begun(store, campaign_id).await?;
    let pace = (config.pace.requests_per_minute, config.pace.workers);
    let Ok(survey) = planning::survey(client, clock, config.operation, pace, &fleet).await else {
        return Ok(
            "where the clusters are could not be read, and rows may move them: a move cannot be undone".to_owned()
        );
    };
    let rows = planning::judge(config.operation, &fleet, &survey, &BTreeMap::new(), (&config.policy, clock.now()));
    // A row that is busy or paused now may be moved later, and one that was not seen may be one of them.
    let moved = |row: &&Row| row.moves.is_some();
    let count = rows.iter().filter(moved).count();
    let is_seen = |row: &&NewJob| survey.sightings.contains_key(&ClusterKey::new(&row.project_id, &row.cluster_name));
    let unseen = fleet.len() - fleet.iter().filter(is_seen).count();
    let unseen = if unseen > 0 { format!("; {unseen} could not be seen") } else { String::new() };
    let Some(first) = rows.iter().find(moved) else {
        return Ok(format!("none of those that were seen is moved to another region or cloud{unseen}"));
    };
    let (project, cluster, moves) =
        (&first.project_id, &first.cluster_name, first.moves.as_deref().unwrap_or_default());
    let are = if count == 1 { "is" } else { "are" };
    Ok(format!(
        "{count} of them {are} MOVED to another region or cloud, which cannot be undone either, such as \
         {project}/{cluster} {moves}{unseen}"
    ))
}

/// The rows of the jobs that a run would look at first.
async fn not_begun(store: &Store, campaign_id: i64) -> Result<Vec<NewJob>, Failure> {
    let mut fleet = Vec::new();
    let states = vec![State::Pending, State::Ready];
    let mut pages = Pages::new(store, campaign_id, Filter { states, ..Filter::default() });
    while let Some(page) = pages.next().await? {
        fleet.extend(page.into_iter().map(|row| {
            let Job { row, project_id, cluster_name, wanted, .. } = row.job;
            NewJob { row, project_id, cluster_name, wanted, extra: Vec::new() }
        }));
    }
    Ok(fleet)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::cli::run::world;
    use crate::config;
    use crate::domain::job::Wanted;
    use crate::simulator::{Cluster, Settings, Simulator};
    use crate::store::{Open, Runner};

    const PROJECT: &str = "5f0000000000000000000000";

    #[tokio::test]
    async fn the_question_counts_the_clusters_that_would_be_moved() {
        let text = "operation = \"m0-to-flex\"\n[fleet]\ncsv = \"q4.csv\"\n[guard]\nallow_region_change = true\n";
        let config = config::parse(Path::new("q4.toml"), text.as_bytes(), &|_| None).unwrap();
        let home = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", home.path().join("jobs.db").display());
        let store = Store::open(&url, Open::CreateIfMissing).await.unwrap();
        let clock = Clock::start();
        let text = |text: &str| text.to_owned();
        let runner = Runner { id: text("r"), host: text("h"), version: text("0"), started_by: text("m") };
        let row = |(row, name): (i64, &str)| {
            let wanted = Wanted { provider: text("GCP"), region: text("WESTERN_EUROPE"), ..Wanted::default() };
            NewJob { row, project_id: text(PROJECT), cluster_name: text(name), wanted, extra: Vec::new() }
        };
        let mut loader = store.begin_load(&runner, "q4", "m0-to-flex", clock.now()).await.unwrap();
        loader.push(&[(2, "stays"), (3, "moves"), (4, "gone")].map(row)).await.unwrap();
        let campaign_id = loader.finish().await.unwrap().campaign_id;
        let clusters = vec![
            Cluster::shared(PROJECT, "stays", "GCP", "WESTERN_EUROPE", 1),
            Cluster::shared(PROJECT, "moves", "AWS", "EU_WEST_1", 1),
        ];
        let transport = world::transport(Simulator::new(clusters, Settings::default(), clock));
        let client = Client::new(transport, None, clock, config.request_timeout);
        let said = words(&config, &store, campaign_id, &client, clock).await.unwrap();
        assert_eq!(
            said,
            format!(
                "1 of them is MOVED to another region or cloud, which cannot be undone either, such as {PROJECT}/moves \
                 from AWS EU_WEST_1 to GCP WESTERN_EUROPE"
            )
        );
    }
}
