//! Measures a token bucket by what its answers say is left (`RateLimit-Remaining`), where nobody states how fast it
//! fills.
//!
//! Answers may come in another order than that in which Atlas counted their requests. So only moments count in which no
//! request is under way: by then the bucket holds at least the least that any answer since the last such moment named.

use std::time::Duration;

use crate::clock::Millis;
use crate::domain::bucket::Bucket;

/// What the answers of one bucket say of it.
#[derive(Debug, Default)]
pub(super) struct RefillMeter {
    /// Requests that were answered. Each had taken its token by then.
    answered: u64,
    busy: Option<Busy>,
    from: Option<Mark>,
    best: Option<Refill>,
}

/// A time in which requests are under way.
#[derive(Debug, Clone, Copy)]
struct Busy {
    began: Millis,
    lowest: Option<u64>,
    highest: u64,
    /// Requests that may have taken a token without an answer that says what was left.
    untold: u64,
}

/// From where on it is measured.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: Millis,
    /// The bucket held less than this.
    below: u64,
    answered: u64,
    /// How far apart the most and the least are that it may have held.
    spread: u64,
}

/// So many tokens came back in this time, at least.
#[derive(Debug, Clone, Copy)]
struct Refill {
    tokens: u64,
    within: Duration,
}

impl Refill {
    fn is_faster_than(self, other: Self) -> bool {
        let rate = |of: u64, other: Duration| u128::from(of) * other.as_millis();
        rate(self.tokens, other.within) > rate(other.tokens, self.within)
    }
}

impl RefillMeter {
    /// Requests leave; `idle` if none was under way before.
    pub(super) fn sent(&mut self, requests: u32, idle: bool, now: Millis) {
        if idle {
            self.busy = Some(Busy { began: now, lowest: None, highest: 0, untold: 0 });
        }
        if let Some(busy) = &mut self.busy {
            busy.untold += u64::from(requests);
        }
    }

    /// An answer came, and says this.
    pub(super) fn answered(&mut self, remaining: Option<u64>) {
        self.answered += 1;
        if let (Some(busy), Some(remaining)) = (&mut self.busy, remaining) {
            busy.lowest = Some(busy.lowest.map_or(remaining, |lowest| lowest.min(remaining)));
            busy.highest = busy.highest.max(remaining);
            busy.untold = busy.untold.saturating_sub(1);
        }
    }

    /// No request is under way: what the bucket holds at least, if the answers said so.
    pub(super) fn when_idle(&mut self, capacity: u64, now: Millis) -> Option<u64> {
        let Busy { began, lowest, highest, untold } = self.busy.take()?;
        let least = lowest?.saturating_sub(untold);
        let mark = Mark { at: began, below: highest + 1, answered: self.answered, spread: highest - least };
        if let Some(from) = self.from {
            let tokens = (least + self.answered).saturating_sub(from.below + from.answered);
            // A clock of milliseconds may miss one.
            let refill = Refill { tokens, within: now.since(from.at) + Duration::from_millis(1) };
            if tokens > 0 && self.best.is_none_or(|best| refill.is_faster_than(best)) {
                self.best = Some(refill);
            }
        }
        // A full bucket takes nothing back, and the narrower the mark, the better the measure.
        if self.from.is_none_or(|from| least + 1 >= capacity || mark.spread < from.spread) {
            self.from = Some(mark);
        }
        Some(least)
    }

    /// How fast the bucket fills at least: `guess`, or what was measured where that is more.
    pub(super) fn bucket(&self, guess: Bucket) -> Bucket {
        let guessed = Refill { tokens: guess.refill, within: guess.per };
        let measured = self.best.filter(|best| best.is_faster_than(guessed));
        measured.map_or(guess, |best| Bucket { refill: best.tokens, per: best.within, ..guess })
    }

    /// It turned out to be slower than measured.
    pub(super) fn reset(&mut self) {
        (self.from, self.best) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUESS: Bucket = Bucket { capacity: 10, refill: 1, per: Duration::from_secs(1) };

    /// One request at a time; the answer comes at once.
    fn one(meter: &mut RefillMeter, remaining: Option<u64>, now: i64) -> Option<u64> {
        meter.sent(1, true, Millis(now));
        meter.answered(remaining);
        meter.when_idle(10, Millis(now))
    }

    #[test]
    fn tokens_that_came_back_between_two_quiet_moments_are_counted() {
        let mut meter = RefillMeter::default();
        assert_eq!(one(&mut meter, Some(0), 0), Some(0));
        assert_eq!(meter.bucket(GUESS), GUESS, "one answer says nothing of the refill");
        // Ten came in five seconds; a part of a token may have been there before.
        assert_eq!(one(&mut meter, Some(9), 5_000), Some(9));
        assert_eq!(meter.bucket(GUESS), Bucket { refill: 9, per: Duration::from_millis(5_001), ..GUESS });
        meter.reset();
        assert_eq!(meter.bucket(GUESS), GUESS);
    }

    #[test]
    fn answers_in_another_order_and_requests_without_one_never_make_it_fuller_than_it_is() {
        let mut meter = RefillMeter::default();
        meter.sent(2, true, Millis(0));
        meter.sent(1, false, Millis(10));
        meter.answered(Some(7));
        meter.answered(Some(9));
        assert_eq!(meter.when_idle(10, Millis(50)), Some(6), "the third may have taken one, too");
        assert_eq!(one(&mut meter, None, 60), None, "it says nothing");
    }

    #[test]
    fn what_a_full_bucket_lost_is_no_slow_refill() {
        let mut meter = RefillMeter::default();
        assert_eq!(one(&mut meter, Some(0), 0), Some(0));
        assert_eq!(one(&mut meter, Some(9), 100_000), Some(9));
        assert_eq!(meter.bucket(GUESS), GUESS);
        for left in (0..9).rev() {
            one(&mut meter, Some(left), 100_000);
        }
        assert_eq!(one(&mut meter, Some(9), 105_000), Some(9));
        let measured = Bucket { refill: 9, per: Duration::from_millis(5_001), ..GUESS };
        assert_eq!(meter.bucket(GUESS), measured, "from when it was full last");
    }
}
