//! Moments that no rule and no adversary can tell apart are one state: what is forgotten here is read by nobody,
//! now or later, so that nothing is lost but time.

use drydock::domain::job::State as JobState;

use crate::bounds::{LINGERS, Patience, SETTLE, SHOWS, UNTOUCHED, fresh};
use crate::row::{Ago, NEVER};
use crate::state::{Phase, State, Step, Who, moment};

/// From the end of a call until looks count.
const COUNTS: u8 = LINGERS + SETTLE;

/// Longer than that, and than a look is fresh.
const FAR: u8 = 1 + if COUNTS > fresh() { COUNTS } else { fresh() };

/// Older than anything that is compared with it.
const OLD: Ago = NEVER - 1;

impl State {
    /// The one way in which this moment is written.
    pub(crate) fn merged(mut self, patience: Patience) -> Self {
        self.row.forget(patience);
        if patience == Patience::Endless {
            self.writer = Who::Runner; // only the count of overdue looks asks
        }
        // What was before the newest change is asked for only while that need not show.
        self.rolled_back &= self.cluster == Phase::Source && self.since < SHOWS;
        if self.cluster == Phase::Source && !self.rolled_back {
            self.since = SHOWS;
        }
        self.wire.sort_unstable();
        self.unsettled &= self.asked_elsewhere();
        self.forget_calls();
        self.forget_the_settled();
        if patience.of_an_upgrade().is_none() {
            self.forget_the_acceptance();
            self.forget_what_does_not_count();
        }
        self.close_gaps(patience);
        self.forget_the_untouched();
        self
    }

    fn steps(&mut self) -> impl Iterator<Item = &mut Step> {
        [&mut self.former].into_iter().chain(self.runner.as_mut())
    }

    fn looks(&self) -> impl Iterator<Item = Ago> {
        [self.step(Who::Runner), self.step(Who::Former)].into_iter().filter_map(|step| match step {
            Step::Looking { started, .. } => Some(started),
            _ => None,
        })
    }

    /// Of an acceptance only one thing is read: which looks were started before it.
    fn forget_the_acceptance(&mut self) {
        let at = self.row.accepted_at;
        if at != NEVER {
            let older = self.looks().any(|started| started > at);
            let newer = self.looks().filter(|started| *started <= at).max().unwrap_or(0);
            self.row.accepted_at = if older { newer } else { OLD };
        }
    }

    /// A look that cannot show the source idle counts nowhere; only whether it is newer than another is read.
    fn forget_what_does_not_count(&mut self) {
        let moments = [self.row.ended, self.row.streak, self.row.looked, self.row.accepted_at];
        for who in [Who::Runner, Who::Former] {
            let other = if who == Who::Runner { Who::Former } else { Who::Runner };
            let mut other = self.step(other);
            let Step::Looking { started, may } = self.step(who) else { continue };
            if may.has(Phase::Source) {
                continue;
            }
            let all = moments.into_iter().chain(moment(&mut other).copied()).filter(|ago| *ago <= started);
            let started = match all.max() {
                Some(newer) => started.min(newer + 1),
                None => 0,
            };
            self.set_step(who, Step::Looking { started, may });
        }
    }

    /// From the first of many idle looks after an acceptance the time to the last is measured, up to a bound.
    fn forget_the_untouched(&mut self) {
        let (streak, most) = (self.row.streak, UNTOUCHED + FAR);
        if self.row.state != JobState::Upgrading || streak == NEVER || streak <= most {
            return;
        }
        self.row.streak = most;
        for step in self.steps() {
            let Some(ago) = moment(step) else { continue };
            *ago = match streak.checked_sub(*ago) {
                Some(span) if span < UNTOUCHED => most - span,
                Some(_) => (*ago).min(FAR),
                None => *ago - (streak - most),
            };
        }
    }

    /// When a call ended is read only while the newest send waits for its answer.
    fn forget_calls(&mut self) {
        let Self { row, former, runner, .. } = self;
        for step in [former].into_iter().chain(runner.as_mut()) {
            if let Step::Calling { send, left } = step
                && (row.state != JobState::Submitting || row.send != *send)
            {
                *left = 0;
            }
        }
    }

    /// Once a look has counted, when the request left is read only for looks that were started before that one.
    fn forget_the_settled(&mut self) {
        let counted = self.row.streak;
        let older = |step: Step| matches!(step, Step::Looking { started, .. } if started > counted);
        let asked = older(self.step(Who::Runner)) || older(self.step(Who::Former));
        if self.row.ended != NEVER && counted != NEVER && !asked {
            self.row.ended = counted + COUNTS;
        }
    }

    /// Shortens every span between two moments that is longer than the longest that a rule measures. The moments
    /// keep their order, and every span that a rule can tell from a longer one keeps its length: no decision
    /// changes, now or later.
    fn close_gaps(&mut self, patience: Patience) {
        let longest = FAR.max(1 + patience.of_a_job().unwrap_or(0));
        let untouched = self.row.state == JobState::Upgrading;
        let streak = self.row.streak;
        let Self { row, former, runner, .. } = self;
        let accepted = (patience.of_an_upgrade().is_none() && row.accepted_at != OLD).then_some(&mut row.accepted_at);
        let rows = [Some(&mut row.ended), Some(&mut row.streak), accepted];
        let mut moments: Vec<_> = rows.into_iter().chain([moment(former), runner.as_mut().and_then(moment)]).collect();
        let mut order: [Ago; 5] = [NEVER; 5];
        for (place, moment) in order.iter_mut().zip(&moments) {
            *place = moment.as_ref().map_or(NEVER, |ago| **ago);
        }
        order.sort_unstable();
        let (mut before, mut shift) = (0, 0);
        for moment in order.into_iter().filter(|ago| *ago != NEVER) {
            // From the first look of a row of them, the time until the last is measured.
            let measured = untouched && streak != NEVER && moment <= streak;
            let most = if measured { UNTOUCHED + 1 } else { longest };
            let gap = moment - before;
            before = moment;
            shift += gap.saturating_sub(most);
            for ago in moments.iter_mut().flatten().filter(|ago| ***ago == moment) {
                **ago -= shift;
            }
        }
    }
}
