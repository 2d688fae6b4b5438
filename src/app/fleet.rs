//! The fleet of a campaign file: read from its source, validated and counted.

use tokio::sync::mpsc;

use crate::app::AppError;
use crate::config::Config;
use crate::intake::{self, FleetRow, ReadOptions};
use crate::plural;
use crate::store::NewJob;

/// Streams the fleet's rows, a chunk at a time; returns how many there were. More than `guard.max_clusters` are refused.
/// What `work` has done when a row turns out to be bad must be undone by it.
pub async fn each_chunk(
    config: &Config,
    mut work: impl AsyncFnMut(Vec<FleetRow>) -> Result<(), AppError>,
) -> Result<u64, AppError> {
    let options = config.read_options();
    let (sink, mut rows) = mpsc::channel(4);
    // The receiver moves into its block: a failure there drops it, and a reader that is still at it stops.
    let working = async move {
        while let Some(chunk) = rows.recv().await {
            work(chunk).await?;
        }
        Ok::<(), AppError>(())
    };
    let (read, worked) = tokio::join!(intake::read(&config.source, &options, sink), working);
    worked?;
    let clusters = read?;
    match config.max_clusters {
        Some(most) if clusters > most => Err(AppError::refused(format!(
            "the fleet has {}, and guard.max_clusters of {} is {most}: nothing was started; if the fleet \
             is what you mean, raise it",
            plural::count(clusters, "cluster"),
            config.file.display()
        ))),
        _ => Ok(clusters),
    }
}

/// All rows of the fleet, as the job table takes them.
pub async fn read(config: &Config) -> Result<Vec<NewJob>, AppError> {
    let mut fleet = Vec::new();
    each_chunk(config, async |rows| {
        fleet.extend(rows.into_iter().map(new_job));
        Ok(())
    })
    .await?;
    Ok(fleet)
}

/// What the fleet is read from, as a digest. A file that cannot be read has none: reading it will say why.
pub(super) async fn fingerprint(config: &Config) -> Option<[u8; 32]> {
    let (source, operation) = (config.source.clone(), config.operation);
    let (defaults, columns) = (config.defaults.clone(), config.columns.clone());
    let compute = move || {
        intake::fingerprint(&source, &ReadOptions { operation, defaults: &defaults, columns: &columns }).ok().flatten()
    };
    tokio::task::spawn_blocking(compute).await.ok().flatten()
}

/// A row as the job table takes it.
pub(super) fn new_job(row: FleetRow) -> NewJob {
    let FleetRow { row, project_id, cluster_name, wanted, extra } = row;
    NewJob { row, project_id, cluster_name, wanted, extra }
}
