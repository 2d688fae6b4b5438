//! Runs of the model: all of its states, or the shortest way to a broken promise.

use std::fmt;
use std::time::Duration;

use drydock::clock::Clock;
use stateright::{Checker, HasDiscoveries, Model};

use crate::bounds::{Bounds, Patience, SETTLE};
use crate::broken::Rules;
use crate::model::House;
use crate::words::story;

/// What a run found.
pub(crate) struct Found {
    bounds: Bounds,
    pub(crate) states: usize,
    generated: usize,
    depth: usize,
    took: Duration,
    /// Each promise that does not hold, with the way there.
    pub(crate) refuted: Vec<(&'static str, String)>,
}

/// Visits every state within `bounds`, or stops soon after a promise is found broken.
pub(crate) fn exhaust(bounds: Bounds) -> Found {
    search(bounds, Rules::Production, 2)
}

/// Looks for the shortest way on which `rules` send twice: one thread, so that it is always the same.
pub(crate) fn refute(rules: Rules) -> Found {
    search(rules.bounds(), rules, 1)
}

fn search(bounds: Bounds, rules: Rules, threads: usize) -> Found {
    let clock = Clock::start();
    let until = HasDiscoveries::AnyFailures;
    let checker = House::new(bounds, rules).checker().threads(threads).finish_when(until).spawn_bfs().join();
    let mut refuted: Vec<_> =
        checker.discoveries().into_iter().map(|(promise, path)| (promise, story(path.into_vec()))).collect();
    refuted.sort_unstable();
    Found {
        bounds,
        states: checker.unique_state_count(),
        generated: checker.state_count(),
        depth: checker.max_depth(),
        took: clock.uptime(),
        refuted,
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let crashes = self.crashes.map_or("any number of".to_owned(), |crashes| crashes.to_string());
        let patience = match self.patience {
            Patience::Endless => "never gives up",
            Patience::None => "gives jobs up at once",
            Patience::Short => "gives up early",
        };
        write!(
            out,
            "1 cluster, 2 runners, {} sends, any number of stale looks, {crashes} crashes and lost locks, any number \
             of cancels, retries and second answers{}; a settle time is {SETTLE} ticks; the campaign {patience}",
            self.sends,
            if self.other { ", one send of another campaign, rows that leave and return" } else { "" },
        )
    }
}

impl fmt::Display for Found {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bounds, states, generated, depth, took, refuted } = self;
        writeln!(out, "bounds: {bounds}")?;
        writeln!(out, "states: {states}, generated {generated}, depth {depth}, {:.1} s", took.as_secs_f64())?;
        for (promise, way) in refuted {
            writeln!(out, "refuted: {promise}\n{way}")?;
        }
        if refuted.is_empty() { writeln!(out, "every promise holds in all of them") } else { Ok(()) }
    }
}
