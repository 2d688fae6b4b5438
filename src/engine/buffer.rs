//! Claimed jobs that wait for a permit, a slot or a worker, by project.
//!
//! A project is awake while something may be done for it. One for which there is nothing rests until a job comes, one
//! that waits becomes due, or somebody wakes it: of two thousand projects in hand most do, and nobody goes by them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use crate::clock::Millis;
use crate::engine::claim::Claim;
use crate::engine::queue::Queue;

/// The most jobs that are held claimed at once.
pub(super) const ROOM: usize = 2048;

/// A project with what waits in it.
struct Project {
    name: Arc<str>,
    queue: Queue,
    awake: bool,
}

/// All queues. Projects that are awake take turns.
#[derive(Default)]
pub(super) struct Buffer {
    projects: HashMap<Arc<str>, Project>,
    /// Those that are awake, and not having their turn.
    turns: VecDeque<Arc<str>>,
    held: usize,
    /// When jobs that came in become due, and whose they are; some may have left since.
    dues: BinaryHeap<Reverse<(Millis, Arc<str>)>>,
}

impl Buffer {
    pub(super) fn room(&self) -> usize {
        ROOM.saturating_sub(self.held)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held == 0
    }

    pub(super) fn push(&mut self, claim: Box<Claim>) {
        if !self.projects.contains_key(&*claim.job.project_id) {
            let name: Arc<str> = claim.job.project_id.as_str().into();
            self.projects.insert(name.clone(), Project { name, queue: Queue::default(), awake: false });
        }
        let Some(project) = self.projects.get_mut(&*claim.job.project_id) else { return };
        self.held += 1;
        project.wake(&mut self.turns);
        self.dues.extend(claim.job.schedule.due_at.map(|due| Reverse((due, project.name.clone()))));
        project.queue.push(claim);
    }

    /// Something has changed for a project: it takes turns again.
    pub(super) fn wake(&mut self, project: &str) {
        if let Some(project) = self.projects.get_mut(project) {
            project.wake(&mut self.turns);
        }
    }

    /// Something has changed for all projects. They wake in the order of their names, so that a seed gives one history.
    pub(super) fn wake_all(&mut self) {
        let mut resting: Vec<_> = self.projects.values_mut().filter(|project| !project.awake).collect();
        resting.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        for project in resting {
            project.wake(&mut self.turns);
        }
    }

    /// Wakes the projects of jobs that have become due. Returns how many are awake.
    pub(super) fn wake_due(&mut self, now: Millis) -> usize {
        while self.dues.peek().is_some_and(|Reverse((due, _))| *due <= now)
            && let Some(Reverse((_, project))) = self.dues.pop()
        {
            self.wake(&project);
        }
        self.turns.len()
    }

    /// The project that waited longest for its turn.
    pub(super) fn next_turn(&mut self) -> Option<Arc<str>> {
        self.turns.pop_front()
    }

    /// Its turn is over, and there may be more to do for it.
    pub(super) fn go_on(&mut self, name: Arc<str>) {
        if self.keeps(&name) {
            self.turns.push_back(name);
        }
    }

    /// Its turn is over, and there is nothing to do for it.
    pub(super) fn rest(&mut self, name: &str) {
        if self.keeps(name)
            && let Some(project) = self.projects.get_mut(name)
        {
            project.awake = false;
        }
    }

    /// Whether anything waits in a project; if not it is forgotten.
    fn keeps(&mut self, name: &str) -> bool {
        let waits = self.projects.get(name).is_some_and(|project| !project.queue.is_empty());
        if !waits {
            self.projects.remove(name);
        }
        waits
    }

    /// Works on one project's queue.
    pub(super) fn with<T>(&mut self, project: &str, work: impl FnOnce(&mut Queue) -> T) -> Option<T> {
        let queue = &mut self.projects.get_mut(project)?.queue;
        let before = queue.len();
        let result = work(queue);
        self.held = self.held + queue.len() - before;
        Some(result)
    }

    /// Jobs that may soon be sent, in projects for which `counts` says so.
    pub(super) fn upcoming(&self, counts: impl Fn(&str) -> usize) -> usize {
        let upcoming = self.projects.iter().map(|(name, project)| (name, project.queue.upcoming()));
        upcoming.filter(|(_, upcoming)| *upcoming > 0).map(|(name, upcoming)| upcoming.min(counts(name))).sum()
    }

    /// When the next job that is held back becomes due, if it has not left.
    pub(super) fn earliest(&self) -> Option<Millis> {
        self.dues.peek().map(|Reverse((due, _))| *due)
    }

    /// Takes out the jobs of projects for which `gives` says so, but for those that are followed.
    pub(super) fn give_up(&mut self, gives: impl Fn(&str) -> bool) -> Vec<Box<Claim>> {
        self.take_out(gives, Queue::take_upcoming)
    }

    /// Takes out the jobs that nobody has looked at.
    pub(super) fn give_up_pending(&mut self) -> Vec<Box<Claim>> {
        self.take_out(|_| true, Queue::take_pending)
    }

    fn take_out(
        &mut self,
        gives: impl Fn(&str) -> bool,
        take: impl Fn(&mut Queue) -> Vec<Box<Claim>>,
    ) -> Vec<Box<Claim>> {
        let giving = self.projects.iter_mut().filter(|(name, project)| project.queue.upcoming() > 0 && gives(name));
        // In the order of their names, so that a seed gives one history.
        let mut giving: Vec<_> = giving.collect();
        giving.sort_by_key(|(name, _)| (*name).clone());
        let taken: Vec<_> = giving.into_iter().flat_map(|(_, project)| take(&mut project.queue)).collect();
        self.held -= taken.len();
        // Those that are awake are forgotten at their turn.
        self.projects.retain(|_, project| project.awake || !project.queue.is_empty());
        taken
    }

    /// Takes out everything.
    pub(super) fn drain(&mut self) -> Vec<Box<Claim>> {
        let all = std::mem::take(self);
        let mut projects: Vec<_> = all.projects.into_values().collect();
        projects.sort_by(|one, other| one.name.cmp(&other.name));
        projects.into_iter().flat_map(|project| project.queue.into_all()).collect()
    }
}

impl Project {
    fn wake(&mut self, turns: &mut VecDeque<Arc<str>>) {
        if !std::mem::replace(&mut self.awake, true) {
            turns.push_back(self.name.clone());
        }
    }
}
