//! `drydock simulate`: a simulated Atlas on loopback, for a run of another process.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::app::AppError;
use crate::app::simulated_atlas::{place, upgrade_path};
use crate::atlas::Credentials;
use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::environment;
use crate::cli::exit::ExitCode;
use crate::cli::terminal::Out;
use crate::config;
use crate::domain::operation::Operation;
use crate::intake::{self, Defaults, FleetRow, FleetSource, ReadOptions, suggest};
use crate::simulator::{Bucket, Cluster, Durations, Faults, Ledger, Refusals, Settings, SignIn, Simulator};

/// Serves until it is told to stop.
pub(super) async fn run(args: args::Simulate, context: &Context) -> Result<ExitCode, AppError> {
    if !args.listen.ip().is_loopback() {
        let why = "a simulation listens on this machine alone, such as on 127.0.0.1:0";
        return Err(AppError::refused(format!("--listen: {why} ({})", args.listen)));
    }
    let settings = settings(&args)?;
    let Some(fleet) = &args.fleet else {
        return Err(AppError::refused("a world without clusters is no use: name them with --fleet FILE.csv"));
    };
    let clusters = clusters(fleet, operation(&args.operation)?, args.seed).await?;
    // Before anybody is told the address: a signal that follows at once must find us listening to it.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let taken = |error| AppError::refused(format!("--listen: cannot listen on {}: {error}", args.listen));
    let listener = TcpListener::bind(args.listen).await.map_err(taken)?;
    let mut out = Out::new();
    out.line(&format!("listening http://{}", listener.local_addr()?))?;
    out.done()?;
    let simulator = Simulator::new(clusters, settings, context.clock);
    simulator.clone().serve(listener, stop).await?;
    context.say(&words(&simulator.ledger()));
    Ok(ExitCode::SUCCESS)
}

fn settings(args: &args::Simulate) -> Result<Settings, AppError> {
    let mut faults = Faults::default();
    for word in &args.fault {
        fault(word, &mut faults)?;
    }
    let mut refusals = Refusals::default();
    for word in &args.bar {
        bar(word, &mut refusals)?;
    }
    let limit = args.limit.as_deref().map(limit).transpose()?;
    let (seed, organisations, sign_in) = (args.seed, args.organisations, sign_in()?);
    let durations = durations(args)?;
    Ok(Settings { seed, durations, faults, refusals, organisations, sign_in, limit, ..Settings::default() })
}

fn durations(args: &args::Simulate) -> Result<Durations, AppError> {
    if let Some(median) = &args.median {
        let (median, spread) = (span("--median", median)?, args.spread);
        if !(1.0..=100.0).contains(&spread) {
            return Err(AppError::refused(format!("--spread: must be a factor, from 1 to 100 ({spread})")));
        }
        return Ok(Durations::Around { median, spread });
    }
    let (shortest, longest) = (span("--shortest", &args.shortest)?, span("--longest", &args.longest)?);
    if longest < shortest {
        let (short, long) = (&args.shortest, &args.longest);
        return Err(AppError::refused(format!("--longest ({long}) must not be less than --shortest ({short})")));
    }
    Ok(Durations::Between(shortest, longest))
}

/// A token bucket per project.
pub(super) fn limit(text: &str) -> Result<Bucket, AppError> {
    config::bucket(text).map_err(|what| AppError::refused(format!("--limit: {what}")))
}

/// The span of time of an option.
pub(super) fn span(option: &str, text: &str) -> Result<Duration, AppError> {
    config::duration(text).map_err(|what| AppError::refused(format!("{option}: {what}")))
}

/// A fault and its probability.
pub(super) fn fault(word: &str, faults: &mut Faults) -> Result<(), AppError> {
    let wrong = |what: String| Err(AppError::refused(format!("--fault: {what} ({word})")));
    let Some((name, p)) = word.split_once('=') else {
        return wrong("must be a name and a probability, as in conflict=0.05".to_owned());
    };
    if !Faults::NAMES.contains(&name.replace('-', "_").as_str()) {
        let (hint, all) = (suggest::hint(name, Faults::NAMES.iter().copied()), Faults::NAMES.join(", "));
        return wrong(format!("there is no fault {name:?}{hint}; there are {all}"));
    }
    match p.parse() {
        Ok(p) if faults.set(name, p) => Ok(()),
        _ => wrong("a probability is a number from 0 to 1".to_owned()),
    }
}

fn bar(word: &str, refusals: &mut Refusals) -> Result<(), AppError> {
    if word.split_once('=').is_some_and(|(project, code)| refusals.set(&project.to_ascii_lowercase(), code)) {
        return Ok(());
    }
    let codes = Refusals::codes().collect::<Vec<_>>().join(", ");
    Err(AppError::refused(format!("--bar: must be a project (or *) and one of {codes}, as in ID=CODE ({word})")))
}

/// Who may come in: whoever has the credentials of our own environment, or anyone if there are none.
fn sign_in() -> Result<SignIn, AppError> {
    Ok(match config::credentials(&environment::variable)? {
        None => SignIn::Anyone,
        Some(Credentials::Bearer(token)) => SignIn::Bearer(token.expose_secret().to_owned()),
        Some(Credentials::ServiceAccount { client_id, client_secret }) => {
            SignIn::ServiceAccount { id: client_id, secret: client_secret.expose_secret().to_owned() }
        }
        Some(Credentials::Digest { public_key, private_key }) => {
            SignIn::Digest { public: public_key, private: private_key.expose_secret().to_owned() }
        }
    })
}

fn operation(name: &str) -> Result<&'static Operation, AppError> {
    Operation::of_name(name).ok_or_else(|| {
        let all: Vec<&str> = Operation::all().iter().map(|operation| operation.name).collect();
        let hint = suggest::hint(name, all.iter().copied());
        AppError::refused(format!("--operation: must be one of {}{hint} ({name})", all.join(", ")))
    })
}

/// A cluster for each row of the fleet, of the kind that the operation starts from, where its row says. Of one whose row
/// leaves that to the campaign file, which is not at hand, a read does not show where it is.
async fn clusters(path: &Path, operation: &'static Operation, seed: u64) -> Result<Vec<Cluster>, AppError> {
    let source = upgrade_path(operation).source_stage();
    let (fleet, again) = (rows(path, operation, "AWS", "US_EAST_1").await?, rows(path, operation, "GCP", "X").await?);
    // What changes with the stand-in is not what the row says.
    let cluster = |(row, again): (FleetRow, FleetRow)| {
        let said = |one: &str, other: &str| if one == other { one.to_owned() } else { String::new() };
        let (one, other) = (place(&row.wanted, &row.extra), place(&again.wanted, &again.extra));
        let (provider, region) = (said(&one.0, &other.0), said(&one.1, &other.1));
        Cluster::shared(&row.project_id, &row.cluster_name, &provider, &region, seed).at(source)
    };
    Ok(fleet.into_iter().zip(again).map(cluster).collect())
}

/// The rows of a fleet; where it does not say so itself, for this cloud and region.
async fn rows(
    path: &Path,
    operation: &'static Operation,
    provider: &str,
    region: &str,
) -> Result<Vec<FleetRow>, AppError> {
    let stand_in = [("provider", provider), ("region", region), ("instance_size", "M10")];
    let stand_in = stand_in.map(|(column, text)| (column.to_owned(), text.to_owned()));
    let defaults = Defaults::new(BTreeMap::from(stand_in)).map_err(|what| AppError::internal(format!("{what:?}")))?;
    let options = ReadOptions { operation, defaults: &defaults, columns: &BTreeMap::new() };
    let fleet = FleetSource::Csv(path.to_owned());
    let (sink, mut chunks) = mpsc::channel::<Vec<FleetRow>>(4);
    let collect = async {
        let mut all = Vec::new();
        while let Some(rows) = chunks.recv().await {
            all.extend(rows);
        }
        all
    };
    let (read, all) = tokio::join!(intake::read(&fleet, &options, sink), collect);
    read?;
    Ok(all)
}

/// The books in one line.
fn words(ledger: &Ledger) -> String {
    let effects: u32 = ledger.entries.values().map(|account| account.effects).sum();
    let again: u32 = ledger.entries.values().map(|account| account.after_effect).sum();
    format!(
        "served {} requests: {} for upgrades, of which {effects} took effect; asked again after an effect: {again}; \
         rules broken: {}",
        ledger.requests,
        ledger.upgrade_requests,
        ledger.broken_rules.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_a_known_name_and_a_probability() {
        let mut faults = Faults::default();
        assert!(fault("drop-after=0.5", &mut faults).is_ok() && faults.drop_after > 0.0);
        assert!(["drop", "drop=0.1", "stale=2", "stale=x"].iter().all(|word| fault(word, &mut faults).is_err()));
    }
}
