//! When to look at an upgrade: by what the upgrades of this campaign have taken so far.
//!
//! Until one has ended nothing is known, and looks are the further apart the longer an upgrade goes on. From then on
//! none is looked at before the shortest would be over, and from there on at even steps until it is. The looks of a
//! project fall on the same moments, so that one list serves all its clusters.

use std::time::Duration;

use crate::clock::Millis;

/// How many upgrades are remembered: the newest.
const REMEMBERED: usize = 64;

/// Before the shortest that was seen by this much: those to come may be a little faster, and what was seen was noticed
/// a little late.
const EARLY: f64 = 0.95;

/// The part of an upgrade's usual time that lies between two looks; its end is noticed half of that late.
const STEP: u32 = 16;

/// So many times `max` go by without a look at most, whatever was seen.
pub(super) const BLIND: u32 = 12;

/// What the newest upgrades took, from their acceptance until their end was noticed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Experience {
    /// In the order in which they ended.
    took: Vec<Duration>,
    shortest: Duration,
    median: Duration,
}

impl Experience {
    /// One more has ended.
    pub fn note(&mut self, took: Duration) {
        if self.took.len() == REMEMBERED {
            self.took.remove(0);
        }
        self.took.push(took);
        let mut sorted = self.took.clone();
        sorted.sort_unstable();
        self.shortest = sorted.first().copied().unwrap_or_default();
        self.median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    }

    /// When an upgrade that began at `begun` is looked at next, with steps from `min` to `max`; none if nothing is
    /// known. But for short upgrades the clusters of a project are looked at together.
    pub(super) fn look(
        &self,
        begun: Millis,
        now: Millis,
        (min, max): (Duration, Duration),
        project: &str,
    ) -> Option<Millis> {
        if self.took.is_empty() {
            return None;
        }
        let blind = now.after(max * BLIND);
        if self.median / STEP <= min {
            // Of upgrades as short as this the steps are coarse: the best moment is when the fastest of them was over.
            return Some(begun.after(self.shortest).min(blind).max(now.after(min)));
        }
        let step = self.step(min, max);
        let over = begun.after(self.shortest.mul_f64(EARLY)).min(blind);
        Some(on_the_grid(over.max(now.after(min.max(step / 2))), step, phase(project)))
    }

    /// The time between two looks: a part of the median, in quarters of `max`, so that it seldom changes as the median
    /// drifts.
    fn step(&self, min: Duration, max: Duration) -> Duration {
        let wanted = self.median / STEP;
        let quarters = (4 * wanted.as_millis() / max.as_millis().max(1)).min(4) as u32;
        let step = if quarters == 0 { wanted } else { max * quarters / 4 };
        step.max(min)
    }
}

/// Any number that is the project's own (FNV-1a), so that not all projects are looked at in the same moment.
fn phase(project: &str) -> u64 {
    project.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// The first moment at `earliest` or later that is a multiple of `step` and a part of it that depends on `phase`.
fn on_the_grid(earliest: Millis, step: Duration, phase: u64) -> Millis {
    let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX).max(1);
    let offset = (phase % step.unsigned_abs()).cast_signed();
    let past = (earliest.0 - offset).rem_euclid(step);
    Millis(if past == 0 { earliest.0 } else { earliest.0 - past + step })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_800_000_000_000);
    const STEPS: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(120));
    const PROJECT: &str = "5f0000000000000000000001";

    fn minutes(minutes: u64) -> Duration {
        Duration::from_mins(minutes)
    }

    fn of(took: &[u64]) -> Experience {
        let mut experience = Experience::default();
        for took in took {
            experience.note(minutes(*took));
        }
        experience
    }

    #[test]
    fn nothing_is_looked_at_before_the_shortest_would_be_over() {
        let experience = of(&[25, 20, 30]);
        let first = experience.look(NOW, NOW, STEPS, PROJECT).unwrap().since(NOW);
        assert!(first >= minutes(19) && first <= minutes(19) + minutes(2), "{first:?}");
        let later = NOW.after(minutes(25));
        let next = experience.look(NOW, later, STEPS, PROJECT).unwrap().since(later);
        assert!(next >= Duration::from_secs(45) && next <= Duration::from_secs(135), "{next:?}");
        assert_eq!(Experience::default().look(NOW, NOW, STEPS, PROJECT), None, "nothing is known yet");
    }

    #[test]
    fn the_looks_of_a_project_fall_on_the_same_moments() {
        let experience = of(&[25]);
        let at = |second| NOW.after(minutes(24) + Duration::from_secs(second));
        let moments: std::collections::BTreeSet<_> =
            (0..900).filter_map(|second| experience.look(NOW, at(second), STEPS, PROJECT)).collect();
        assert!((10..=11).contains(&moments.len()), "every 90 s of a quarter of an hour, and no other: {moments:?}");
        let other = experience.look(NOW, at(0), STEPS, "5f0000000000000000000002");
        assert_ne!(other, experience.look(NOW, at(0), STEPS, PROJECT));
    }

    #[test]
    fn only_the_newest_are_remembered_so_that_a_faster_atlas_is_followed() {
        let mut experience = of(&[25; REMEMBERED]);
        for _ in 0..REMEMBERED {
            experience.note(minutes(5));
        }
        assert_eq!((experience.shortest, experience.median), (minutes(5), minutes(5)));
    }

    #[test]
    fn a_short_upgrade_is_looked_at_when_the_fastest_was_over() {
        let mut experience = Experience::default();
        experience.note(Duration::from_secs(30));
        let look = |now| experience.look(NOW, now, STEPS, PROJECT).unwrap().since(NOW).as_secs();
        assert_eq!((look(NOW), look(NOW.after(Duration::from_secs(30)))), (30, 40));
    }

    #[test]
    fn nothing_is_left_alone_for_long_whatever_was_seen() {
        let first = of(&[48 * 60]).look(NOW, NOW, STEPS, PROJECT).unwrap().since(NOW);
        assert!(first <= minutes(26), "{first:?}");
    }

    #[test]
    fn a_step_is_never_shorter_than_min_or_longer_than_max() {
        for took in [1, 2, 5, 10, 25, 60, 600] {
            let step = of(&[took]).step(STEPS.0, STEPS.1);
            assert!(step >= STEPS.0 && step <= STEPS.1, "{took} min: {step:?}");
        }
    }
}
