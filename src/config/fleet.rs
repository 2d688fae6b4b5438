//! `[fleet]` and `[defaults]`: where the rows come from and what stands in for empty cells.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::config::document::Section;
use crate::intake::{Column, Defaults, FleetSource, normalized, suggest};

/// Reads where the fleet is: exactly one of `csv`, `xlsx` and `sql`.
pub(super) fn source(
    fleet: &Section<'_, '_>,
    file: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Option<FleetSource> {
    fleet.only(&["csv", "xlsx", "sheet", "sql", "columns"]);
    let named: Vec<&str> = ["csv", "xlsx", "sql"].into_iter().filter(|key| fleet.has(key)).collect();
    match named.as_slice() {
        ["csv"] => csv(fleet, file),
        ["xlsx"] => {
            fleet.blame("xlsx", "xlsx comes in a later version; save the sheet as CSV");
            None
        }
        [_] => sql(&fleet.section("sql"), env),
        [] => {
            fleet.blame("csv", "the fleet must have one of csv, xlsx and sql");
            None
        }
        [_, second, ..] => {
            fleet.blame(second, format!("the fleet must have only one of {}", named.join(", ")));
            None
        }
    }
}

fn csv(fleet: &Section<'_, '_>, file: &Path) -> Option<FleetSource> {
    if fleet.has("sheet") {
        fleet.blame("sheet", "only an xlsx file has sheets");
    }
    match fleet.text("csv")? {
        "" => {
            fleet.blame("csv", "must name a file, or be - for standard input");
            None
        }
        "-" => Some(FleetSource::Csv(PathBuf::from("-"))),
        name => Some(FleetSource::Csv(file.parent().unwrap_or(Path::new("")).join(name))),
    }
}

fn sql(sql: &Section<'_, '_>, env: &dyn Fn(&str) -> Option<String>) -> Option<FleetSource> {
    sql.only(&["url", "query"]);
    for key in ["url", "query"] {
        if !sql.has(key) {
            sql.blame(key, "is missing; write sql = { url = \"env:NAME\", query = \"select ...\" }");
        }
    }
    let (url, query) = (sql.text("url"), sql.text("query"));
    let url = url.and_then(|url| database_url(sql, url, env));
    if query.is_some_and(|query| query.trim().is_empty()) {
        sql.blame("query", "must not be empty");
    }
    Some(FleetSource::Sql { url: url?, query: query?.to_owned() })
}

/// The URL itself, or the value of the variable that it names. No message shows it.
fn database_url(sql: &Section<'_, '_>, url: &str, env: &dyn Fn(&str) -> Option<String>) -> Option<SecretString> {
    let url = match url.strip_prefix("env:") {
        None => url.to_owned(),
        Some(name) => {
            let value = env(name).filter(|value| !value.trim().is_empty());
            if value.is_none() {
                sql.blame_environment(name, format!("is not set, and {} names it", sql.place_of("url")));
            }
            value?
        }
    };
    if !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        sql.blame("url", "must begin with sqlite: or postgres://");
    }
    Some(SecretString::from(url))
}

/// Reads `[fleet] columns`: our name of a column, and the header that it has.
pub(super) fn columns(fleet: &Section<'_, '_>) -> BTreeMap<String, String> {
    let section = fleet.section("columns");
    let mut columns: BTreeMap<String, String> = BTreeMap::new();
    for (ours, _) in section.entries() {
        if Column::named(ours).is_none() {
            let hint = suggest::hint(ours, Column::names());
            section.blame(ours, format!("there is no such column{hint}"));
            continue;
        }
        let Some(theirs) = section.text(ours) else { continue };
        let twice = columns.iter().find(|(_, other)| normalized(other) == normalized(theirs));
        if theirs.trim().is_empty() {
            section.blame(ours, "must be the header of a column");
        } else if let Some((other, _)) = twice {
            section.blame(ours, format!("has the same header as {other} ({theirs})"));
        }
        columns.insert(ours.to_owned(), theirs.to_owned());
    }
    columns
}

/// Reads `[defaults]`, by the rules for cells.
pub(super) fn defaults(section: &Section<'_, '_>) -> Defaults {
    let text = |(key, _): (&str, _)| Some((key.to_owned(), section.plain(key)?));
    Defaults::new(section.entries().filter_map(text).collect()).unwrap_or_else(|problems| {
        for (key, what) in problems {
            section.blame(&key, what);
        }
        Defaults::default()
    })
}
