//! `--simulate`: an Atlas in this process, its world rebuilt from the job table.

use std::sync::Arc;

use futures_util::FutureExt;

use crate::atlas::Transport;
use crate::cli::exit::Failure;
use crate::cli::made_up;
use crate::clock::Clock;
use crate::domain::job::State;
use crate::simulator::{Cluster, Settings, Simulator, Stage, UpgradePath};
use crate::store::{Filter, Pages, Row, Store};

/// A simulated Atlas that knows every cluster of the campaign, as far as each has come.
pub(in crate::cli) async fn simulator(
    store: &Store,
    campaign_id: i64,
    path: UpgradePath,
    settings: Settings,
    clock: Clock,
) -> Result<Simulator, Failure> {
    let mut clusters = Vec::new();
    let mut pages = Pages::new(store, campaign_id, Filter::default());
    while let Some(page) = pages.next().await? {
        clusters.extend(page.iter().map(|row| cluster(row, path, settings.seed)));
    }
    Ok(Simulator::new(clusters, settings, clock))
}

/// The way to it.
pub(in crate::cli) fn transport(simulator: Simulator) -> Transport {
    Transport::in_process(Arc::new(move |request| {
        let simulator = simulator.clone();
        async move { simulator.answer(request).await.ok() }.boxed()
    }))
}

fn cluster(Row { job, extra, .. }: &Row, path: UpgradePath, seed: u64) -> Cluster {
    let wanted = &job.wanted;
    let (provider, region) = made_up::place(wanted, extra);
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
        State::Upgrading => job.accepted_at.map(|since| Stage::Upgrading { since, path }),
        State::Submitting | State::Verifying if landed => job.sent_at.map(|since| Stage::Upgrading { since, path }),
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
