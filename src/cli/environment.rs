//! The one place that reads the environment, and that knows on which machine and for whom this process runs.

use std::env::current_dir;
use std::path::{self, Path};

use crate::clock::Millis;
use crate::config;
use crate::redaction::Redactor;
use crate::store::Runner;

/// The value of a variable; nothing if it is unset, empty, or no text.
#[expect(clippy::disallowed_methods, reason = "the one home of the environment")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Knows every secret that the environment holds, used or not: credentials, and the passwords of databases and proxies.
pub(super) fn redactor() -> Redactor {
    let redactor = Redactor::default();
    config::SECRETS.iter().filter_map(|name| variable(name)).for_each(|secret| redactor.hide(secret.trim()));
    let proxies = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"].map(str::to_owned);
    let lower = proxies.clone().map(|name| name.to_ascii_lowercase());
    let urls = proxies.iter().chain(&lower).map(String::as_str).chain(["DATABASE_URL"]);
    urls.filter_map(variable).for_each(|url| redactor.hide_url(&url));
    redactor
}

/// This process as histories name it, new at every start.
pub(super) fn runner(now: Millis) -> Runner {
    let host = host();
    let id = format!("{host}:{}:{}", std::process::id(), now.0);
    Runner { id, host, version: env!("CARGO_PKG_VERSION").to_owned(), started_by: user() }
}

/// The user who started this process; whoever did so by way of sudo is named too.
fn user() -> String {
    let user = whoami::username().unwrap_or_else(|_| "unknown".to_owned());
    match variable("SUDO_USER") {
        Some(person) if person != user => format!("{person} as {user}"),
        _ => user,
    }
}

/// The name of this machine, for locks and histories.
pub(super) fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|name| name.trim().to_owned())
        .or_else(|| variable("HOSTNAME"))
        .or_else(|| variable("COMPUTERNAME"))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this host".to_owned())
}

/// A path that means the same in every directory, if it is text.
pub(super) fn absolute(path: &Path) -> Option<String> {
    path::absolute(path).ok()?.into_os_string().into_string().ok()
}

/// A path as it is best named here: from the working directory, if the file is in it or below.
pub(super) fn relative(path: &Path) -> &Path {
    current_dir().ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path)
}
