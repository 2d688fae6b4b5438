//! The one place that reads the environment.

/// The value of a variable; nothing if it is unset, empty, or no text.
#[expect(clippy::disallowed_methods, reason = "the one home of the environment")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
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
