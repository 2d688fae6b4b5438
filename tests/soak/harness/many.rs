//! Many seeds, on as many threads as there are cores.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::scenario::Scenario;
use super::voyage::{Outcome, sail};

/// What came of many seeds.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    pub(crate) seeds: u64,
    pub(crate) tally: BTreeMap<String, u64>,
    pub(crate) violations: Vec<String>,
}

/// Sails `count` seeds from `first` on; `told` hears of each as soon as it is over.
pub(crate) fn sail_all(first: u64, count: u64, threads: usize, told: &(dyn Fn(u64, &Outcome) + Sync)) -> Outcomes {
    let next = AtomicU64::new(first);
    let all = Mutex::new(Outcomes::default());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    let outcome = sail_one(seed);
                    told(seed, &outcome);
                    let mut all = all.lock().unwrap();
                    all.seeds += 1;
                    for (what, times) in outcome.tally {
                        *all.tally.entry(what).or_default() += times;
                    }
                    all.violations.extend(outcome.violations);
                }
            });
        }
    });
    all.into_inner().unwrap()
}

/// One seed; a panic is a violation like any other.
pub(crate) fn sail_one(seed: u64) -> Outcome {
    let sailed = std::panic::catch_unwind(|| sail(Scenario::of(seed)));
    sailed.unwrap_or_else(|panic| {
        let why = panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "see above".to_owned());
        Outcome { tally: BTreeMap::new(), violations: vec![format!("seed {seed} panicked: {why}")] }
    })
}
