//! What can go wrong, and how often.
//!
//! A new fault is a line in [`Faults`] here, and an entry in one of the tables of `injection.rs` that says what the
//! client sees. A fault of the clusters themselves (`roll_back`, `stale`) is drawn in `world/entry.rs` instead.

pub(super) mod injection;
pub(super) mod refusals;

use std::time::Duration;

/// Defines [`Faults`] with a probability for each name, and the access to them by name.
macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The probability of each fault, from 0.0 (never, the default) to 1.0 (every time).
        ///
        /// Each is drawn anew for each request, but for `refuse`, which is a property of a cluster, and `roll_back`,
        /// which is one of an upgrade.
        #[derive(Debug, Clone)]
        pub struct Faults {
            $($(#[$doc])* pub $name: f64,)*
            /// How long after an upgrade was accepted a read can be stale. Not a probability.
            pub stale_for: Duration,
        }

        impl Default for Faults {
            fn default() -> Self {
                Self { $($name: 0.0,)* stale_for: Duration::from_secs(2) }
            }
        }

        impl Faults {
            /// The names that [`Faults::set`] knows.
            pub const NAMES: &[&str] = &[$(stringify!($name)),*];

            fn field(&mut self, name: &str) -> Option<&mut f64> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)*
                    _ => None,
                }
            }
        }
    };
}

faults! {
    /// An upgrade request answers 409 with a code that no documentation lists, and has no effect.
    conflict,
    /// 429 with `Retry-After: 1`, although the bucket is not empty.
    throttle,
    /// A write answers 405 `WRITES_NOT_ALLOWED_DURING_APP_UPGRADES`.
    maintenance,
    /// 500, and the request has no effect.
    error_before,
    /// 500, although the request took effect.
    error_after,
    /// 503, and the request has no effect.
    unavailable,
    /// 302 to a path that no client should follow.
    redirect,
    /// The connection is lost before the request takes effect.
    drop_before,
    /// The connection is lost after the request took effect.
    drop_after,
    /// The response to an upgrade request never comes; every second request takes effect.
    silent,
    /// An accepted upgrade fails later: the old cluster is UPDATING and then IDLE again, the same as before.
    roll_back,
    /// A list is empty, as it is for a key that has lost its role.
    empty_list,
    /// A read soon after an accepted upgrade shows the old cluster IDLE.
    stale,
    /// A cluster whose upgrade is refused with a permanent code, every time.
    refuse,
}

impl Faults {
    /// Sets the fault of this name, with `-` or `_`. `false` if there is none, or `p` is no probability.
    pub fn set(&mut self, name: &str, p: f64) -> bool {
        match self.field(&name.replace('-', "_")) {
            Some(field) if (0.0..=1.0).contains(&p) => {
                *field = p;
                true
            }
            _ => false,
        }
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
