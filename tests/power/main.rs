//! Power loss: what is on the disk when an upgrade request leaves, and what a run makes of it afterwards.
//!
//! The program runs under `strace`, which tells of every write and every synchronisation in their order, and with
//! their data. From that `disk` works out what a power cut would leave: what was synchronised, and nothing else, or
//! shreds of the rest. The program itself then says what it finds there.
//!
//! The harness is our own (libtest-mimic), since a test that finds no `strace` is to be reported as ignored, with the
//! reason, and the usual harness decides that when it compiles.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../cli/atlas.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod atlas;
#[path = "../cli/complete.rs"]
mod complete;
#[path = "../cli/dice.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod dice;
#[path = "../cli/process.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod process;
#[path = "../cli/workdir.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod workdir;

mod disk;
mod disk_tests;
mod order;
mod strace;
mod tail;
mod trace;
mod trace_tests;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Trial};

/// Tests with their names.
macro_rules! named {
    ($($room:ident::$test:ident),+ $(,)?) => { [$((stringify!($test), $room::$test as fn())),+] };
}

fn main() -> ExitCode {
    let plain = named![
        trace_tests::a_trace_is_read_in_its_order,
        trace_tests::a_string_in_a_trace_becomes_bytes,
        disk_tests::what_was_not_synchronised_is_lost,
        disk_tests::a_name_lasts_when_its_directory_was_synchronised,
    ];
    let traced = named![
        order::an_intent_is_synchronised_before_its_request_leaves,
        tail::an_intent_outlives_a_power_cut_as_its_request_leaves,
        tail::without_synchronisation_an_intent_would_be_lost,
        tail::a_database_opens_after_a_power_cut_at_any_moment,
        tail::a_run_after_a_power_cut_loses_nothing_and_asks_nothing_twice,
    ];
    let plain = plain.map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    });
    let traced = traced.map(|(name, test)| Trial::ignorable_test(name, move || Ok(where_possible(test))));
    libtest_mimic::run(&Arguments::from_args(), plain.into_iter().chain(traced).collect()).exit_code()
}

fn where_possible(test: fn()) -> Completion {
    if let Some(why) = strace::missing() {
        return Completion::ignored_with(why);
    }
    test();
    Completion::Completed
}
