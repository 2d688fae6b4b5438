//! One hold, and the probe that may lift it.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::clock::Millis;
use crate::domain::hold::{Held, Release};
use crate::engine::holds::ProbeOutcome;

/// How long after a refusal the first probe comes, and the longest between two.
const FIRST: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_mins(15);

/// For how long a project has the right to probe before another one may.
const TURN: Duration = Duration::from_mins(1);

pub(super) struct ActiveHold {
    pub(super) held: Held,
    /// Nobody probes before.
    next: Millis,
    tries: usize,
    /// The job that probes.
    out: Option<i64>,
    /// The project that is to probe, and until when.
    turn: Option<(String, Millis)>,
}

impl ActiveHold {
    /// A hold that somebody met now, or a former run before.
    pub(super) fn new(held: Held, now: Millis) -> Self {
        let next = held.since.after(FIRST).max(now);
        Self { held, next, tries: 0, out: None, turn: None }
    }

    /// How many jobs of a project that it covers may be begun: none, or the one that probes.
    pub(super) fn room_for(&self, project: &str, now: Millis) -> usize {
        let others = self.turn.as_ref().is_some_and(|(turn, until)| turn != project && *until > now);
        let closed = self.held.release == Release::Operator || self.out.is_some() || self.next > now || others;
        usize::from(!closed)
    }

    /// A project that it covers begins something: it has the turn.
    pub(super) fn begun_by(&mut self, project: &str, now: Millis) {
        if self.room_for(project, now) > 0 {
            self.turn = Some((project.to_owned(), now.after(TURN)));
        }
    }

    /// The job is sent: it is the probe, if one is wanted.
    pub(super) fn probe_with(&mut self, job: i64, project: &str, now: Millis) {
        if self.room_for(project, now) > 0 {
            self.out = Some(job);
        }
    }

    pub(super) fn is_probed_by(&self, job: i64) -> bool {
        self.out == Some(job)
    }

    /// The probe's step is over. If it was in vain, the next one comes later, and later each time; if nothing was sent,
    /// because a look was too old or there was no way, the project keeps its turn.
    pub(super) fn probed(&mut self, tried: ProbeOutcome, now: Millis) {
        self.out = None;
        if tried == ProbeOutcome::Nothing {
            return;
        }
        let delays = ExponentialBuilder::new()
            .with_min_delay(FIRST)
            .with_max_delay(LONGEST)
            .with_factor(2.0)
            .without_max_times()
            .build();
        self.tries += 1;
        self.next = now.after({ delays }.nth(self.tries).unwrap_or(LONGEST));
        self.turn = None;
    }

    pub(super) fn next_probe(&self) -> Option<Millis> {
        (self.held.release == Release::Probe && self.out.is_none()).then_some(self.next)
    }
}
