//! How long simulated upgrades take.

use std::sync::Arc;
use std::time::Duration;

use crate::simulator::seeded_rng::SeededRng;

/// What the duration of an upgrade is drawn from.
#[derive(Debug, Clone, PartialEq)]
pub enum Durations {
    /// Uniform from the shortest to the longest.
    Between(Duration, Duration),
    /// Log-uniform around a median: from the median divided by the spread to the median times the spread (1 or more).
    Around {
        /// The median.
        median: Duration,
        /// The factor.
        spread: f64,
    },
    /// One of these durations, which were observed before; at least one.
    Recorded(Arc<[Duration]>),
}

impl Durations {
    /// The longest possible duration.
    pub fn longest(&self) -> Duration {
        match self {
            Self::Between(_, longest) => *longest,
            Self::Around { median, spread } => median.mul_f64(*spread),
            Self::Recorded(seen) => seen.iter().max().copied().unwrap_or_default(),
        }
    }

    /// The median duration.
    pub fn median(&self) -> Duration {
        match self {
            Self::Between(shortest, longest) => (*shortest + *longest) / 2,
            Self::Around { median, .. } => *median,
            Self::Recorded(seen) => {
                let mut seen = seen.to_vec();
                seen.sort_unstable();
                seen.get(seen.len() / 2).copied().unwrap_or_default()
            }
        }
    }

    /// The duration for these words.
    pub(crate) fn draw(&self, rng: SeededRng, words: &[&str]) -> Duration {
        match self {
            Self::Between(shortest, longest) => rng.between(*shortest, *longest, words),
            Self::Around { median, spread } => {
                let times = spread.powf(2.0 * rng.fraction(words, 0) - 1.0);
                Duration::from_millis(median.mul_f64(times).as_millis() as u64)
            }
            Self::Recorded(seen) => {
                let place = rng.draw(words, 0) % seen.len().max(1) as u64;
                seen.get(place as usize).copied().unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(durations: &Durations) -> Vec<Duration> {
        let mut drawn: Vec<Duration> = (0..1000)
            .map(|number: i32| durations.draw(SeededRng::new(7), &["duration", &number.to_string()]))
            .collect();
        drawn.sort();
        drawn
    }

    #[test]
    fn half_of_them_are_shorter_than_the_median_and_all_within_the_spread() {
        let median = Duration::from_mins(25);
        let durations = Durations::Around { median, spread: 2.0 };
        let drawn = drawn(&durations);
        assert!(drawn[0] >= median / 2 && drawn[0] < median / 2 + Duration::from_mins(1), "{:?}", drawn[0]);
        assert!(drawn[999] <= durations.longest() && drawn[999] > median * 19 / 10, "{:?}", drawn[999]);
        let middle = drawn[500].as_secs_f64() / median.as_secs_f64();
        assert!((0.95..1.05).contains(&middle), "{middle}");
    }

    #[test]
    fn what_was_recorded_comes_again_and_nothing_else() {
        let seen: Vec<Duration> = [3, 5, 9].map(Duration::from_secs).into();
        let mut drawn = drawn(&Durations::Recorded(seen.clone().into()));
        drawn.dedup();
        assert_eq!(drawn, seen);
    }
}
