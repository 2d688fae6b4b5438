//! `[rehearsal]`: the Atlas that a rehearsal is played against.

use std::time::Duration;

use crate::config::document::Section;
use crate::simulator::{Bucket, Durations, Faults};

/// How long an upgrade takes where nobody says: the one that was recorded, of an M0 to an M10 in August 2026.
pub const MEDIAN: Duration = Duration::from_mins(25);

/// `[rehearsal]` of the campaign file.
#[derive(Debug, Clone, Default)]
pub struct Rehearsal {
    /// How long upgrades take; nothing was said if there are none.
    pub durations: Option<Durations>,
    /// The token bucket of each project; Atlas's documented one if there is none.
    pub limit: Option<Bucket>,
    /// What goes wrong.
    pub faults: Faults,
}

pub(super) fn read(section: &Section<'_, '_>) -> Rehearsal {
    section.only(&["median", "spread", "limit", "faults"]);
    let said = section.has("median") || section.has("spread");
    let durations = Durations::Around { median: section.span("median", MEDIAN), spread: section.factor("spread", 1.0) };
    let limit = section.text("limit").and_then(|text| bucket(text).map_err(|what| section.blame("limit", what)).ok());
    Rehearsal { durations: said.then_some(durations), limit, faults: faults(&section.section("faults")) }
}

fn faults(section: &Section<'_, '_>) -> Faults {
    section.only(Faults::NAMES);
    let mut faults = Faults::default();
    for name in Faults::NAMES.iter().filter(|name| section.has(name)) {
        if !faults.set(name, section.number(name).unwrap_or(0.0)) {
            section.blame(name, "must be a probability, from 0 to 1");
        }
    }
    faults
}

/// A token bucket in words: `CAPACITY/PER_MINUTE`; or what it must be.
pub fn bucket(text: &str) -> Result<Bucket, String> {
    let numbers = text.split_once('/').and_then(|(capacity, refill)| {
        let number = |text: &str| text.trim().parse::<u64>().ok().filter(|number| *number > 0);
        Some((number(capacity)?, number(refill)?))
    });
    match numbers {
        Some((capacity, refill)) => Ok(Bucket { capacity, refill, per: Duration::from_mins(1) }),
        None => Err(format!("must be CAPACITY/PER_MINUTE, two whole numbers above 0, as in 10/120 ({text})")),
    }
}

#[test]
fn a_bucket_is_two_numbers() {
    let per = Duration::from_mins(1);
    assert_eq!(bucket("10/120"), Ok(Bucket { capacity: 10, refill: 120, per }));
    assert!(["10", "10/", "0/5", "5/0", "a/b", "1/2/3"].iter().all(|text| bucket(text).is_err()));
}
