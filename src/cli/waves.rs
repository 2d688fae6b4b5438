//! Waves in words, where a campaign has any.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::app::AppError;
use crate::cli::terminal::{Out, facts};
use crate::domain::summary::Counts;
use crate::domain::wave::Wave;
use crate::plural;

/// How many waves are told one by one.
const TOLD: usize = 8;

/// What a wave does, in words: `wave 2 begins`, `rows without a wave begin`.
pub(super) fn does(wave: Wave, one: &str, rest: &str) -> String {
    format!("{wave} {}", if wave == Wave::REST { rest } else { one })
}

/// How far each wave is.
pub(super) fn tell(out: &mut Out, waves: &BTreeMap<Wave, Counts>) -> Result<(), AppError> {
    facts(out, "waves", lines(waves))
}

/// How many waves are over, and those that are not, the first of which is under way.
fn lines(waves: &BTreeMap<Wave, Counts>) -> Vec<String> {
    if !Wave::are_any(waves.keys()) {
        return Vec::new();
    }
    let (over, left): (Vec<_>, Vec<_>) = waves.iter().partition(|(_, counts)| counts.ended() == counts.total());
    let mut lines = Vec::new();
    if !over.is_empty() {
        lines.push(format!("{} of {} have ended", over.len(), waves.len()));
    }
    for (place, (wave, counts)) in left.iter().enumerate().take(TOLD) {
        let total = counts.total();
        lines.push(if place == 0 {
            format!("{}: {}", does(**wave, "goes on", "go on"), plural::ended(counts.ended(), total))
        } else {
            format!("{wave}, {}, after that", plural::count(total, "job"))
        });
    }
    if left.len() > TOLD {
        lines.push(format!("and {} more", left.len() - TOLD));
    }
    lines
}

/// The same for programs (docs/json.md): `wave` is null for the rows without one.
pub(super) fn objects(waves: &BTreeMap<Wave, Counts>) -> Vec<Value> {
    let object = |(wave, counts): (&Wave, &Counts)| json!({ "wave": number(*wave), "total": counts.total(), "ended": counts.ended() });
    waves.iter().map(object).collect()
}

/// What programs know a wave by.
pub(super) fn number(wave: Wave) -> Option<i64> {
    (wave != Wave::REST).then(|| wave.number())
}

/// The waves of a fleet in their order, with how many rows each has: nothing where no row has one.
pub(super) fn sizes(rows: &BTreeMap<Wave, u64>) -> Option<String> {
    if !Wave::are_any(rows.keys()) {
        return None;
    }
    let more = rows.len().saturating_sub(TOLD);
    let rest = (more > 0).then(|| format!("and {more} more"));
    let sizes = rows.iter().take(TOLD).map(|(wave, rows)| format!("{wave}: {rows}")).chain(rest);
    Some(format!("in this order: {}", sizes.collect::<Vec<_>>().join(", ")))
}

#[test]
fn a_status_tells_of_the_wave_that_goes_on_and_of_those_after_it() {
    use crate::domain::job::State;
    let mut waves: BTreeMap<Wave, Counts> = BTreeMap::new();
    for (wave, state, jobs) in
        [(1, State::Succeeded, 2), (2, State::Failed, 1), (2, State::Pending, 3), (9, State::Pending, 4)]
    {
        waves.entry(Wave::numbered(wave)).or_default().add(state, jobs);
    }
    let told = ["1 of 3 have ended", "wave 2 goes on: 1 of 4 jobs have ended", "wave 9, 4 jobs, after that"];
    assert_eq!(lines(&waves), told);
    assert!(lines(&BTreeMap::from([(Wave::REST, Counts::default())])).is_empty(), "no waves, no words");
}
