//! `kill -9` while a request is at the simulator: the k-th, for many k from the first to the last of a campaign.
//!
//! A kill follows the simulator's word of the request, before the request is dealt with or before its answer leaves;
//! how far either gets while the signal is on its way is the machine's affair, and differs from kill to kill.

use serde_json::Value;

use crate::atlas::{Atlas, Request};
use crate::complete::is_complete;
use crate::dice::{Dice, number};
use crate::workdir::Workdir;

/// When to kill a run.
#[derive(Debug, Clone, Copy)]
struct Moment {
    /// At the first request from this number on; at an upgrade, if one comes among the next two dozen.
    from: u64,
    upgrade: bool,
    /// As it is answered, rather than as it arrives.
    answered: bool,
}

impl Moment {
    /// After `seen` requests and so many deaths. The first runs die young, so that a campaign has many deaths; later
    /// ones may get further, so that it has an end.
    fn roll(dice: &mut Dice, seen: u64, deaths: u64) -> Self {
        let most = 1 << dice.below(4 + deaths / 5);
        Self { from: seen + 1 + dice.below(most), upgrade: dice.coin(), answered: dice.coin() }
    }

    fn has_come(self, request: Request<'_>) -> bool {
        let patience = if self.upgrade && !request.is_upgrade() { 24 } else { 0 };
        request.answered == self.answered && request.number >= self.from + patience
    }
}

/// Kills the run of one campaign at one request after another until a run comes to its end, or until `most` have
/// died; then nothing is lost and nothing was asked twice. Answers how many were killed.
#[expect(clippy::print_stdout, reason = "figures, for who asks with --nocapture")]
fn campaign(dice: &mut Dice, most: u64, faults: &[&str]) -> u64 {
    let dir = Workdir::with_fleet(5, 5);
    let seed = dice.below(1000).to_string();
    let mut atlas = Atlas::serve(&dir, &[&["-vv", "--seed", &seed], faults].concat());
    dir.tune("atlas", "request_timeout = \"300ms\"");
    // A killed run counts as an attempt where it had a request on the wire, and stale reads last for two seconds.
    dir.tune("retry", "max_attempts = 100");
    if faults.contains(&"stale=0.2") {
        dir.tune("look", "settle = \"1s\"");
    }
    let (mut deaths, mut seen) = (Vec::new(), 0);
    let words = ["run", "fast.toml", "--progress", "none"];
    while (deaths.len() as u64) < most {
        atlas.forget();
        let moment = if seen == 0 {
            Moment { from: 1, upgrade: false, answered: false }
        } else {
            Moment::roll(dice, seen, deaths.len() as u64)
        };
        let mut run = dir.start(&words);
        let number = atlas.sees(&mut run, |request| moment.has_come(request));
        let killed = run.kill();
        let (Some(number), None) = (number, killed.code) else {
            killed.with(0); // it came to its end before the moment, or in it
            break;
        };
        deaths.push(number);
        seen = number;
    }
    dir.run(&words).with(0);
    let books = atlas.stop();
    is_complete(&dir, &books);
    println!("killed at requests {deaths:?} (seed {seed}), {} found on the wire; {books:?}", on_the_wire(&dir));
    deaths.len() as u64
}

/// How many upgrade requests had no answer on record when their runner was killed.
fn on_the_wire(dir: &Workdir) -> usize {
    let caught = |pair: &&[Value]| pair[0]["state"] == "submitting" && pair[1]["event"] == "taken_over";
    dir.histories().iter().map(|job| job["history"].as_array().unwrap().windows(2).filter(caught).count()).sum()
}

/// As many kills as `DRYDOCK_KILLS` says, or 25, in as many campaigns as that takes.
fn kill_many(seed: u64, faults: &[&str]) {
    let mut dice = Dice::new(seed);
    let mut left = number("DRYDOCK_KILLS").unwrap_or(25);
    while left > 0 {
        left -= campaign(&mut dice, left, faults);
    }
}

#[test]
fn a_run_that_is_killed_at_any_request_loses_nothing_and_asks_nothing_twice() {
    kill_many(1, &[]);
}

#[test]
fn a_run_that_is_killed_at_any_request_survives_every_fault_besides() {
    let p =
        ["conflict=0.05", "error-before=0.05", "error-after=0.1", "drop-before=0.05", "drop-after=0.1", "silent=0.1"];
    let more = ["stale=0.2", "redirect=0.03", "empty-list=0.03"];
    kill_many(2, &p.iter().chain(&more).flat_map(|fault| ["--fault", fault]).collect::<Vec<_>>());
}
