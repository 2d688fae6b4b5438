//! What can go wrong, and how often.

use std::time::Duration;

/// The probability of each fault, from 0.0 (never, the default) to 1.0 (every time).
///
/// Each is rolled for each request by itself, but for `refuse`, which is a property of a cluster, and `roll_back`,
/// which is one of an upgrade.
#[derive(Debug, Clone)]
pub struct Faults {
    /// An upgrade request answers 409 with a code that no documentation lists, and has no effect.
    pub conflict: f64,
    /// 429 with `Retry-After: 1`, although the bucket is not empty.
    pub throttle: f64,
    /// A write answers 405 `WRITES_NOT_ALLOWED_DURING_APP_UPGRADES`.
    pub maintenance: f64,
    /// 500, and nothing was done.
    pub error_before: f64,
    /// 500, and it was done all the same.
    pub error_after: f64,
    /// 503, and nothing was done.
    pub unavailable: f64,
    /// 302 to a path that nobody should go to.
    pub redirect: f64,
    /// The connection is lost before the request is acted upon.
    pub drop_before: f64,
    /// The connection is lost after the request was acted upon.
    pub drop_after: f64,
    /// The answer to an upgrade request never comes; every second one takes effect.
    pub silent: f64,
    /// An accepted upgrade fails later: the old cluster is UPDATING and then IDLE again, the same as before.
    pub roll_back: f64,
    /// A list shows nothing, as it does to a key that has lost its role.
    pub empty_list: f64,
    /// A read soon after an accepted upgrade shows the old cluster IDLE, as if nothing had happened.
    pub stale: f64,
    /// How long after an upgrade was accepted a read can be stale. No probability.
    pub stale_for: Duration,
    /// A cluster whose upgrade is refused with a permanent code, every time.
    pub refuse: f64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            conflict: 0.0,
            throttle: 0.0,
            maintenance: 0.0,
            error_before: 0.0,
            error_after: 0.0,
            unavailable: 0.0,
            redirect: 0.0,
            drop_before: 0.0,
            drop_after: 0.0,
            silent: 0.0,
            roll_back: 0.0,
            empty_list: 0.0,
            stale: 0.0,
            stale_for: Duration::from_secs(2),
            refuse: 0.0,
        }
    }
}

impl Faults {
    /// The names that [`Faults::set`] knows.
    pub const NAMES: &[&str] = &[
        "conflict",
        "throttle",
        "maintenance",
        "error_before",
        "error_after",
        "unavailable",
        "redirect",
        "drop_before",
        "drop_after",
        "silent",
        "roll_back",
        "empty_list",
        "stale",
        "refuse",
    ];

    /// Sets the fault of this name, with `-` or `_`, and tells whether there is one and `p` is a probability.
    pub fn set(&mut self, name: &str, p: f64) -> bool {
        match self.field(&name.replace('-', "_")) {
            Some(field) if (0.0..=1.0).contains(&p) => {
                *field = p;
                true
            }
            _ => false,
        }
    }

    fn field(&mut self, name: &str) -> Option<&mut f64> {
        Some(match name {
            "conflict" => &mut self.conflict,
            "throttle" => &mut self.throttle,
            "maintenance" => &mut self.maintenance,
            "error_before" => &mut self.error_before,
            "error_after" => &mut self.error_after,
            "unavailable" => &mut self.unavailable,
            "redirect" => &mut self.redirect,
            "drop_before" => &mut self.drop_before,
            "drop_after" => &mut self.drop_after,
            "silent" => &mut self.silent,
            "roll_back" => &mut self.roll_back,
            "empty_list" => &mut self.empty_list,
            "stale" => &mut self.stale,
            "refuse" => &mut self.refuse,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_can_be_set_and_nothing_else() {
        let mut faults = Faults::default();
        assert!(Faults::NAMES.iter().all(|name| faults.set(name, 0.5)));
        assert!(faults.set("drop-after", 1.0));
        assert!(!faults.set("stale_for", 0.5));
        assert!(!faults.set("stale", 1.5) && !faults.set("stale", f64::NAN));
    }
}
