//! The campaign file as a whole: every section, in the order of the documentation.

use std::path::Path;
use std::time::Duration;

use crate::config::document::Section;
use crate::config::{BASE_URL, Config, address, fleet, rehearsal};
use crate::domain::experience::Experience;
use crate::domain::operation::Operation;
use crate::domain::policy::Policy;
use crate::engine::Limits;
use crate::intake::{COLUMNS, suggest};

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads everything. `None` where something that cannot be left out is missing or wrong; then, and also if it
/// is there, the document knows what is wrong.
pub(super) fn read(root: &Section<'_, '_>, file: &Path, env: Env<'_>) -> Option<Config> {
    root.only(&["campaign", "operation", "fleet", "defaults", "atlas", "pace", "retry", "look", "guard", "rehearsal"]);
    let campaign = name(root, file);
    let operation = operation(root);
    let fleet = root.section("fleet");
    let source = fleet::source(&fleet, file, env);
    let columns = fleet::columns(&fleet);
    let defaults = fleet::defaults(&root.section("defaults"));
    let (address, request_timeout) = atlas(&root.section("atlas"), env);
    let pace = pace(&root.section("pace"));
    let mut policy = policy(&root.section("retry"), &root.section("look"));
    let guard = guard(&root.section("guard"));
    let (address, operation) = (address?, operation?);
    policy.loopback = address.loopback;
    policy.request_timeout = request_timeout;
    policy.allow_region_change = guard.allow_region_change;
    let mut config = Config {
        file: file.to_owned(),
        campaign: campaign?,
        operation,
        source: source?,
        columns,
        defaults,
        base_url: address.url,
        loopback: address.loopback,
        request_timeout,
        pace,
        policy,
        rehearsal: rehearsal::read(&root.section("rehearsal")),
        max_clusters: guard.max_clusters,
        warnings: Vec::new(),
    };
    config.warnings = warnings(&config);
    Some(config)
}

/// The campaign's name: letters, digits, `-`, `_` and `.`, since it also names a directory of reports.
fn name(root: &Section<'_, '_>, file: &Path) -> Option<String> {
    let said = if root.has("campaign") { Some(root.text("campaign")?) } else { None };
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let name = said.map_or(stem, str::to_owned);
    let begins = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    let goes_on = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if begins && goes_on && name.len() <= 64 {
        return Some(name);
    }
    let whose = if said.is_some() { "" } else { "is missing, and the file's own name cannot stand in for it: it " };
    let shown: String = name.chars().take(80).collect();
    let form = "must be letters, digits, -, _ and ., begin with a letter or digit, and be at most 64 long";
    root.blame("campaign", format!("{whose}{form} ({shown})"));
    None
}

fn operation(root: &Section<'_, '_>) -> Option<&'static Operation> {
    let known = || Operation::all().iter().map(|operation| operation.name);
    let all = known().collect::<Vec<_>>().join(", ");
    if !root.has("operation") {
        root.blame("operation", format!("is missing; it must be one of {all}"));
        return None;
    }
    let name = root.text("operation")?;
    let found = Operation::of_name(name);
    if found.is_none() {
        let shown: String = name.chars().take(80).collect();
        root.blame("operation", format!("must be one of {all}{} ({shown})", suggest::hint(name, known())));
    }
    found
}

fn atlas(atlas: &Section<'_, '_>, env: Env<'_>) -> (Option<address::Address>, Duration) {
    atlas.only(&["base_url", "request_timeout"]);
    let timeout = atlas.span("request_timeout", Duration::from_secs(30));
    let said = if atlas.has("base_url") { atlas.text("base_url") } else { Some("https://cloud.mongodb.com") };
    let in_file = said.and_then(|url| address::of_text(url).map_err(|what| atlas.blame("base_url", what)).ok());
    let overriding = env(BASE_URL).filter(|url| !url.trim().is_empty());
    let address = match overriding {
        None => in_file,
        Some(url) => address::of_text(&url).map_err(|what| atlas.blame_environment(BASE_URL, what)).ok(),
    };
    (address, timeout)
}

fn pace(pace: &Section<'_, '_>) -> Limits {
    pace.only(&["requests_per_minute", "max_in_flight", "max_in_flight_per_project", "workers"]);
    let usual = Limits::default();
    let count = |key, usual: usize| pace.count(key, usual as u32) as usize;
    Limits {
        requests_per_minute: pace.count("requests_per_minute", usual.requests_per_minute),
        in_flight: count("max_in_flight", usual.in_flight),
        in_flight_per_project: count("max_in_flight_per_project", usual.in_flight_per_project),
        workers: count("workers", usual.workers),
    }
}

struct Guard {
    max_clusters: Option<u64>,
    allow_region_change: bool,
}

fn guard(guard: &Section<'_, '_>) -> Guard {
    guard.only(&["max_clusters", "allow_region_change"]);
    Guard {
        max_clusters: guard.has("max_clusters").then(|| u64::from(guard.count("max_clusters", u32::MAX))),
        allow_region_change: guard.flag("allow_region_change"),
    }
}

fn policy(retry: &Section<'_, '_>, look: &Section<'_, '_>) -> Policy {
    retry.only(&["max_attempts", "initial_delay", "max_delay", "give_up_after"]);
    look.only(&["first", "min", "max", "settle", "give_up_after"]);
    let usual = Policy::default();
    let policy = Policy {
        max_attempts: i64::from(retry.count("max_attempts", usual.max_attempts as u32)),
        initial_delay: retry.span("initial_delay", usual.initial_delay),
        max_delay: retry.span("max_delay", usual.max_delay),
        give_up_after: retry.span("give_up_after", usual.give_up_after),
        first_look: look.span("first", usual.first_look),
        min_look: look.span("min", usual.min_look),
        max_look: look.span("max", usual.max_look),
        settle: look.span("settle", usual.settle),
        request_timeout: usual.request_timeout, // `[atlas]` says
        look_give_up_after: look.span("give_up_after", usual.look_give_up_after),
        allow_region_change: false,
        loopback: false,
        experience: Experience::default(),
    };
    if policy.initial_delay > policy.max_delay {
        retry.blame(blamed(retry, "initial_delay", "max_delay"), "initial_delay must not be above max_delay");
    }
    if policy.min_look > policy.max_look {
        look.blame(blamed(look, "min", "max"), "min must not be above max");
    }
    policy
}

/// The first of two keys that stands in the file.
fn blamed<'k>(section: &Section<'_, '_>, one: &'k str, other: &'k str) -> &'k str {
    if section.has(one) { one } else { other }
}

/// What is allowed but probably not meant.
fn warnings(config: &Config) -> Vec<String> {
    let file = config.file.display();
    let settle = config.policy.settle;
    let mut warnings = Vec::new();
    if settle < config.request_timeout {
        warnings.push(format!(
            "{file}: look.settle: {settle:?} is below atlas.request_timeout ({:?}): a request may land after it was \
             taken for lost, and be sent twice",
            config.request_timeout
        ));
    }
    if settle < Duration::from_mins(1) && !config.loopback {
        warnings.push(format!(
            "{file}: look.settle: {settle:?} is below 60s, which is too short for Atlas to show every effect"
        ));
    }
    let operation = config.operation;
    for column in COLUMNS {
        if !column.is_read_by(operation) && config.defaults.get(column).is_some() {
            let (column, name) = (column.name, operation.name);
            warnings.push(format!("{file}: defaults.{column}: {name} has no use for it"));
        }
    }
    warnings
}
