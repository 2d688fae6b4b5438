//! What a run looks like from outside, for the bar, the plain lines and whoever else wants to watch.

use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::Millis;
use crate::domain::hold::Held;
use crate::domain::job::State;
use crate::domain::summary::Counts;
use crate::domain::waiting::Unexpected;
use crate::domain::wave::Wave;
use crate::pacing::{Asked, Closed};

/// A run at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Jobs by state.
    pub counts: Counts,
    /// The wave whose jobs may be begun.
    pub wave: Wave,
    /// Upgrades that are not what they should be, as it was counted a few seconds ago.
    pub unexpected: Unexpected,
    /// When this run began.
    pub started: Millis,
    /// Jobs that had ended when it began.
    pub ended_before: i64,
    /// What is held, the oldest hold first.
    pub holds: Vec<Held>,
    /// What nobody gets through to, if so.
    pub closed: Option<Closed>,
    /// Until when Atlas asked to wait, if so.
    pub asked: Option<Asked>,
    /// Why looks keep failing, if so.
    pub trouble: Option<String>,
    /// Whether a signal asked to drain.
    pub draining: bool,
}

/// The one place where a run's progress is told.
#[derive(Debug, Clone)]
pub struct Progress(Arc<watch::Sender<Snapshot>>);

impl Default for Progress {
    fn default() -> Self {
        let snapshot = Snapshot {
            counts: Counts::default(),
            wave: Wave::REST,
            unexpected: Unexpected::default(),
            started: Millis(0),
            ended_before: 0,
            holds: Vec::new(),
            closed: None,
            asked: None,
            trouble: None,
            draining: false,
        };
        Self(Arc::new(watch::Sender::new(snapshot)))
    }
}

impl Progress {
    /// A view that wakes up at every change.
    pub fn watch(&self) -> watch::Receiver<Snapshot> {
        self.0.subscribe()
    }

    pub(super) fn start(&self, counts: Counts, wave: Wave, now: Millis) {
        self.0.send_modify(|shot| {
            (shot.counts, shot.wave) = (counts, wave);
            shot.started = now;
            shot.ended_before = counts.ended();
        });
    }

    pub(super) fn moved(&self, moves: &[(State, State)]) {
        if moves.is_empty() {
            return;
        }
        self.0.send_modify(|shot| {
            for (from, to) in moves {
                shot.counts.add(*from, -1);
                shot.counts.add(*to, 1);
            }
        });
    }

    pub(super) fn wave(&self, wave: Wave) {
        self.0.send_if_modified(|shot| std::mem::replace(&mut shot.wave, wave) != wave);
    }

    /// What the store says, where another process has moved jobs.
    pub(super) fn recounted(&self, counts: Counts) {
        self.0.send_modify(|shot| shot.counts = counts);
    }

    pub(super) fn unexpected(&self, unexpected: Unexpected) {
        self.0.send_if_modified(|shot| std::mem::replace(&mut shot.unexpected, unexpected) != unexpected);
    }

    pub(super) fn trouble(&self, code: Option<&str>) {
        self.0.send_if_modified(|shot| {
            let changed = shot.trouble.as_deref() != code;
            shot.trouble = code.map(str::to_owned);
            changed
        });
    }

    pub(super) fn held(&self, holds: Vec<Held>) {
        self.0.send_if_modified(|shot| {
            let changed = shot.holds != holds;
            shot.holds = holds;
            changed
        });
    }

    pub(super) fn draining(&self) {
        self.0.send_modify(|shot| shot.draining = true);
    }

    pub(super) fn asked(&self, asked: Option<Asked>) {
        self.0.send_if_modified(|shot| {
            let changed = shot.asked != asked;
            shot.asked = asked;
            changed
        });
    }

    pub(super) fn closed(&self, closed: Option<Closed>) {
        self.0.send_if_modified(|shot| std::mem::replace(&mut shot.closed, closed) != closed);
    }
}
