#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people at work on Drydock")]
//! What Drydock costs on this machine: `cargo bench --bench fleet`, or some parts of it by name, as in
//! `cargo bench --bench fleet -- queue campaign --runs 3`.
//!
//! It prints a table of medians and writes all runs as JSON (`target/bench/fleet.json`, or `--json FILE`). What the
//! figures mean, and what they were, stands in `docs/performance.md`.

mod campaign;
mod fair;
mod figures;
mod fleet;
mod flight;
mod home;
mod loading;
mod looks;
mod process;
mod queue;
mod rows;

use std::path::PathBuf;

use clap::Parser;
use figures::Figures;

/// Measures on this machine and prints a table.
#[derive(Parser)]
struct Args {
    /// The parts to measure; all unless said
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Runs of each, of which the median counts
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// A tenth of the rows everywhere, to see whether it works
    #[arg(long)]
    small: bool,
    /// Where the figures go
    #[arg(long, default_value = "target/bench/fleet.json")]
    json: PathBuf,
    /// Cargo says so
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Loading a fleet, beside the sqlite3 shell
    Loading,
    /// Claims and records
    Queue,
    /// A whole campaign in one process
    Campaign,
    /// The same with the binary over sockets, and the bare requests
    Sockets,
    /// Requests for each cluster, and how late the end is noticed, in virtual time
    Looks,
    /// A million rows: reports, status, and the start after a kill
    Rows,
    /// Memory and idle CPU with ten thousand in flight
    Flight,
    /// What the bar, `status --watch` and the log cost
    Fair,
}

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) runs: usize,
    small: bool,
}

impl Extent {
    /// As many as are wanted, or a tenth where it shall be small.
    pub(crate) fn of(self, rows: usize) -> usize {
        if self.small { rows / 10 } else { rows }
    }
}

type Measure = fn(Extent, &mut Figures);

fn main() {
    let args = Args::parse();
    let extent = Extent { runs: args.runs.max(1), small: args.small };
    let mut figures = Figures::default();
    let wanted = |part| args.parts.is_empty() || args.parts.contains(&part);
    let parts: [(Part, Measure); 8] = [
        (Part::Looks, looks::measure),
        (Part::Queue, queue::measure),
        (Part::Campaign, campaign::measure),
        (Part::Sockets, campaign::measure_sockets),
        (Part::Flight, flight::measure),
        (Part::Fair, fair::measure),
        (Part::Loading, loading::measure),
        (Part::Rows, rows::measure),
    ];
    for (_, measure) in parts.iter().filter(|(part, _)| wanted(*part)) {
        measure(extent, &mut figures);
    }
    figures.write(&args.json);
    println!("\nall runs are in {}", args.json.display());
}
