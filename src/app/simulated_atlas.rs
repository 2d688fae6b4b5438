//! An Atlas in this process, instead of the real one: its clusters are made of a fleet, or of the job table.

use std::sync::Arc;

use futures_util::FutureExt;

use crate::app::AppError;
use crate::atlas::Transport;
use crate::clock::Clock;
use crate::domain::job::{State, Wanted};
use crate::domain::operation::{Api, FLEX, Operation, SERVERLESS};
use crate::simulator::{Cluster, ClusterKind, Settings, Simulator, Stage, UpgradePath};
use crate::store::{Filter, Pages, Row, Store};

/// What an operation upgrades from and to, told by the APIs that it reads.
pub fn upgrade_path(operation: &Operation) -> UpgradePath {
    let kind = |api: Api, of_clusters| match api {
        SERVERLESS => ClusterKind::Serverless,
        FLEX => ClusterKind::Flex,
        _ => of_clusters,
    };
    UpgradePath {
        source: kind(operation.source, ClusterKind::Shared),
        target: kind(operation.target, ClusterKind::Dedicated),
    }
}

/// The columns of a fleet that put its clusters elsewhere than their rows ask for: a simulation alone reads them.
const PROVIDER: &str = "simulated_provider";
const REGION: &str = "simulated_region";

/// The cloud and the region that a simulated cluster is in before it is upgraded: those that its row asks for, unless the
/// fleet's own columns say otherwise.
pub fn place(wanted: &Wanted, extra: &[(String, String)]) -> (String, String) {
    let said = |column: &str| {
        let cell = extra.iter().find(|(name, _)| name.eq_ignore_ascii_case(column)).map(|(_, cell)| cell.trim());
        cell.filter(|cell| !cell.is_empty())
    };
    let provider = said(PROVIDER).map_or_else(|| wanted.provider.clone(), str::to_ascii_uppercase);
    (provider, said(REGION).unwrap_or(&wanted.region).to_owned())
}

/// A simulated Atlas that knows every cluster of the campaign, as far as each has come.
pub(super) async fn of_campaign(
    store: &Store,
    campaign_id: i64,
    path: UpgradePath,
    settings: Settings,
    clock: Clock,
) -> Result<Simulator, AppError> {
    let mut clusters = Vec::new();
    let mut pages = Pages::new(store, campaign_id, Filter::default());
    while let Some(page) = pages.next().await? {
        clusters.extend(page.iter().map(|row| cluster(row, path, settings.seed)));
    }
    Ok(Simulator::new(clusters, settings, clock))
}

/// Sends requests to it instead of to a host.
pub(super) fn transport(simulator: Simulator) -> Transport {
    Transport::in_process(Arc::new(move |request| {
        let simulator = simulator.clone();
        async move { simulator.answer(request).await.ok() }.boxed()
    }))
}

fn cluster(Row { job, extra, .. }: &Row, path: UpgradePath, seed: u64) -> Cluster {
    let wanted = &job.wanted;
    let (provider, region) = place(wanted, extra);
    let mut cluster = Cluster::shared(&job.project_id, &job.cluster_name, &provider, &region, seed);
    cluster.tags.clone_from(&wanted.tags);
    cluster.backup = wanted.continuous_backup;
    cluster.termination_protection = wanted.termination_protection.unwrap_or(false);
    if let Some(size) = &wanted.instance_size {
        cluster.size.clone_from(size);
    }
    if let Some(source) = &job.source {
        cluster.id.clone_from(&source.id);
    }
    // Of a request that was on the wire when the world ended, nobody knows: say that every second one landed.
    let landed = job.id % 2 == 0;
    let stage = match job.state {
        State::Upgrading => job.request.accepted_at.map(|since| Stage::Upgrading { since, path }),
        State::Submitting | State::Verifying if landed => {
            job.request.sent_at.map(|since| Stage::Upgrading { since, path })
        }
        State::Succeeded | State::Skipped => Some(path.target_stage()),
        _ => None,
    };
    if stage == Some(path.target_stage())
        && let Some(target) = &job.target
    {
        cluster.id.clone_from(&target.id);
    }
    if stage.is_some() {
        // The request that is gone with the world has moved it.
        cluster.provider.clone_from(&wanted.provider);
        cluster.region.clone_from(&wanted.region);
    }
    cluster.at(stage.unwrap_or(path.source_stage()))
}

#[test]
fn a_simulated_cluster_is_where_its_row_says_unless_a_column_says_otherwise() {
    let wanted = Wanted { provider: "AWS".into(), region: "US_EAST_1".into(), ..Wanted::default() };
    let column = |name: &str, cell: &str| (name.to_owned(), cell.to_owned());
    let place = |extra: &[(String, String)]| place(&wanted, extra);
    assert_eq!(place(&[column("owner", "mara"), column(REGION, " ")]), ("AWS".to_owned(), "US_EAST_1".to_owned()));
    let elsewhere = [column("Simulated_Provider", "gcp"), column(REGION, "WESTERN_EUROPE")];
    assert_eq!(place(&elsewhere), ("GCP".to_owned(), "WESTERN_EUROPE".to_owned()));
}
