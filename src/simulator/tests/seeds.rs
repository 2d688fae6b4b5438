//! The same seed gives the same world, in every version of Drydock.

use std::fmt::Write as _;

use super::*;

/// Faults of every kind, each often enough to be seen.
fn all_faults() -> Faults {
    let mut faults = Faults { stale_for: Duration::from_secs(5), ..Faults::default() };
    for name in Faults::NAMES {
        assert!(faults.set(name, 0.12));
    }
    faults
}

/// One line on what a request was answered with.
async fn line(simulator: &Simulator, request: Request<Bytes>) -> String {
    let what = format!("{} {}", request.method(), request.uri().path().rsplit('/').next().unwrap_or_default());
    let answer = match tokio::time::timeout(Duration::from_millis(1), simulator.answer(request)).await {
        Err(_) => return format!("{what}: silence"),
        Ok(Err(lost)) => return format!("{what}: {lost}"),
        Ok(Ok(answer)) => answer,
    };
    let body = serde_json::from_slice::<Value>(answer.body()).unwrap_or_default();
    let id = body["id"].as_str().unwrap_or_default();
    let said = body["errorCode"].as_str().or_else(|| body["stateName"].as_str()).unwrap_or_default();
    let count = body["results"].as_array().map_or_else(String::new, |rows| format!(" {} rows", rows.len()));
    format!("{what}: {} {said}{count} {id}", answer.status().as_u16()).trim_end().to_owned()
}

fn upgrade_by(path: &str, version: &str, body: &Value) -> Request<Bytes> {
    let mut request = upgrade_with(body);
    let target = get(path, version);
    *request.uri_mut() = target.uri().clone();
    *request.headers_mut() = target.headers().clone();
    request.headers_mut().insert(CONTENT_TYPE, "application/json".parse().unwrap());
    request
}

#[tokio::test(start_paused = true)]
async fn the_answers_to_a_seed_never_change() {
    let clusters = ["c0", "c1", "c2", "c3"].map(shared).into_iter();
    let clusters = clusters.chain([shared("f0").at(Stage::Flex), shared("f1").at(Stage::Flex)]).collect();
    let simulator = world(clusters, |settings| {
        settings.seed = 42;
        settings.faults = all_faults();
        settings.durations = Durations::Around { median: Duration::from_secs(20), spread: 2.0 };
    });
    let place = |provider: &str, size: &str| json!({"providerName": provider, "backingProviderName": "AWS", "regionName": "US_EAST_1", "instanceSizeName": size});
    let region = json!({
        "providerName": "AWS", "regionName": "US_EAST_1", "priority": 7,
        "electableSpecs": {"instanceSize": "M10", "nodeCount": 3},
    });
    let mut told = String::new();
    for _ in 0..8 {
        let requests = [
            upgrade("c0"),
            upgrade_by(
                "clusters/tenantUpgrade",
                "2023-01-01",
                &json!({"name": "c1", "providerSettings": place("FLEX", "FLEX")}),
            ),
            upgrade_by(
                "clusters/tenantUpgrade",
                "2023-01-01",
                &json!({"name": "c2", "providerSettings": place("AWS", "M10")}),
            ),
            upgrade_by(
                "flexClusters:tenantUpgrade",
                "2024-11-13",
                &json!({"name": "f0", "clusterType": "REPLICASET", "replicationSpecs": [{"regionConfigs": [region]}]}),
            ),
            get("clusters/c0", "2024-08-05"),
            get("serverless/c0", "2023-01-01"),
            get("flexClusters/c1", "2024-11-13"),
            get("clusters/c2", "2024-08-05"),
            get("clusters/f0", "2024-08-05"),
            get("clusters", "2024-08-05"),
            get("serverless", "2023-01-01"),
            get("flexClusters", "2024-11-13"),
        ];
        for request in requests {
            writeln!(told, "{}", line(&simulator, request).await).unwrap();
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    let ledger = simulator.ledger();
    for ((_, name), account) in &ledger.entries {
        let (target, over) = (account.target_id.as_deref().unwrap_or("-"), account.over.map_or(0, |over| over.0));
        writeln!(told, "{name}: {} {} {target} {over}", account.requests, account.effects).unwrap();
    }
    writeln!(told, "{} {} {}", ledger.requests, ledger.upgrade_requests, ledger.throttled).unwrap();
    insta::assert_snapshot!(told);
}
