//! Who is in flight: the limits of the whole campaign and of each project.

use std::collections::{HashMap, HashSet};

use crate::domain::job::Job;
use crate::engine::Limits;

/// The jobs in flight, those included whose intent is being written.
pub(super) struct Slots {
    jobs: HashSet<i64>,
    projects: HashMap<String, usize>,
    limits: Limits,
}

impl Slots {
    pub(super) fn new(limits: Limits, in_flight: Vec<(i64, String)>) -> Self {
        let mut slots = Self { jobs: HashSet::new(), projects: HashMap::new(), limits };
        for (id, project) in in_flight {
            slots.take(id, &project);
        }
        slots
    }

    /// How many more may be in flight in the whole campaign.
    pub(super) fn free(&self) -> usize {
        self.limits.in_flight.saturating_sub(self.jobs.len())
    }

    /// How many more may be in flight in `project`.
    pub(super) fn free_in(&self, project: &str) -> usize {
        let used = self.projects.get(project).copied().unwrap_or(0);
        self.limits.in_flight_per_project.saturating_sub(used).min(self.free())
    }

    /// The job has a slot from now on. It may have had it before.
    pub(super) fn take(&mut self, id: i64, project: &str) {
        if self.jobs.insert(id) {
            *self.projects.entry(project.to_owned()).or_default() += 1;
        }
    }

    /// The job's slot is free again, if it had one.
    pub(super) fn give_back(&mut self, id: i64, project: &str) {
        if !self.jobs.remove(&id) {
            return;
        }
        if let Some(used) = self.projects.get_mut(project) {
            *used -= 1;
            if *used == 0 {
                self.projects.remove(project);
            }
        }
    }

    /// Follows what is known of a job: in flight it has a slot, else it has none.
    pub(super) fn follow(&mut self, job: &Job) {
        if job.state.is_in_flight() {
            self.take(job.id, &job.project_id);
        } else {
            self.give_back(job.id, &job.project_id);
        }
    }

    /// Whether anything is in flight in a project for which `counts` says that it matters.
    pub(super) fn any_in_flight(&self, counts: impl Fn(&str) -> bool) -> bool {
        self.projects.keys().any(|project| counts(project))
    }
}
