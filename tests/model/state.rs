//! All that there is at one moment: the row on disk, the runners' memories, the cluster and what is on its way to it.

use drydock::domain::job::State as JobState;

use crate::bounds::{Bounds, LINGERS, SHOWS};
use crate::row::{Ago, Row, older};

/// What the cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Phase {
    /// What it was, idle.
    Source,
    /// Being upgraded, by our hand or another's.
    Busy,
    /// What it should be, idle.
    Target,
}

/// A request of ours that may still land.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Away {
    /// Its send; 0 where there is none.
    pub(crate) send: u8,
    /// When it was given to the system, which may keep it for a while before it leaves.
    pub(crate) given: Ago,
}

/// No request.
pub(crate) const NOTHING: Away = Away { send: 0, given: 0 };

/// The other campaign's one request. It is sent as the rule book says, which is proven from the first job's side.
pub(crate) const OTHER: u8 = 9;

/// What the table says of the other campaign's job for the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Other {
    /// It has asked for nothing yet.
    Idle,
    /// Its request is open, or was accepted and has not succeeded: the rule book does not tell the two apart.
    Asked,
    /// Its request never landed, or has succeeded.
    Ended,
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Says {
    /// Atlas upgrades.
    Accepted,
    /// Too many requests: nothing was applied.
    NotApplied,
    /// Refused: for a reason of its own, or since the cluster is no longer what it was.
    Refused,
    /// A 500, a broken connection, or none within the time.
    Unknown,
}

/// What a look shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Shown {
    /// The source, idle.
    Idle,
    /// The source, at work.
    Stirring,
    /// The target, not finished.
    Coming,
    /// The target, finished.
    Done,
}

/// What the cluster may be in the eyes of a look: what it was before a change that need not show yet when the look
/// was started, what it was then, and what it has become since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MayShow(u8);

impl MayShow {
    pub(crate) const NOTHING: Self = Self(0);

    pub(crate) fn and(self, phase: Phase) -> Self {
        Self(self.0 | 1 << phase as u8)
    }

    pub(crate) fn has(self, phase: Phase) -> bool {
        self.0 & 1 << phase as u8 != 0
    }
}

/// What a runner has in memory about the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// Nothing.
    None,
    /// It has written the intent; the request has not left.
    Intended(u8),
    /// Its request left so long ago. It may have an answer by now, which is not written yet.
    Calling { send: u8, left: Ago },
    /// It looks, since so long ago. It may have seen something by now, which is not written yet.
    Looking { started: Ago, may: MayShow },
    /// It has looked at a pending job, which is ready by that. The row says so together with what follows, unless
    /// somebody else has written it since.
    Ready { started: Ago, stale: bool },
    /// (A broken engine only.) Its request has left, and the intent is not written yet.
    Unwritten(u8),
}

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Who {
    /// Whoever holds the lock.
    Runner,
    /// A runner that has lost the lock, lives on, and has something in memory.
    Former,
    /// An operator at the command line.
    Operator,
}

/// How a promise was broken on the way to a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Wrong {
    /// A request left while an earlier one may land, or has landed.
    Twice,
    /// An intent after a look that showed the target.
    AfterTarget,
    /// An intent of our own accord after an acceptance.
    AfterAcceptance,
}

/// One moment.
#[expect(clippy::struct_excessive_bools, reason = "what the promises ask is yes or no")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) row: Row,
    /// Who wrote the row last.
    pub(crate) writer: Who,
    /// The runner that holds the lock, if there is one.
    pub(crate) runner: Option<Step>,
    /// The runner that lost the lock; [`Step::None`] if there is none.
    pub(crate) former: Step,
    pub(crate) cluster: Phase,
    /// When that left which made the cluster what it is.
    pub(crate) since: Ago,
    /// Whether an upgrade was rolled back.
    pub(crate) rolled_back: bool,
    /// The send that made the cluster busy; 0 if it was none of ours.
    pub(crate) landed: u8,
    pub(crate) wire: [Away; 3],
    /// Whether a look that was written showed the target.
    pub(crate) target_known: bool,
    /// Whether an acceptance was written, and no operator has sent the job back since.
    pub(crate) acceptance_known: bool,
    pub(crate) wrong: Option<Wrong>,
    /// How many more runners may die or lose their lock, where that is counted.
    pub(crate) crashes_left: u8,
    pub(crate) other: Other,
    /// Whether the row has not been verified since the other campaign's request left.
    pub(crate) unsettled: bool,
}

impl State {
    /// The start: a fleet was loaded, a runner has the lock.
    pub(crate) fn first(bounds: Bounds) -> Self {
        Self {
            row: Row::new(),
            writer: Who::Runner,
            runner: Some(Step::None),
            former: Step::None,
            cluster: Phase::Source,
            since: SHOWS,
            rolled_back: false,
            landed: 0,
            wire: [NOTHING; 3],
            target_known: false,
            acceptance_known: false,
            wrong: None,
            crashes_left: bounds.crashes.unwrap_or(0),
            other: Other::Idle,
            unsettled: false,
        }
    }

    /// What `who` has in memory.
    pub(crate) fn step(&self, who: Who) -> Step {
        if who == Who::Former { self.former } else { self.runner.unwrap_or(Step::None) }
    }

    pub(crate) fn set_step(&mut self, who: Who, step: Step) {
        if who == Who::Former {
            self.former = step;
        } else {
            self.runner = Some(step);
        }
    }

    /// Whether a request may still land.
    pub(crate) fn may_land(&self) -> bool {
        self.wire != [NOTHING; 3]
    }

    /// Whether a request of this job may still land.
    pub(crate) fn own_may_land(&self) -> bool {
        self.wire.iter().any(|away| ![0, OTHER].contains(&away.send))
    }

    /// Whether a request of this job has made the cluster what it is.
    pub(crate) fn own_landed(&self) -> bool {
        ![0, OTHER].contains(&self.landed)
    }

    /// Whether the other campaign's request is open, or was accepted and did not succeed.
    pub(crate) fn asked_elsewhere(&self) -> bool {
        self.other == Other::Asked
    }

    pub(crate) fn is_away(&self, send: u8) -> bool {
        self.wire.iter().any(|away| away.send == send)
    }

    /// Puts a request on its way; there is room for as many as the bounds allow.
    pub(crate) fn leave(&mut self, send: u8) {
        if let Some(place) = self.wire.iter_mut().find(|away| away.send == 0) {
            *place = Away { send, given: 0 };
        }
    }

    /// The request will not land any more; says when it left at the latest.
    pub(crate) fn take(&mut self, send: u8) -> Option<Ago> {
        let place = self.wire.iter_mut().find(|away| away.send == send)?;
        Some(std::mem::replace(place, NOTHING).given.saturating_sub(LINGERS))
    }

    /// The cluster becomes something else, or shows it to looks that are under way.
    pub(crate) fn becomes(&mut self, phase: Phase) {
        self.cluster = phase;
        for step in [&mut self.former].into_iter().chain(self.runner.as_mut()) {
            if let Step::Looking { may, .. } = step {
                *may = may.and(phase);
            }
        }
    }

    /// A tick passes. What has not shown in time never will.
    pub(crate) fn tick(&mut self) {
        self.row.age();
        self.since = (self.since + 1).min(SHOWS);
        for step in [&mut self.former].into_iter().chain(self.runner.as_mut()) {
            if let Some(ago) = moment(step) {
                *ago = older(*ago);
            }
        }
        for away in self.wire.iter_mut().filter(|away| away.send > 0) {
            away.given += 1;
            if away.given >= LINGERS + SHOWS {
                *away = NOTHING;
            }
        }
    }

    /// Somebody has written the row: what others think of it is decided anew.
    pub(crate) fn written_by(&mut self, who: Who) {
        for other in [Who::Runner, Who::Former].into_iter().filter(|other| *other != who) {
            if let Step::Ready { .. } = self.step(other) {
                self.set_step(other, Step::Ready { started: 0, stale: true });
            }
        }
    }

    /// Whether a request is about to leave or under way, and no runner knows of it.
    pub(crate) fn is_stray(&self) -> bool {
        let has = |who| matches!(self.step(who), Step::Intended(_) | Step::Calling { .. } | Step::Unwritten(_));
        self.row.state == JobState::Submitting && !has(Who::Runner) && !has(Who::Former)
    }

    /// Whether nothing more can happen that matters.
    pub(crate) fn is_over(&self) -> bool {
        let sends = |step| matches!(step, Step::Intended(_) | Step::Unwritten(_));
        self.wrong == Some(Wrong::Twice)
            || self.row.is_over() && !sends(self.step(Who::Runner)) && !sends(self.step(Who::Former))
    }
}

/// The moment that a step remembers.
pub(crate) fn moment(step: &mut Step) -> Option<&mut Ago> {
    match step {
        Step::Calling { left: ago, .. }
        | Step::Looking { started: ago, .. }
        | Step::Ready { started: ago, stale: false } => Some(ago),
        _ => None,
    }
}
