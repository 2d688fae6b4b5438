//! Chance with a seed: the same seed, the same test.

/// A small generator of numbers (splitmix64).
pub(crate) struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    /// With the seed that `DRYDOCK_SEED` names, or `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        let seed = number("DRYDOCK_SEED").unwrap_or(seed);
        Self { seed, state: seed }
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to one less than `sides`.
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.roll() % sides
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

impl Drop for Dice {
    /// A test that fails says its seed, so that the failure can be had again.
    #[expect(clippy::print_stdout, reason = "the harness shows it with the failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("to have it again: DRYDOCK_SEED={}", self.seed);
        }
    }
}

/// A number out of the environment, for who wants more of a test than the suite does.
#[expect(clippy::disallowed_methods, reason = "a test has no command line of its own")]
pub(crate) fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} must be a number ({text})")))
}
