//! How much it takes: a rehearsal of what is eligible, at the limits that Atlas states.

use std::time::Duration;

use crate::atlas::EndpointSet;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::rehearse::{self, Play};
use crate::config::Config;
use crate::planning::{Estimate, Row, Verdict};
use crate::simulator::{Bucket, Settings};
use crate::store::NewJob;

/// Rehearses the eligible rows; nothing if there are none.
pub(super) async fn of(
    config: &Config,
    fleet: &[NewJob],
    rows: &[Row],
    limits: &[EndpointSet],
    context: &Context,
) -> Result<Option<Estimate>, Failure> {
    let eligible = fleet.iter().zip(rows).filter(|(_, row)| row.verdict == Verdict::Eligible);
    let fleet: Vec<NewJob> = eligible.map(|(new, _)| new.clone()).collect();
    if fleet.is_empty() {
        return Ok(None);
    }
    let settings = Settings {
        durations: rehearse::expected(config),
        limit: config.rehearsal.limit.or_else(|| stated(limits)),
        ..Settings::default()
    };
    let home = rehearse::home()?;
    let start = context.clock.now();
    let play = Play { config: config.clone(), settings, fleet, folder: None, start };
    let played = rehearse::play(play, home.path()).await?;
    Ok(Some(Estimate {
        requests: played.served.requests,
        duration_seconds: played.end.since(start).as_secs(),
        peak_in_flight: played.peak(),
    }))
}

/// The bucket of the cluster endpoints.
fn stated(limits: &[EndpointSet]) -> Option<Bucket> {
    let clusters = |set: &&EndpointSet| {
        let cluster = |path: &str| path.ends_with("/clusters/tenantUpgrade") || path.ends_with("/clusters");
        set.scope == "GROUP" && set.endpoints.iter().any(|endpoint| cluster(&endpoint.path))
    };
    let set = limits.iter().find(clusters)?;
    let per = Duration::from_secs(set.refill_duration_seconds.value.max(1));
    Some(Bucket { capacity: set.capacity.value.max(1), refill: set.refill_rate.value.max(1), per })
}
