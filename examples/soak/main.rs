#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people at work on Drydock")]
//! The soak at length: `cargo run --release --example soak -- --seeds 10000`, or one seed again with `--seed 17`.
//!
//! What it does and checks stands in `docs/proofs.md`.

#[path = "../../tests/soak/harness/mod.rs"]
mod harness;

use std::num::NonZero;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use harness::many::sail_all;

/// Whole campaigns in virtual time, everything random from one seed.
#[derive(Parser)]
struct Args {
    /// How many seeds
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first one
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// This one alone
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// How many at once; as many as there are cores unless said
    #[arg(long)]
    threads: Option<usize>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let (first, count) = args.seed.map_or((args.from, args.seeds), |seed| (seed, 1));
    let threads = args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get));
    let done = AtomicU64::new(0);
    let all = sail_all(first, count, threads, &|_, outcome| {
        for violation in &outcome.violations {
            println!("{violation}\n");
        }
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(100) {
            println!("{done} of {count}");
        }
    });
    for (what, times) in &all.tally {
        println!("{times:>9} {what}");
    }
    println!("{} seeds, {} violations", all.seeds, all.violations.len());
    if all.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
