#![expect(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a test may panic")]
//! The soak: whole campaigns in virtual time, see `docs/proofs.md`.

mod harness;
mod sabotage;

use std::num::NonZero;

use harness::many::sail_all;

/// Seeds in the suite; `cargo run --release --example soak -- --seeds N` sails more.
const SEEDS: u64 = 200;

/// What has to have happened in them.
const WEATHER: [&str; 21] = [
    "act: Asleep",
    "act: Bar",
    "act: Cancel",
    "act: Crash",
    "act: Drain",
    "act: Elsewhere",
    "act: FillDisk",
    "act: Leave",
    "act: Lock",
    "act: Rejoin",
    "act: Release",
    "act: Replace",
    "act: Retry",
    "act: Weather",
    "lives of the other campaign",
    "run ended: DiskFull",
    "run ended: Finished",
    "run ended: held",
    "run ended: Interrupted",
    "run ended: Locked",
    "run ended: died",
];

#[test]
fn two_hundred_campaigns_keep_both_promises() {
    #[expect(clippy::disallowed_methods, reason = "how a failure is seen again")]
    let (first, count) = match std::env::var("DRYDOCK_SEED") {
        Ok(seed) => (seed.parse().unwrap(), 1),
        Err(_) => (1, SEEDS),
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let all = sail_all(first, count, threads, &|_, _| {});
    assert!(all.violations.is_empty(), "{} violations:\n\n{}", all.violations.len(), all.violations.join("\n\n"));
    assert_eq!(all.seeds, count);
    // What never happened was not survived.
    for what in WEATHER.iter().filter(|_| count == SEEDS) {
        let times = all.tally.get(*what).copied().unwrap_or(0);
        assert!(times >= 5, "{what}: {times} times in {count} campaigns: {:?}", all.tally);
    }
}
