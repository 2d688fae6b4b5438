//! Which clusters a run would move to another region or cloud, looked up before anything is sent.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app::AppError;
use crate::app::run::prepare::Prepared;
use crate::atlas::Client;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::cluster_name::ClusterKey;
use crate::domain::job::{Job, State};
use crate::planning::{self, Row};
use crate::store::{Filter, NewJob, Pages, Store};

/// How long the looking may take in all.
const WITHIN: Duration = Duration::from_mins(1);

/// Where the clusters are that have not begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionMoves {
    /// How many were seen.
    pub seen: usize,
    /// How many could not be seen in time.
    pub unseen: usize,
    /// Those that would be moved. One that is busy or paused now may be moved later.
    pub moved: Vec<Row>,
}

impl Prepared {
    /// The rows that the run would look at first.
    pub async fn not_begun(&self) -> Result<Vec<NewJob>, AppError> {
        not_begun(&self.store, self.fleet.campaign_id).await
    }

    /// Looks at these clusters, for a minute at most.
    pub async fn look_for_moves(&self, fleet: &[NewJob]) -> RegionMoves {
        look(&self.config, fleet, &self.client, self.clock).await
    }
}

async fn look(config: &Config, fleet: &[NewJob], client: &Client, clock: Clock) -> RegionMoves {
    let pace = (config.pace.requests_per_minute, config.pace.workers);
    let survey = planning::sightings(client, clock, config.operation, pace, fleet, WITHIN).await;
    let rows = planning::judge(config.operation, fleet, &survey, &BTreeMap::new(), (&config.policy, clock.now()));
    let moved: Vec<Row> = rows.into_iter().filter(|row| row.moves.is_some()).collect();
    let is_seen = |row: &&NewJob| survey.sightings.contains_key(&ClusterKey::new(&row.project_id, &row.cluster_name));
    let seen = fleet.iter().filter(is_seen).count();
    RegionMoves { seen, unseen: fleet.len().saturating_sub(seen), moved }
}

/// The rows of the jobs that a run would look at first.
async fn not_begun(store: &Store, campaign_id: i64) -> Result<Vec<NewJob>, AppError> {
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
    use std::sync::Arc;

    use futures_util::FutureExt;

    use super::*;
    use crate::app::simulated_atlas;
    use crate::atlas::Transport;
    use crate::clock::Millis;
    use crate::config;
    use crate::domain::event::Event;
    use crate::domain::job::Wanted;
    use crate::domain::machine::decide;
    use crate::simulator::{Cluster, Settings, Simulator};
    use crate::store::{Change, Open, Runner};

    const PROJECT: &str = "5f0000000000000000000000";
    const START: Millis = Millis(1_800_000_000_000);

    fn config() -> Config {
        let text = "operation = \"m0-to-flex\"\n[fleet]\ncsv = \"q4.csv\"\n[guard]\nallow_region_change = true\n";
        config::parse(Path::new("q4.toml"), text.as_bytes(), &|_| None).unwrap()
    }

    fn row(number: i64, project_id: &str, cluster_name: &str) -> NewJob {
        let wanted = Wanted { provider: "GCP".into(), region: "WESTERN_EUROPE".into(), ..Wanted::default() };
        NewJob {
            row: number,
            project_id: project_id.into(),
            cluster_name: cluster_name.into(),
            wanted,
            extra: Vec::new(),
        }
    }

    fn atlas(clusters: Vec<Cluster>, settings: Settings, clock: Clock) -> Client {
        let transport = simulated_atlas::transport(Simulator::new(clusters, settings, clock));
        Client::new(transport, None, clock, config().request_timeout)
    }

    #[tokio::test]
    async fn only_what_has_not_begun_is_looked_at() {
        let home = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", home.path().join("jobs.db").display());
        let store = Store::open(&url, Open::CreateIfMissing).await.unwrap();
        let now = Clock::start().now();
        let text = |text: &str| text.to_owned();
        let runner = Runner { id: text("r"), host: text("h"), version: text("0"), started_by: text("m") };
        let mut loader = store.begin_load(&runner, "q4", "m0-to-flex", now).await.unwrap();
        loader.push(&[row(2, PROJECT, "stays"), row(3, PROJECT, "ended")]).await.unwrap();
        let campaign_id = loader.finish().await.unwrap().campaign_id;
        let job = store.job(campaign_id, PROJECT, "ended").await.unwrap().unwrap();
        let ended = decide(&job, &Event::LeftFleet, now, &config().policy, 0);
        assert_eq!(store.record(&runner, &[Change::new(ended.job, ended.entry, now)]).await.unwrap(), [true]);
        let fleet = not_begun(&store, campaign_id).await.unwrap();
        assert_eq!(fleet.iter().map(|row| &*row.cluster_name).collect::<Vec<_>>(), ["stays"]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_clusters_that_would_be_moved_are_counted_and_named() {
        let clock = Clock::starting_at(START);
        let mut clusters = vec![Cluster::shared(PROJECT, "stays", "GCP", "WESTERN_EUROPE", 1)];
        let mut fleet = vec![row(2, PROJECT, "stays"), row(3, PROJECT, "gone")];
        let seen = async |clusters: &[Cluster], fleet: &[NewJob]| {
            let client = atlas(clusters.to_vec(), Settings::default(), clock);
            look(&config(), fleet, &client, clock).await
        };
        assert_eq!(seen(&clusters, &fleet).await, RegionMoves { seen: 2, unseen: 0, moved: Vec::new() });
        for number in 4..26 {
            let name = format!("moves-{number}");
            clusters.push(Cluster::shared(PROJECT, &name, "AWS", "EU_WEST_1", 1));
            fleet.push(row(number, PROJECT, &name));
        }
        let moves = seen(&clusters, &fleet).await;
        assert_eq!((moves.seen, moves.unseen, moves.moved.len()), (24, 0, 22));
        let first = &moves.moved[0];
        assert_eq!((&*first.cluster_name, first.row), ("moves-4", 4));
        assert_eq!(first.moves.as_deref(), Some("from AWS EU_WEST_1 to GCP WESTERN_EUROPE"));
    }

    #[tokio::test(start_paused = true)]
    async fn looking_for_moves_ends_after_a_minute_and_says_what_was_not_seen() {
        let clock = Clock::starting_at(START);
        let other = "5f0000000000000000000001";
        let fleet = [row(2, PROJECT, "moves"), row(3, other, "slow"), row(4, other, "slower")];
        let moves = Cluster::shared(PROJECT, "moves", "AWS", "EU_WEST_1", 1);
        let simulator = Simulator::new(vec![moves], Settings::default(), clock);
        let transport = Transport::in_process(Arc::new(move |request| {
            let simulator = simulator.clone();
            async move {
                if request.uri().path().contains(other) {
                    return std::future::pending().await;
                }
                simulator.answer(request).await.ok()
            }
            .boxed()
        }));
        // Each read may take longer than somebody is ready to wait in all.
        let client = Client::new(transport, None, clock, Duration::from_hours(1));
        let moves = look(&config(), &fleet, &client, clock).await;
        assert_eq!(clock.now().since(START), WITHIN);
        assert_eq!((moves.seen, moves.unseen, moves.moved.len()), (1, 2, 1));
    }
}
