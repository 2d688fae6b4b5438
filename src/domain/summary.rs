//! How many jobs are in which state.

use std::iter::Sum;

use crate::domain::job::State;

/// A number for each of the nine states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([i64; State::ALL.len()]);

impl Counts {
    /// How many jobs are in `state`.
    pub fn of(&self, state: State) -> i64 {
        self.0[state as usize]
    }

    /// Counts `by` more (or, if negative, fewer) jobs in `state`.
    pub fn add(&mut self, state: State, by: i64) {
        self.0[state as usize] += by;
    }

    /// All jobs.
    pub fn total(&self) -> i64 {
        self.0.iter().sum()
    }

    /// The jobs that have ended.
    pub fn ended(&self) -> i64 {
        State::ALL.into_iter().filter(|state| state.is_ended()).map(|state| self.of(state)).sum()
    }

    /// The jobs that are not what their operator wished: failed or cancelled.
    pub fn unhappy(&self) -> i64 {
        self.of(State::Failed) + self.of(State::Cancelled)
    }

    /// The jobs in flight.
    pub fn in_flight(&self) -> i64 {
        State::ALL.into_iter().filter(|state| state.is_in_flight()).map(|state| self.of(state)).sum()
    }

    /// Each state with its number, in the order of a job's life.
    pub fn iter(&self) -> impl Iterator<Item = (State, i64)> + '_ {
        State::ALL.into_iter().map(|state| (state, self.of(state)))
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        let mut all = Self::default();
        for part in parts {
            part.iter().for_each(|(state, by)| all.add(state, by));
        }
        all
    }
}
