//! Reproducible randomness.
//!
//! The generator has no state. Every outcome is a hash of the seed, of the words that say what is drawn, and of how
//! often that was drawn before. So what happens to a cluster does not depend on the order of the requests for others,
//! and the same seed gives the same world in a new process. Whoever changes the words of a draw changes every world.

use std::time::Duration;

/// The random draws of one world.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeededRng {
    seed: u64,
}

impl SeededRng {
    /// A generator with this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The number for these words at their `turn`-th draw.
    pub(crate) fn draw(self, words: &[&str], turn: u64) -> u64 {
        let mut hash = mix(self.seed ^ 0xcbf2_9ce4_8422_2325);
        for word in words {
            for byte in word.bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
            // The length keeps "ab","c" and "a","bc" apart.
            hash = mix(hash ^ word.len() as u64);
        }
        mix(hash ^ mix(turn))
    }

    /// Whether an event of this probability happens.
    pub(crate) fn happens(self, probability: f64, words: &[&str], turn: u64) -> bool {
        if probability <= 0.0 {
            return false;
        }
        self.fraction(words, turn) < probability
    }

    /// A fraction, from 0.0 to less than 1.0: a double holds 53 bits.
    pub(crate) fn fraction(self, words: &[&str], turn: u64) -> f64 {
        (self.draw(words, turn) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A length of time from `shortest` to `longest`, to the millisecond.
    pub(crate) fn between(self, shortest: Duration, longest: Duration, words: &[&str]) -> Duration {
        let spread = longest.saturating_sub(shortest).as_millis() as u64;
        shortest + Duration::from_millis(self.draw(words, 0) % spread.saturating_add(1))
    }

    /// An identifier as Atlas gives them: 24 lower-case hexadecimal digits.
    pub(crate) fn id(self, words: &[&str], turn: u64) -> String {
        let (head, tail) = (self.draw(words, turn), self.draw(&[words, &["tail"]].concat(), turn));
        format!("{head:016x}{:08x}", tail as u32)
    }

    /// `count` bytes that look random.
    pub(crate) fn bytes(self, count: usize, words: &[&str], turn: u64) -> Vec<u8> {
        let start = self.draw(words, turn);
        (0_u64..)
            .flat_map(|step| mix(start.wrapping_add(step.wrapping_mul(0x9e37_79b9_7f4a_7c15))).to_be_bytes())
            .take(count)
            .collect()
    }
}

/// The finishing step of splitmix64: every bit of the input moves every bit of the output.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_happen_as_often_as_their_probability_says() {
        let rng = SeededRng::new(7);
        let hits = (0..10_000).filter(|turn| rng.happens(0.2, &["x"], *turn)).count();
        assert!((1_800..2_200).contains(&hits), "{hits}");
        assert!((0..1_000).all(|turn| rng.happens(1.0, &["x"], turn)));
        assert!(!(0..1_000).any(|turn| rng.happens(0.0, &["x"], turn)));
    }

    #[test]
    fn words_that_only_join_alike_draw_differently() {
        let rng = SeededRng::new(7);
        assert_ne!(rng.draw(&["ab", "c"], 0), rng.draw(&["a", "bc"], 0));
        assert_eq!(rng.id(&["a"], 0), rng.id(&["a"], 0));
        assert_eq!(rng.id(&["a"], 0).len(), 24);
    }
}
