//! Who is in flight: the limits of the whole campaign and of each project.

use std::collections::HashMap;

use crate::domain::job::State;
use crate::engine::Limits;

/// Counts jobs in flight, those included whose intent is being written.
pub(super) struct Slots {
    whole: usize,
    projects: HashMap<String, usize>,
    limits: Limits,
}

impl Slots {
    pub(super) fn new(limits: Limits, in_flight: Vec<(String, i64)>) -> Self {
        let projects: HashMap<String, usize> =
            in_flight.into_iter().map(|(project, count)| (project, usize::try_from(count).unwrap_or(0))).collect();
        Self { whole: projects.values().sum(), projects, limits }
    }

    /// How many more may be in flight in the whole campaign.
    pub(super) fn free(&self) -> usize {
        self.limits.in_flight.saturating_sub(self.whole)
    }

    /// How many more may be in flight in `project`.
    pub(super) fn free_in(&self, project: &str) -> usize {
        let used = self.projects.get(project).copied().unwrap_or(0);
        self.limits.in_flight_per_project.saturating_sub(used).min(self.free())
    }

    pub(super) fn take(&mut self, project: &str) {
        self.whole += 1;
        *self.projects.entry(project.to_owned()).or_default() += 1;
    }

    pub(super) fn give_back(&mut self, project: &str) {
        self.whole = self.whole.saturating_sub(1);
        if let Some(used) = self.projects.get_mut(project) {
            *used = used.saturating_sub(1);
            if *used == 0 {
                self.projects.remove(project);
            }
        }
    }

    /// Follows a job from one state to another. A slot is taken when the send is handed out, before the row says
    /// so, hence the step from `ready` to `submitting` takes none.
    pub(super) fn moved(&mut self, project: &str, before: State, after: State) {
        match (before.is_in_flight(), after.is_in_flight()) {
            (true, false) => self.give_back(project),
            (false, true) if after != State::Submitting => self.take(project),
            _ => {}
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.whole
    }
}
