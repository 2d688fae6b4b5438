//! Names of columns: when two are the same, and what a fleet's own columns are called in reports.

use crate::domain::report_columns;

/// A name without case, spaces, `-` and `_`. Names are the same if these are.
pub fn normalized(name: &str) -> String {
    let kept = name.chars().filter(|letter| !letter.is_whitespace() && *letter != '-' && *letter != '_');
    kept.flat_map(char::to_lowercase).collect()
}

/// The key of a `tag:KEY` column, if the header is one.
pub(super) fn tag_key(header: &str) -> Option<&str> {
    let (before, key) = header.split_once(':')?;
    (normalized(before) == "tag").then(|| key.trim())
}

/// The name of a fleet's own column in reports: the header, unless a report has a column of that name.
pub(super) fn extra_name(header: &str, headers: &[String]) -> String {
    let is_taken = |name: &str| headers.iter().any(|other| normalized(other) == normalized(name));
    let mut name = header.to_owned();
    while is_report_column(&name) || (name != header && is_taken(&name)) {
        name.insert_str(0, "fleet_");
    }
    name
}

fn is_report_column(name: &str) -> bool {
    let name = normalized(name);
    report_columns::names().chain([report_columns::HISTORY]).any(|column| normalized(column) == name)
}
