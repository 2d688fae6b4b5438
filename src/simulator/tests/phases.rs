//! What an upgrade and its reads show, and what is refused.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_upgrade_passes_through_its_phases_in_order() {
    let simulator = simulator(|_| {});
    let (status, before) = ask(&simulator, get("clusters/c1", "2023-01-01")).await;
    assert_eq!((status, &before["stateName"]), (200, &json!("IDLE")));
    assert_eq!(before["providerSettings"]["providerName"], "TENANT");

    let (status, accepted) = ask(&simulator, upgrade("c1")).await;
    assert_eq!((status, &accepted["stateName"], &accepted["id"]), (200, &json!("UPDATING"), &before["id"]));

    tokio::time::sleep(Duration::from_secs(5)).await;
    let (_, old) = ask(&simulator, get("clusters/c1", "2025-03-12")).await;
    assert_eq!((&old["stateName"], &old["id"]), (&json!("UPDATING"), &before["id"]));
    assert_eq!(old["replicationSpecs"][0]["regionConfigs"][0]["electableSpecs"]["instanceSize"], "M0");
    let early = code(&simulator, get("serverless/c1", "2023-01-01")).await;
    assert_eq!(early, (400, "CANNOT_USE_CLUSTER_IN_SERVERLESS_INSTANCE_API".to_owned()));

    tokio::time::sleep(Duration::from_secs(2)).await;
    let (_, new) = ask(&simulator, get("serverless/c1", "2023-01-01")).await;
    assert_eq!((&new["stateName"], &new["connectionStrings"]), (&json!("UPDATING"), &json!({})));
    assert_ne!(new["id"], before["id"]);
    assert_eq!(new["createDate"], "2027-01-15T08:00:00Z");
    let late = code(&simulator, get("clusters/c1", "2023-01-01")).await;
    assert_eq!(late, (400, "CANNOT_USE_SERVERLESS_INSTANCE_IN_CLUSTER_API".to_owned()));

    tokio::time::sleep(Duration::from_secs(3)).await;
    let (_, done) = ask(&simulator, get("serverless/c1", "2023-01-01")).await;
    assert_eq!((&done["stateName"], &done["id"]), (&json!("IDLE"), &new["id"]));
    assert!(done["connectionStrings"]["standardSrv"].as_str().unwrap().starts_with("mongodb+srv://c1."));
    let account = account(&simulator, "c1");
    assert_eq!((account.requests, account.effects, account.after_effect), (1, 1, 0));
    assert_eq!(json!(account.target_id), new["id"]);
    assert_eq!(json!(account.source_id), before["id"]);
    assert_eq!(simulator.ledger().broken_rules, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn stale_reads_end_when_their_time_is_over() {
    let simulator = simulator(|settings| {
        settings.faults.stale = 1.0;
        settings.faults.stale_for = Duration::from_secs(3);
    });
    ask(&simulator, upgrade("c1")).await;
    for second in 0..6 {
        let (_, look) = ask(&simulator, get("clusters/c1", "2024-08-05")).await;
        assert_eq!(look["stateName"], if second < 3 { "IDLE" } else { "UPDATING" }, "{second}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_is_rolled_back_leaves_the_old_cluster_idle() {
    let simulator = simulator(|settings| settings.faults.roll_back = 1.0);
    ask(&simulator, upgrade("c1")).await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert_eq!(ask(&simulator, get("clusters/c1", "2024-08-05")).await.1["stateName"], "UPDATING");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (_, look) = ask(&simulator, get("clusters/c1", "2024-08-05")).await;
    assert_eq!((&look["stateName"], &look["id"]), (&json!("IDLE"), &json!(shared("c1").id)));
    assert_eq!((account(&simulator, "c1").effects, account(&simulator, "c1").target_id), (1, None));
}

#[tokio::test(start_paused = true)]
async fn only_an_idle_shared_cluster_is_upgraded() {
    let simulator = world(
        vec![
            shared("busy").at(Stage::Upgrading { since: START, path: UpgradePath::SHARED_TO_SERVERLESS }),
            shared("done").at(Stage::Serverless),
            shared("flex").at(Stage::Flex),
            shared("m10").at(Stage::Dedicated),
            shared("none").at(Stage::Missing),
            shared("paused").at(Stage::Paused),
        ],
        |_| {},
    );
    for (name, status, wanted) in [
        ("busy", 409, "SIMULATED_UPGRADE_ALREADY_RUNNING"),
        ("done", 400, "CANNOT_USE_SERVERLESS_INSTANCE_IN_CLUSTER_API"),
        ("flex", 400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API"),
        ("m10", 400, "TENANT_CLUSTER_UPDATE_UNSUPPORTED"),
        ("none", 404, "CLUSTER_NOT_FOUND"),
        ("nobody", 404, "CLUSTER_NOT_FOUND"),
        ("paused", 409, "CANNOT_UPDATE_PAUSED_CLUSTER"),
    ] {
        assert_eq!(code(&simulator, upgrade(name)).await, (status, wanted.to_owned()), "{name}");
        assert_eq!(account(&simulator, name).effects, 0);
    }
    assert_eq!(account(&simulator, "busy").after_effect, 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_as_it_must_be_is_refused_and_noted() {
    let simulator = simulator(|_| {});
    let provider = json!({"backingProviderName": "AWS", "regionName": "US_EAST_1"});
    for body in [
        json!([]),
        json!({"providerSettings": provider}),
        json!({"name": "c1"}),
        json!({"name": "-c1", "providerSettings": provider}),
        json!({"name": "c1", "providerSettings": {"backingProviderName": "ibm", "regionName": "X"}}),
        json!({"name": "c1", "providerSettings": {"backingProviderName": "AWS"}}),
        json!({"name": "c1", "providerSettings": provider, "nmae": 1}),
        json!({"name": "c1", "providerSettings": provider, "tags": [{"key": "a"}]}),
    ] {
        assert_eq!(code(&simulator, upgrade_with(&body)).await, (400, "VALIDATION_ERROR".to_owned()), "{body}");
    }
    let mut bare = upgrade("c1");
    bare.headers_mut().remove(CONTENT_TYPE);
    assert_eq!(code(&simulator, bare).await, (400, "UNSUPPORTED_MEDIA_TYPE".to_owned()));
    assert_eq!(simulator.ledger().broken_rules.len(), 9);
    assert_eq!(account(&simulator, "c1").effects, 0);
}

#[tokio::test(start_paused = true)]
async fn lists_come_in_pages_and_each_api_shows_its_own() {
    let mut clusters: Vec<_> = (0..5).map(|number| shared(&format!("c{number}"))).collect();
    clusters.push(shared("s").at(Stage::Serverless));
    clusters.push(shared("f").at(Stage::Flex));
    let simulator = world(clusters, |_| {});
    let names = |list: &Value| -> Vec<String> {
        list["results"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let (_, page) = ask(&simulator, get("clusters?itemsPerPage=3&pageNum=2", "2024-08-05")).await;
    assert_eq!((names(&page), &page["totalCount"]), (vec!["c3".to_owned(), "c4".to_owned()], &json!(5)));
    assert_eq!(names(&ask(&simulator, get("serverless", "2023-01-01")).await.1), ["s"]);
    assert_eq!(names(&ask(&simulator, get("flexClusters", "2024-11-13")).await.1), ["f"]);
    assert_eq!(ask(&simulator, get("flexClusters/f", "2025-01-01")).await.1["stateName"], "IDLE");
    assert_eq!(ask(&simulator, get("clusters?itemsPerPage=501", "2024-08-05")).await.0, 400);
}

#[tokio::test(start_paused = true)]
async fn a_replaced_cluster_has_another_id() {
    let simulator = simulator(|_| {});
    simulator.replace(GROUP, "c1");
    let (_, look) = ask(&simulator, get("clusters/c1", "2024-08-05")).await;
    assert_ne!(look["id"], json!(shared("c1").id));
    assert_eq!(look["stateName"], "IDLE");
}

#[tokio::test(start_paused = true)]
async fn a_world_built_anew_goes_on_where_the_old_one_was() {
    let old = simulator(|_| {});
    ask(&old, upgrade("c1")).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let (_, before) = ask(&old, get("serverless/c1", "2023-01-01")).await;

    let half_way = START.after(Duration::from_secs(4));
    let clusters = vec![shared("c1").at(Stage::Upgrading { since: START, path: UpgradePath::SHARED_TO_SERVERLESS })];
    let settings = Settings { durations: ten_seconds(), ..Settings::default() };
    let new = Simulator::new(clusters, settings, Clock::starting_at(half_way));
    assert_eq!(ask(&new, get("clusters/c1", "2024-08-05")).await.1["stateName"], "UPDATING");
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(ask(&new, get("serverless/c1", "2023-01-01")).await.1, before);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_upgrades_in_one_project_are_a_thousand_rows() {
    let names: Vec<_> = (0..1_000).map(|number| format!("c{number:05}")).collect();
    let simulator = world(names.iter().map(|name| shared(name)).collect(), |settings| {
        settings.limit = Some(Bucket { capacity: 100_000, refill: 1, per: Duration::from_secs(1) });
    });
    for name in &names {
        assert_eq!(ask(&simulator, upgrade(name)).await.0, 200);
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    for page in 1..=2 {
        let (_, list) =
            ask(&simulator, get(&format!("serverless?itemsPerPage=500&pageNum={page}"), "2023-01-01")).await;
        assert!(list["results"].as_array().unwrap().iter().all(|one| one["stateName"] == "IDLE"));
    }
    assert!(simulator.ledger().entries.values().all(|account| account.effects == 1 && account.after_effect == 0));
}
