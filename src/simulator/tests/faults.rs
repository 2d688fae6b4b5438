//! Faults, and what the ledger says of them.

use super::*;

fn with(name: &str) -> Simulator {
    simulator(|settings| assert!(settings.faults.set(name, 1.0)))
}

#[tokio::test(start_paused = true)]
async fn a_fault_before_the_effect_leaves_none() {
    for (fault, status) in [
        ("error_before", 500),
        ("conflict", 409),
        ("throttle", 429),
        ("maintenance", 405),
        ("unavailable", 503),
        ("refuse", 400),
    ] {
        let simulator = with(fault);
        assert_eq!(ask(&simulator, upgrade("c1")).await.0, status, "{fault}");
        let account = account(&simulator, "c1");
        assert_eq!((account.requests, account.effects, account.target_id), (1, 0, None), "{fault}");
    }
    let simulator = with("drop_before");
    assert_eq!(simulator.answer(upgrade("c1")).await.unwrap_err(), ConnectionLost);
    assert_eq!(account(&simulator, "c1").effects, 0);
}

#[tokio::test(start_paused = true)]
async fn a_fault_after_the_effect_hides_it_from_the_client_alone() {
    let simulator = with("error_after");
    assert_eq!(code(&simulator, upgrade("c1")).await, (500, "UNEXPECTED_ERROR".to_owned()));
    assert_eq!(account(&simulator, "c1").effects, 1);
    ask(&simulator, upgrade("c1")).await;
    let account_now = account(&simulator, "c1");
    assert_eq!((account_now.requests, account_now.effects, account_now.after_effect), (2, 1, 1));

    let simulator = with("drop_after");
    assert_eq!(simulator.answer(upgrade("c1")).await.unwrap_err(), ConnectionLost);
    assert_eq!(account(&simulator, "c1").effects, 1);
}

#[tokio::test(start_paused = true)]
async fn silence_takes_effect_half_of_the_time() {
    let names: Vec<_> = (0..100).map(|number| format!("c{number}")).collect();
    let clusters = names.iter().map(|name| shared(name)).collect();
    let simulator = world(clusters, |settings| settings.faults.silent = 1.0);
    for name in &names {
        let answer = tokio::time::timeout(Duration::from_mins(10), simulator.answer(upgrade(name))).await;
        assert!(answer.is_err());
    }
    let effects = names.iter().map(|name| account(&simulator, name).effects).sum::<u32>();
    assert!((30..70).contains(&effects), "{effects}");
}

#[tokio::test(start_paused = true)]
async fn who_follows_a_redirect_is_caught() {
    let simulator = with("redirect");
    let answer = simulator.answer(upgrade("c1")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(account(&simulator, "c1").effects, 0);
    let mut follow = Request::new(Bytes::new());
    *follow.uri_mut() = answer.headers()["location"].to_str().unwrap().parse().unwrap();
    assert_eq!(ask(&simulator, follow).await.0, 404);
    assert!(simulator.ledger().broken_rules[0].starts_with("followed a redirect"));
}

#[tokio::test(start_paused = true)]
async fn a_list_can_be_empty_while_its_clusters_exist() {
    let simulator = with("empty_list");
    let (status, list) = ask(&simulator, get("clusters", "2024-08-05")).await;
    assert_eq!((status, &list["results"]), (200, &json!([])));
    assert_eq!(ask(&simulator, get("clusters/c1", "2024-08-05")).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn an_empty_bucket_throttles_until_it_is_filled_again() {
    let bucket = Bucket { capacity: 2, refill: 2, per: Duration::from_mins(1) };
    let simulator = simulator(|settings| settings.limit = Some(bucket));
    for _ in 0..2 {
        assert_eq!(ask(&simulator, get("clusters/c1", "2024-08-05")).await.0, 200);
    }
    let answer = simulator.answer(upgrade("c1")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(json_of(&answer)["errorCode"], "RATE_LIMITED_TOKEN_BUCKET");
    let header = |name: &str| answer.headers()[name].to_str().unwrap();
    assert_eq!((header("retry-after"), header("ratelimit-limit"), header("ratelimit-remaining")), ("30", "2", "0"));
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(ask(&simulator, upgrade("c1")).await.0, 200);
    assert_eq!(simulator.ledger().throttled, 1);
}

#[tokio::test(start_paused = true)]
async fn the_order_of_requests_does_not_change_their_fortune() {
    let fortunes = async |names: [&str; 4]| {
        let clusters = names.iter().map(|name| shared(name)).collect();
        let simulator = world(clusters, |settings| settings.faults.error_before = 0.5);
        let mut fortunes = std::collections::BTreeMap::new();
        for name in names {
            fortunes.insert(name.to_owned(), ask(&simulator, upgrade(name)).await.0);
        }
        fortunes
    };
    assert_eq!(fortunes(["a", "b", "c", "d"]).await, fortunes(["d", "b", "a", "c"]).await);
}
