//! Checks the rule book exhaustively and prints what it went through: `cargo run --release --example model`.
//!
//! With `-- --broken NAME` or `-- --broken all` it plays a rule book that is wrong in one place instead, and prints
//! the shortest way to two sends. The model itself stands in `tests/model`; start at its `main.rs`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

#[path = "../../tests/model/adversary.rs"]
mod adversary;
#[path = "../../tests/model/bounds.rs"]
mod bounds;
#[path = "../../tests/model/broken.rs"]
mod broken;
#[path = "../../tests/model/explore.rs"]
mod explore;
#[path = "../../tests/model/fair.rs"]
mod fair;
#[path = "../../tests/model/merge.rs"]
mod merge;
#[path = "../../tests/model/model.rs"]
mod model;
#[path = "../../tests/model/next.rs"]
mod next;
#[path = "../../tests/model/row.rs"]
mod row;
#[path = "../../tests/model/state.rs"]
mod state;
#[path = "../../tests/model/words.rs"]
mod words;

use std::process::ExitCode;

use bounds::BOUNDS;
use broken::Rules;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => exhaust(),
        ["--broken", name] => refute(name),
        _ => usage(),
    }
}

/// All states within the bounds; fails if a promise does not hold in one.
fn exhaust() -> ExitCode {
    let mut holds = true;
    for bounds in BOUNDS {
        let found = explore::exhaust(bounds);
        println!("{found}");
        holds &= found.refuted.is_empty();
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The shortest way to two sends; fails if there is none.
fn refute(name: &str) -> ExitCode {
    let chosen: Vec<_> = Rules::BROKEN.into_iter().filter(|(known, _)| name == "all" || name == *known).collect();
    if chosen.is_empty() {
        return usage();
    }
    let mut refuted = true;
    for (name, rules) in chosen {
        let found = explore::refute(rules);
        println!("{name}\n{found}");
        refuted &= !found.refuted.is_empty();
    }
    if refuted { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn usage() -> ExitCode {
    let names = Rules::BROKEN.map(|(name, _)| name).join(", ");
    eprintln!("usage: model [--broken NAME], where NAME is all, {names}");
    ExitCode::from(2)
}
