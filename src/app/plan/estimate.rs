//! How much it takes: a rehearsal of what is eligible, at the limits that Atlas states.

use crate::app::rehearse::{Rehearsal, expected_durations, rehearse};
use crate::app::{AppError, Notices};
use crate::atlas::EndpointSet;
use crate::config::Config;
use crate::domain::operation::Operation;
use crate::engine;
use crate::planning::{Estimate, Row, Verdict};
use crate::simulator::{Bucket, Settings};
use crate::store::NewJob;

/// Rehearses the eligible rows; nothing if there are none.
pub(super) async fn of(
    config: &Config,
    fleet: &[NewJob],
    rows: &[Row],
    limits: &[EndpointSet],
    notices: &Notices,
) -> Result<Option<Estimate>, AppError> {
    let eligible = fleet.iter().zip(rows).filter(|(_, row)| row.verdict == Verdict::Eligible);
    // Where their clusters are, the plan has seen: no column has to say it.
    let fleet: Vec<NewJob> = eligible.map(|(new, _)| NewJob { extra: Vec::new(), ..new.clone() }).collect();
    if fleet.is_empty() {
        return Ok(None);
    }
    let settings = Settings {
        durations: expected_durations(config),
        limit: config.rehearsal.limit.or_else(|| stated(limits, config.operation)),
        ..Settings::default()
    };
    let played = rehearse(Rehearsal::new(config, settings, fleet, None), notices).await?;
    if played.unended() {
        return Err(AppError::internal("the rehearsal came to no end: `drydock rehearse` shows why"));
    }
    Ok(Some(Estimate {
        upgrade_seconds: expected_durations(config).median().as_secs(),
        requests: played.served.requests,
        duration_seconds: played.took().as_secs(),
        peak_in_flight: played.peak(),
    }))
}

/// The bucket of the upgrade requests.
fn stated(limits: &[EndpointSet], operation: &Operation) -> Option<Bucket> {
    let sends = |(sets, _): &(Vec<&str>, Bucket)| sets.contains(&operation.endpoints());
    engine::stated(limits, operation).into_iter().find(sends).map(|(_, bucket)| bucket)
}
