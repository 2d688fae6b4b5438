//! Time in which nobody could see a cluster does not count against its job: the machine was asleep, the run was stopped
//! over a weekend, there was no way to Atlas, or a clock was put right.

use std::fmt;
use std::time::Duration;

use crate::clock::Millis;
use crate::domain::machine::turn::{Turn, in_words};

/// A time in which no look at the cluster was answered, though looks are never so far apart that are made in time.
pub(super) struct Gap {
    whole: Duration,
    /// The part of it that does not count.
    uncounted: Duration,
}

/// Takes note of the gap, if there is one, before a look that was started at `at` and was answered.
pub(super) fn note(turn: &mut Turn<'_>, at: Millis) -> Option<Gap> {
    let was = turn.was;
    // The job's time runs from its first look; what lies before that concerns nobody.
    let first = was.observed.first_look_at?;
    let newest = [was.observed.looked_at, was.request.sent_at, was.request.accepted_at]
        .into_iter()
        .flatten()
        .fold(first, Millis::max);
    let whole = at.since(newest);
    let uncounted = whole.checked_sub(turn.policy.longest_gap()).filter(|span| !span.is_zero())?;
    let millis = i64::try_from(uncounted.as_millis()).unwrap_or(i64::MAX);
    turn.next.observed.unattended_ms = turn.next.observed.unattended_ms.saturating_add(millis);
    Some(Gap { whole, uncounted })
}

impl fmt::Display for Gap {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, uncounted) = (in_words(self.whole), in_words(self.uncounted));
        write!(out, "nobody could see it for {whole}, of which {uncounted} do not count")
    }
}
