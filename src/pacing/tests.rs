use std::time::Duration;

use super::*;

const ONE: &[(EndpointSegment, u32)] = &[("clusters", 1)];

/// Asks for single permits as fast as it may, and returns when each was had, in milliseconds.
async fn greedy(per_minute: u32, span: Duration) -> Vec<i64> {
    let clock = Clock::starting_at(Millis(0));
    let mut pacing = Pacing::new(per_minute, clock);
    let mut had = Vec::new();
    while clock.now() < Millis(0).after(span) {
        match pacing.ask("p", ONE, Purpose::Look) {
            Permission::Go => had.push(clock.now().0),
            Permission::Later(at) => clock.sleep_until(at).await,
            Permission::LookFirst => unreachable!("these are looks"),
        }
    }
    had
}

#[tokio::test(start_paused = true)]
async fn the_quota_holds_in_any_minute_and_is_nearly_used() {
    for per_minute in [2, 3, 10, 100, 5000] {
        let had = greedy(per_minute, Duration::from_secs(300)).await;
        for (first, start) in had.iter().enumerate() {
            let within = had[first..].iter().take_while(|at| **at <= start + 60_000).count();
            assert!(within <= per_minute as usize, "{within} of {per_minute} from {start}");
        }
        assert!(had.len() >= (per_minute as usize - 1) * 3, "{} for {per_minute}", had.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_429_closes_its_project_alone_for_as_long_as_it_says() {
    let clock = Clock::starting_at(Millis(0));
    let mut pacing = Pacing::new(100, clock);
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
    let wait = Some(Duration::from_secs(7));
    pacing.over(
        "a",
        ONE,
        Purpose::Look,
        &[RateFeedback { throttled: true, retry_after: wait, answered: true, ..RateFeedback::default() }],
    );
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Later(Millis(7000)));
    assert_eq!(pacing.ask("b", ONE, Purpose::Look), Permission::Go);
    clock.sleep_until(Millis(7000)).await;
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_unavailable_is_probed_by_one() {
    let clock = Clock::starting_at(Millis(0));
    let mut pacing = Pacing::new(100, clock);
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
    pacing.over("a", ONE, Purpose::Look, &[RateFeedback { host_unavailable: true, ..RateFeedback::default() }]);
    let Permission::Later(at) = pacing.ask("b", ONE, Purpose::Look) else { panic!("the circuit breaker is open") };
    clock.sleep_until(at).await;
    assert_eq!(pacing.ask("b", ONE, Purpose::Look), Permission::Go);
    assert!(matches!(pacing.ask("c", ONE, Purpose::Look), Permission::Later(_)), "one probes, not two");
    pacing.over("", &[], Purpose::Look, &[]);
    assert_eq!(pacing.ask("c", ONE, Purpose::Send), Permission::LookFirst, "no upgrade request is risked on it");
    assert_eq!(pacing.ask("b", ONE, Purpose::Look), Permission::Go);
    pacing.over("", &[], Purpose::Look, &[]);
    assert_eq!(
        pacing.ask("c", ONE, Purpose::Look),
        Permission::Go,
        "a probe that never left lets the next one through"
    );
    pacing.over("c", ONE, Purpose::Look, &[RateFeedback { answered: true, ..RateFeedback::default() }]);
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
    assert_eq!(pacing.ask("b", ONE, Purpose::Look), Permission::Go);
}

#[tokio::test(start_paused = true)]
async fn a_spent_bucket_waits_and_a_missing_header_means_nothing() {
    let mut pacing = Pacing::new(100, Clock::starting_at(Millis(0)));
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
    pacing.over("a", ONE, Purpose::Look, &[RateFeedback { answered: true, ..RateFeedback::default() }]);
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
    pacing.over(
        "a",
        ONE,
        Purpose::Look,
        &[RateFeedback {
            answered: true,
            remaining: Some(0),
            limit: Some(50),
            set: "clusters",
            ..RateFeedback::default()
        }],
    );
    assert!(matches!(pacing.ask("a", ONE, Purpose::Look), Permission::Later(_)));
}

#[tokio::test(start_paused = true)]
async fn a_405_closes_the_way_to_upgrades_and_leaves_looks_alone() {
    let clock = Clock::starting_at(Millis(0));
    let mut pacing = Pacing::new(100, clock);
    assert_eq!(pacing.ask("a", ONE, Purpose::Send), Permission::Go);
    pacing.over("", &[], Purpose::Send, &[]);
    pacing.over(
        "a",
        ONE,
        Purpose::Send,
        &[RateFeedback { writes_closed: true, sent: true, answered: true, ..RateFeedback::default() }],
    );
    let Permission::Later(at) = pacing.ask("b", ONE, Purpose::Send) else { panic!("the circuit breaker is open") };
    assert_eq!(pacing.ask("b", ONE, Purpose::Look), Permission::Go);
    pacing.over("b", ONE, Purpose::Look, &[RateFeedback { answered: true, ..RateFeedback::default() }]);
    assert!(matches!(pacing.ask("b", ONE, Purpose::Send), Permission::Later(_)), "a look says nothing about writes");
    clock.sleep_until(at).await;
    assert_eq!(pacing.ask("b", ONE, Purpose::Send), Permission::Go);
    assert!(matches!(pacing.ask("c", ONE, Purpose::Send), Permission::Later(_)), "one probes, not two");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_stated_is_used_to_its_last_token_but_one_and_each_set_has_its_own() {
    let clock = Clock::starting_at(Millis(0));
    let mut pacing = Pacing::new(1000, clock);
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
    pacing.state(vec!["clusters"], Bucket { capacity: 10, refill: 120, per: Duration::from_mins(1) });
    for _ in 0..8 {
        assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
    }
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Later(Millis(500)));
    assert_eq!(pacing.ask("a", &[("flexClusters", 1)], Purpose::Look), Permission::Go);
    assert_eq!(pacing.ask("a", &[("flexClusters", 1), ("clusters", 1)], Purpose::Look), Permission::Later(Millis(500)));
    assert_eq!(pacing.ask("b", ONE, Purpose::Look), Permission::Go, "another project has another bucket");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_is_learned_from_a_429_and_from_headers() {
    let clock = Clock::starting_at(Millis(0));
    let mut pacing = Pacing::new(1000, clock);
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
    let bucket = Some(Bucket { capacity: 10, refill: 60, per: Duration::from_mins(1) });
    let report = RateFeedback {
        throttled: true,
        answered: true,
        retry_after: Some(Duration::from_secs(1)),
        set: "clusters",
        ..RateFeedback::default()
    };
    pacing.over("a", ONE, Purpose::Look, &[RateFeedback { bucket, remaining: Some(0), limit: Some(10), ..report }]);
    clock.sleep_until(Millis(1000)).await;
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Later(Millis(2000)));
    // Of the capacity alone it is learned how many go at once.
    assert_eq!(pacing.ask("b", ONE, Purpose::Look), Permission::Go);
    let header =
        RateFeedback { answered: true, limit: Some(5), remaining: Some(4), set: "clusters", ..RateFeedback::default() };
    pacing.over("b", ONE, Purpose::Look, &[header]);
    let mut went = 0;
    while pacing.ask("b", ONE, Purpose::Look) == Permission::Go {
        went += 1;
    }
    assert_eq!(went, 3);
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_years_is_told_and_tried_again_after_an_hour_or_when_an_operator_says_so() {
    let clock = Clock::starting_at(Millis(0));
    let mut pacing = Pacing::new(100, clock);
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
    let years = Some(Duration::from_secs(1_000_000_000));
    pacing.over(
        "a",
        ONE,
        Purpose::Look,
        &[RateFeedback { throttled: true, retry_after: years, answered: true, ..RateFeedback::default() }],
    );
    let (until, again) = (Millis(1_000_000_000_000), Millis(3_600_000));
    assert_eq!(pacing.asked(), Some(&Asked { wait: AskedWait { until, again }, project: Some("a".to_owned()) }));
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Later(again));
    pacing.bring_forward();
    assert_eq!((pacing.asked().cloned(), pacing.ask("a", ONE, Purpose::Look)), (None, Permission::Go));
    pacing.over(
        "a",
        ONE,
        Purpose::Look,
        &[RateFeedback { throttled: true, retry_after: years, answered: true, ..RateFeedback::default() }],
    );
    clock.sleep_until(again).await;
    assert_eq!((pacing.asked().cloned(), pacing.ask("a", ONE, Purpose::Look)), (None, Permission::Go));
}

#[tokio::test(start_paused = true)]
async fn endpoints_that_are_listed_in_one_set_share_one_bucket() {
    let mut pacing = Pacing::new(1000, Clock::starting_at(Millis(0)));
    let bucket = Bucket { capacity: 10, refill: 120, per: Duration::from_mins(1) };
    pacing.state(vec!["clusters", "flexClusters"], bucket);
    let both: &[(EndpointSegment, u32)] = &[("clusters", 1), ("flexClusters", 1)];
    for _ in 0..4 {
        assert_eq!(pacing.ask("a", both, Purpose::Look), Permission::Go);
    }
    assert_eq!(pacing.ask("a", both, Purpose::Look), Permission::Later(Millis(500)));
    assert_eq!(pacing.ask("a", &[("flexClusters", 1)], Purpose::Look), Permission::Go);
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Later(Millis(500)));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_falls_by_another_sets_requests_is_noticed_to_be_shared() {
    let mut pacing = Pacing::new(1000, Clock::starting_at(Millis(0)));
    let both: &[(EndpointSegment, u32)] = &[("clusters", 1), ("flexClusters", 1)];
    assert_eq!(pacing.ask("a", both, Purpose::Look), Permission::Go);
    let told = |set, remaining| RateFeedback {
        set,
        answered: true,
        limit: Some(10),
        remaining: Some(remaining),
        ..RateFeedback::default()
    };
    pacing.over("a", both, Purpose::Look, &[told("clusters", 9), told("flexClusters", 8)]);
    let mut went = 0;
    while pacing.ask("a", ONE, Purpose::Look) == Permission::Go {
        went += 1;
    }
    assert_eq!(went, 7, "of ten, two are spent and one is kept in hand");
    assert!(
        matches!(pacing.ask("a", &[("flexClusters", 1)], Purpose::Look), Permission::Later(_)),
        "it is the same bucket"
    );
    // So it is where somebody else has drawn from it, too.
    assert_eq!(pacing.ask("c", both, Purpose::Look), Permission::Go);
    pacing.over("c", both, Purpose::Look, &[told("clusters", 8), told("flexClusters", 7)]);
    while pacing.ask("c", ONE, Purpose::Look) == Permission::Go {}
    assert!(matches!(pacing.ask("c", &[("flexClusters", 1)], Purpose::Look), Permission::Later(_)));
    // Each by itself, as far as anybody can tell.
    assert_eq!(pacing.ask("b", both, Purpose::Look), Permission::Go);
    pacing.over("b", both, Purpose::Look, &[told("clusters", 9), told("flexClusters", 9)]);
    while pacing.ask("b", ONE, Purpose::Look) == Permission::Go {}
    assert_eq!(pacing.ask("b", &[("flexClusters", 1)], Purpose::Look), Permission::Go);
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_when_a_bucket_turns_out_to_be_shared_counts() {
    let mut pacing = Pacing::new(1000, Clock::starting_at(Millis(0)));
    let both: &[(EndpointSegment, u32)] = &[("clusters", 1), ("flexClusters", 1)];
    assert_eq!(pacing.ask("a", both, Purpose::Look), Permission::Go);
    for _ in 0..3 {
        assert_eq!(pacing.ask("a", ONE, Purpose::Send), Permission::Go);
    }
    // Atlas has counted the look's two, and not the three that are under way.
    let of = |set, remaining| RateFeedback { set, ..left(remaining) };
    pacing.over("a", both, Purpose::Look, &[of("clusters", 9), of("flexClusters", 8)]);
    assert_eq!(greedily(&mut pacing, "a", ONE), 4, "of ten, five are spent and one is kept in hand");
    assert!(matches!(pacing.ask("a", &[("flexClusters", 1)], Purpose::Look), Permission::Later(_)));
}

/// How many of `needs` go at once in `project`.
fn greedily(pacing: &mut Pacing, project: &str, needs: &[(EndpointSegment, u32)]) -> u32 {
    let mut went = 0;
    while pacing.ask(project, needs, Purpose::Look) == Permission::Go {
        went += 1;
    }
    went
}

fn left(remaining: u32) -> RateFeedback {
    let (limit, remaining) = (Some(10), Some(remaining));
    RateFeedback { set: "clusters", answered: true, limit, remaining, ..RateFeedback::default() }
}

#[tokio::test(start_paused = true)]
async fn how_fast_a_bucket_fills_that_nobody_states_is_asked_of_its_headers_and_not_of_the_quota() {
    let clock = Clock::starting_at(Millis(0));
    let mut pacing = Pacing::new(60_000, clock);
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
    pacing.over("a", ONE, Purpose::Look, &[left(9)]);
    assert_eq!(greedily(&mut pacing, "a", ONE), 8, "one is spent, one kept in hand");
    for remaining in (1..9).rev() {
        pacing.over("a", ONE, Purpose::Look, &[left(remaining)]);
    }
    // It fills with two a second, and is asked again after one second.
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Later(Millis(1_000)));
    clock.sleep_until(Millis(1_000)).await;
    assert_eq!(greedily(&mut pacing, "a", ONE), 1);
    pacing.over("a", ONE, Purpose::Look, &[left(2)]);
    assert_eq!(greedily(&mut pacing, "a", ONE), 1, "there was one more than reckoned with");
    pacing.over("a", ONE, Purpose::Look, &[left(1)]);
    clock.sleep_until(Millis(4_000)).await;
    assert_eq!(greedily(&mut pacing, "a", ONE), 3);
    for remaining in (4..7).rev() {
        pacing.over("a", ONE, Purpose::Look, &[left(remaining)]);
    }
    assert_eq!(greedily(&mut pacing, "a", ONE), 3);
    for remaining in (1..4).rev() {
        pacing.over("a", ONE, Purpose::Look, &[left(remaining)]);
    }
    let Permission::Later(at) = pacing.ask("a", ONE, Purpose::Look) else { panic!("only the one in hand is left") };
    assert!((4_500..4_700).contains(&at.0), "by now it is known that two come in a second, nearly: {at:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_429_states_of_a_bucket_holds_for_those_of_its_size_in_other_projects() {
    let clock = Clock::starting_at(Millis(0));
    let mut pacing = Pacing::new(60_000, clock);
    let bucket = Some(Bucket { capacity: 10, refill: 120, per: Duration::from_mins(1) });
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
    pacing.over("a", ONE, Purpose::Look, &[RateFeedback { throttled: true, bucket, ..left(0) }]);
    assert_eq!(pacing.ask("b", ONE, Purpose::Look), Permission::Go);
    pacing.over("b", ONE, Purpose::Look, &[left(0)]);
    assert_eq!(pacing.ask("b", ONE, Purpose::Look), Permission::Later(Millis(500)));
}

#[tokio::test(start_paused = true)]
async fn after_a_429_without_a_bucket_a_token_takes_as_long_as_it_asked_to_wait() {
    let clock = Clock::starting_at(Millis(0));
    let mut pacing = Pacing::new(60_000, clock);
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
    let wait = Some(Duration::from_secs(12));
    pacing.over("a", ONE, Purpose::Look, &[RateFeedback { throttled: true, retry_after: wait, ..left(0) }]);
    clock.sleep_until(Millis(12_000)).await;
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Go);
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Later(Millis(24_000)), "one token came, not nine");
    pacing.over("a", ONE, Purpose::Look, &[left(0)]);
    assert_eq!(pacing.ask("a", ONE, Purpose::Look), Permission::Later(Millis(24_000)));
}
