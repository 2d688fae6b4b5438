//! The rule book, checked exhaustively: the production `decide` against an adversary.
//!
//! stateright visits every state that one job can come to between a runner that may die at any point, its successor,
//! an operator, and an Atlas that is as bad as Assumption A allows. In each state both promises are asked. Start at
//! [`adversary`], which lists what may happen; [`next`] says what follows, with `decide` wherever the row is written;
//! [`model`] has the promises; [`fair`] says how it is known that every fair run ends; [`merge`] which states are one
//! and why; [`broken`] the rule books that must be refuted. `cargo run --release --example model` goes through all
//! of it; here stand smaller bounds, for a debug build.

mod adversary;
mod bounds;
mod broken;
mod explore;
mod fair;
mod merge;
mod model;
mod next;
mod row;
mod state;
mod words;

use bounds::{Bounds, Patience};
use broken::Rules;

fn holds_within(bounds: Bounds) {
    let found = explore::exhaust(bounds);
    assert!(found.refuted.is_empty(), "{found}");
    assert!(found.states > 1000, "the model hardly began: {found}");
}

#[test]
fn both_promises_hold_in_every_state_that_two_sends_lead_to() {
    holds_within(Bounds { sends: 2, crashes: Some(0), patience: Patience::Endless, other: false, lost_locks: true });
}

#[test]
fn a_campaign_that_gives_up_keeps_both_promises_too() {
    holds_within(Bounds { sends: 2, crashes: Some(0), patience: Patience::None, other: false, lost_locks: true });
}

#[test]
fn both_promises_hold_beside_another_campaign_over_the_same_cluster() {
    holds_within(Bounds { sends: 1, crashes: Some(1), patience: Patience::Endless, other: true, lost_locks: false });
}

fn refuted(rules: Rules) -> String {
    let found = explore::refute(rules);
    let way = found.refuted.iter().find(|(promise, _)| *promise == model::TWICE).map(|(_, way)| way.clone());
    way.unwrap_or_else(|| panic!("{rules:?} was not refuted: {found}"))
}

#[test]
fn a_rule_book_that_trusts_one_idle_look_is_refuted() {
    insta::assert_snapshot!(refuted(Rules::TrustsOneIdleLook));
}

#[test]
fn a_rule_book_that_retries_a_500_at_once_is_refuted() {
    insta::assert_snapshot!(refuted(Rules::RetriesA500AtOnce));
}

#[test]
fn a_rule_book_that_skips_the_settle_time_is_refuted() {
    insta::assert_snapshot!(refuted(Rules::SkipsTheSettleTime));
}

#[test]
fn a_rule_book_that_forgets_what_lingers_in_a_socket_is_refuted() {
    insta::assert_snapshot!(refuted(Rules::ForgetsWhatLingers));
}

#[test]
fn a_rule_book_that_sends_again_after_an_acceptance_is_refuted() {
    insta::assert_snapshot!(refuted(Rules::SendsAfterAnAcceptance));
}

#[test]
fn a_rule_book_that_takes_a_retry_to_pending_with_a_request_open_is_refuted() {
    insta::assert_snapshot!(refuted(Rules::RetriesWithARequestOpen));
}

#[test]
fn a_rule_book_that_believes_an_event_of_an_older_send_is_refuted() {
    insta::assert_snapshot!(refuted(Rules::BelievesAnOlderSend));
}

#[test]
fn a_rule_book_whose_rows_return_to_pending_whatever_another_campaign_has_asked_is_refuted() {
    insta::assert_snapshot!(refuted(Rules::ReturnsWithoutAsking));
}

#[test]
fn a_rule_book_that_asks_about_other_campaigns_only_at_load_is_refuted() {
    insta::assert_snapshot!(refuted(Rules::AsksOnlyAtLoad));
}

#[test]
fn an_engine_that_writes_the_intent_after_the_call_is_refuted() {
    insta::assert_snapshot!(refuted(Rules::WritesTheIntentAfterTheCall));
}
