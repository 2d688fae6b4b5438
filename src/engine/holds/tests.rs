use std::time::Duration;

use super::*;
use crate::domain::code::Fault;

const NOW: Millis = Millis(1_000_000);
const MINUTE: Duration = Duration::from_mins(1);

fn hold(reach: Reach, release: Release) -> Hold {
    Hold { reach, release, fault: Fault::new("CODE", "why") }
}

fn in_two() -> Holds {
    let holds = Holds::default();
    let of = |project: &str, organisation: &str| (project.to_owned(), organisation.to_owned());
    holds.learn(Finding::Known([of("p1", "o1"), of("p2", "o1"), of("p3", "o2")].into()));
    holds
}

fn room(holds: &Holds, now: Millis) -> [usize; 3] {
    ["p1", "p2", "p3"].map(|project| holds.room_in(project, now).min(9))
}

#[test]
fn a_hold_covers_its_scope_and_nothing_else() {
    for (reach, expected) in
        [(Reach::Project, [0, 9, 9]), (Reach::Organisation, [0, 0, 9]), (Reach::Campaign, [0, 0, 0])]
    {
        let holds = in_two();
        holds.add(&hold(reach, Release::Operator), "p1", NOW);
        assert_eq!(room(&holds, NOW.after(60 * MINUTE)), expected, "{reach:?}");
    }
}

#[test]
fn one_project_probes_with_one_job_at_a_time_and_each_time_later() {
    let holds = in_two();
    holds.add(&hold(Reach::Organisation, Release::Probe), "p1", NOW);
    assert_eq!(room(&holds, NOW), [0, 0, 9]);
    let mut now = NOW.after(MINUTE);
    for wait in [2, 4, 8, 15, 15] {
        assert_eq!(room(&holds, now), [1, 1, 9]);
        holds.begins("p2", now);
        assert_eq!(room(&holds, now), [0, 1, 9], "it is up to p2");
        holds.sends(7, "p2", now);
        assert_eq!(room(&holds, now), [0, 0, 9]);
        assert!(holds.may_send(7, "p2") && !holds.may_send(8, "p2"));
        holds.over(8, ProbeOutcome::Through, now);
        holds.over(7, ProbeOutcome::Nothing, now);
        assert_eq!(room(&holds, now), [0, 1, 9], "no request was made");
        holds.sends(7, "p2", now);
        holds.over(7, ProbeOutcome::InVain, now);
        assert_eq!(holds.next_probe(now), Some(now.after(wait * MINUTE)));
        now = now.after(wait * MINUTE);
    }
    holds.sends(9, "p1", now);
    holds.over(9, ProbeOutcome::Through, now);
    assert_eq!(room(&holds, now), [9, 9, 9]);
    assert_eq!(holds.unwritten().lifted, [(Scope::Organisation("o1".into()), "a request got through")]);
}

#[test]
fn a_project_that_does_not_use_its_turn_loses_it() {
    let holds = in_two();
    holds.add(&hold(Reach::Organisation, Release::Probe), "p1", NOW);
    let now = NOW.after(MINUTE);
    holds.begins("p2", now);
    assert_eq!(room(&holds, now.after(MINUTE)), [1, 1, 9]);
}

#[test]
fn the_table_lifts_what_it_has_and_not_what_it_has_not_heard_of() {
    let holds = in_two();
    holds.add(&hold(Reach::Project, Release::Operator), "p1", NOW);
    assert!(!holds.follow(Vec::new(), NOW), "it is not written yet");
    let unwritten = holds.unwritten();
    holds.written(&unwritten);
    assert!(!holds.follow(unwritten.held.clone(), NOW));
    assert!(holds.follow(Vec::new(), NOW));
    assert_eq!(room(&holds, NOW), [9, 9, 9]);
}

#[test]
fn a_project_waits_until_it_is_known_how_far_its_answer_reaches() {
    let holds = in_two();
    holds.asking("p1");
    assert_eq!(room(&holds, NOW), [0, 9, 9]);
    assert!(!holds.may_send(1, "p1") && holds.may_send(1, "p2"));
}

#[test]
fn while_the_organisations_are_unknown_a_hold_on_one_covers_all() {
    let holds = Holds::default();
    let (scope, release) = (Scope::Organisation("o1".into()), Release::Operator);
    holds.follow(vec![Held { scope, release, fault: Fault::new("CODE", "why"), since: NOW }], NOW);
    assert!(holds.wants_organisations());
    assert_eq!(room(&holds, NOW), [0, 0, 0]);
    holds.learn(Finding::Nothing);
    assert_eq!(room(&holds, NOW), [0, 0, 0]);
    holds.learn(Finding::Known([("p1".to_owned(), "o1".to_owned())].into()));
    assert_eq!(room(&holds, NOW), [0, 9, 9]);
}

#[test]
fn what_an_operator_has_to_set_right_is_not_hidden_by_what_ends_by_itself() {
    let holds = in_two();
    holds.add(&hold(Reach::Organisation, Release::Probe), "p1", NOW);
    holds.written(&holds.unwritten());
    holds.add(&hold(Reach::Organisation, Release::Operator), "p1", NOW);
    assert!(holds.waits_for_operator("p2") && !holds.waits_for_operator("p3"));
    let Unwritten { lifted, held } = holds.unwritten();
    assert_eq!((lifted.len(), held.len()), (1, 1));
    holds.add(&hold(Reach::Organisation, Release::Probe), "p2", NOW);
    assert_eq!(holds.list(), held);
}

#[test]
fn a_scope_that_is_held_again_before_its_release_is_written_stays_held() {
    let holds = in_two();
    holds.add(&hold(Reach::Project, Release::Probe), "p1", NOW);
    let table = holds.unwritten().held;
    holds.written(&holds.unwritten());
    let later = NOW.after(MINUTE);
    holds.sends(7, "p1", later);
    holds.over(7, ProbeOutcome::Through, later);
    holds.add(&hold(Reach::Project, Release::Probe), "p1", later);
    holds.follow(table, later);
    assert_eq!(room(&holds, later), [0, 9, 9]);
    assert_eq!(holds.unwritten().lifted.len(), 1);
    assert_eq!(holds.brought_by(&hold(Reach::Project, Release::Probe), "p1").map(|held| held.since), Some(later));
}
