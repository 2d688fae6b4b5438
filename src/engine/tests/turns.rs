//! Projects take turns while there is something to do for them, and nobody waits for nothing.

use super::*;
use crate::engine::buffer::Buffer;
use crate::engine::claim::Claim;

fn claim(index: usize, state: State, due: Option<Millis>) -> Box<Claim> {
    let job = crate::domain::job::Job::new(2, &project(index), "c", Wanted::default(), START);
    Box::new(
        job.with(|job| {
            job.state = state;
            job.schedule.due_at = due;
        })
        .into(),
    )
}

/// The projects that are awake at `now`.
fn awake(buffer: &mut Buffer, now: Millis) -> Vec<String> {
    let turns: Vec<_> = (0..buffer.wake_due(now)).map_while(|_| buffer.next_turn()).collect();
    let names = turns.iter().map(ToString::to_string).collect();
    for turn in turns {
        buffer.go_on(turn);
    }
    names
}

#[test]
fn a_project_rests_until_a_job_comes_or_one_that_waits_becomes_due() {
    let (mut buffer, later) = (Buffer::default(), Millis(START.0 + 1000));
    buffer.push(claim(0, State::Upgrading, Some(later)));
    buffer.push(claim(1, State::Upgrading, Some(later)));
    for _ in 0..2 {
        let turn = buffer.next_turn().unwrap();
        buffer.rest(&turn);
    }
    assert_eq!((awake(&mut buffer, START), buffer.earliest()), (vec![], Some(later)));
    buffer.push(claim(1, State::Ready, None));
    assert_eq!(awake(&mut buffer, START), [project(1)]);
    assert_eq!(awake(&mut buffer, later), [project(1), project(0)]);
    assert_eq!(buffer.earliest(), None);
}

#[test]
fn a_project_in_which_nothing_waits_is_forgotten_and_comes_again() {
    let mut buffer = Buffer::default();
    buffer.push(claim(0, State::Ready, None));
    let turn = buffer.next_turn().unwrap();
    assert!(buffer.with(&turn, |queue| queue.next_ready(START)).flatten().is_some());
    buffer.go_on(turn);
    buffer.wake(&project(0));
    assert_eq!((awake(&mut buffer, START), buffer.is_empty()), (vec![], true));
    buffer.push(claim(0, State::Ready, None));
    assert_eq!(awake(&mut buffer, START), [project(0)]);
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_becomes_free_is_used_at_once_whatever_has_kept_the_others_waiting() {
    let limits = |in_flight, in_flight_per_project, workers| Limits {
        requests_per_minute: 1000,
        in_flight,
        in_flight_per_project,
        workers,
    };
    // One at a time in the campaign, one at a time in each project, one worker for all, and a limit for the campaign
    // that lets a project begin less than its own.
    let cases = [
        (limits(1, 5, 16), 1, false),
        (limits(100, 1, 16), 1, true),
        (limits(2, 5, 1), 2, false),
        (limits(4, 3, 16), 4, false),
    ];
    for (limits, at_once, apart) in cases {
        let mut harbour = Harbour::new(4, 3, quick(), |cluster| cluster).await;
        harbour.limits = limits;
        assert_eq!(harbour.run().await, Ending::Finished);
        harbour.keeps_both_promises().await;
        let rows = harbour.rows().await;
        for index in 0..if apart { 4 } else { 1 } {
            let of = |row: &&Row| !apart || row.job.project_id == project(index);
            let mut begun: Vec<_> = rows.iter().filter(of).filter_map(|row| row.job.request.submitted_at).collect();
            let mut ended: Vec<_> = rows.iter().filter(of).filter_map(|row| row.job.finished_at).collect();
            begun.sort();
            ended.sort();
            for (begun, free) in begun[at_once..].iter().zip(&ended) {
                let waited = begun.since(*free);
                assert!(waited <= Duration::from_secs(1), "{at_once} at once: {waited:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn with_one_worker_for_many_projects_each_has_its_turn() {
    let always = Durations::Between(Duration::from_secs(60), Duration::from_secs(60));
    let mut harbour =
        Harbour::new(12, 1, Settings { durations: always, ..Settings::default() }, |cluster| cluster).await;
    harbour.limits.workers = 1;
    (harbour.policy.first_look, harbour.policy.min_look) = (Duration::from_millis(50), Duration::from_millis(50));
    harbour.policy.max_look = Duration::from_millis(50);
    assert_eq!(harbour.run().await, Ending::Finished);
    let mut begun: Vec<_> = harbour.rows().await.iter().filter_map(|row| row.job.request.submitted_at).collect();
    begun.sort();
    let waited = begun[11].since(begun[0]);
    assert!(waited <= Duration::from_secs(20), "the last one began {waited:?} after the first");
}
