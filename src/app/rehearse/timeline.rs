//! What happened when, at every step of a rehearsal.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{Clock, Millis};
use crate::domain::wave::Wave;
use crate::engine::Snapshot;
use crate::simulator::Simulator;

const EVERY: Duration = Duration::from_mins(1);

/// One moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment {
    /// Since the beginning.
    pub at: Duration,
    /// Jobs that had ended.
    pub ended: i64,
    /// Upgrades in flight.
    pub in_flight: i64,
    /// Requests so far.
    pub requests: u64,
    /// Those of them that were answered 429.
    pub throttled: u64,
    /// The wave whose jobs could be begun; none before the first news.
    pub wave: Option<Wave>,
}

/// Grows while the engine works.
#[derive(Debug, Clone, Default)]
pub(super) struct TimelineRecorder(Arc<Mutex<Vec<Moment>>>);

impl TimelineRecorder {
    /// Writes a moment at every news of progress, and every minute: looks are no news.
    pub(super) async fn keep(
        self,
        mut shots: watch::Receiver<Snapshot>,
        simulator: Simulator,
        clock: Clock,
        start: Millis,
    ) {
        loop {
            tokio::select! {
                biased;
                changed = shots.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(EVERY) => {}
            }
            let Snapshot { counts, wave, .. } = shots.borrow_and_update().clone();
            let served = simulator.request_counts();
            let moment = Moment {
                at: clock.now().since(start),
                ended: counts.ended(),
                in_flight: counts.in_flight(),
                requests: served.requests,
                throttled: served.throttled,
                wave: Some(wave),
            };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(moment);
        }
    }

    /// All moments, the first one first.
    pub(super) fn moments(&self) -> Vec<Moment> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What stood at the end of each of `parts` equal spans of the whole time.
pub fn timeline(moments: &[Moment], end: Duration, parts: u32) -> Vec<Moment> {
    let mut line = Vec::new();
    for part in 1..=parts {
        let at = end * part / parts;
        let last = moments.iter().take_while(|moment| moment.at <= at).last().copied().unwrap_or_default();
        line.push(Moment { at, ..last });
    }
    line
}

/// When each wave began: none where there are no waves.
pub fn waves(moments: &[Moment]) -> Vec<(Wave, Duration)> {
    let mut waves: Vec<(Wave, Duration)> = Vec::new();
    for (wave, at) in moments.iter().filter_map(|moment| Some((moment.wave?, moment.at))) {
        if waves.last().is_none_or(|(last, _)| *last != wave) {
            waves.push((wave, at));
        }
    }
    if Wave::are_any(waves.iter().map(|(wave, _)| wave)) { waves } else { Vec::new() }
}

#[test]
fn a_timeline_shows_what_stood_when_each_part_was_over() {
    let moment = |seconds, ended| Moment { at: Duration::from_secs(seconds), ended, ..Moment::default() };
    let moments = [moment(1, 1), moment(5, 2), moment(6, 3), moment(20, 4)];
    let line = timeline(&moments, Duration::from_secs(20), 4);
    assert_eq!(line, [moment(5, 2), moment(10, 3), moment(15, 3), moment(20, 4)]);
}
