#![expect(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a test may panic")]
//! The soak: whole campaigns in virtual time, see `docs/proofs.md`.

mod harness;
mod sabotage;

use std::num::NonZero;

use harness::many::sail_all;

/// Seeds in the suite; `cargo run --release --example soak -- --seeds N` sails more.
const SEEDS: u64 = 200;

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
}
