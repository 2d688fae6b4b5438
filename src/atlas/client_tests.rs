use std::time::Duration;

use super::*;
use crate::atlas::testing::{
    Desk, PROJECT, TIMEOUT, TOKEN, UPGRADE, account, always, answer, token, unauthorized, upgrade,
};
use crate::domain::code::Fault;
use crate::domain::operation::{CLUSTERS, SERVERLESS};

fn bearer() -> Credentials {
    Credentials::Bearer("eyJsecret".into())
}

fn desk(answers: impl Fn() -> Option<Response<Bytes>> + Send + Sync + 'static) -> std::sync::Arc<Desk> {
    Desk::open(Duration::ZERO, move |_, _| answers())
}

#[tokio::test]
async fn an_upgrade_is_one_signed_post_of_json() {
    let desk = desk(|| answer(200, r#"{"id":"6a793f6c2c88faeba59bb4cc","stateName":"UPDATING"}"#));
    let exchange = desk.client(bearer()).upgrade(&upgrade(), always()).await;
    assert_eq!(exchange.value, Answer::Accepted { id: Some("6a793f6c2c88faeba59bb4cc".to_owned()) });
    assert_eq!((exchange.method, exchange.path.as_str(), exchange.status), ("POST", UPGRADE, Some(200)));
    assert_eq!(desk.lines("authorization"), [format!("POST {UPGRADE} Bearer eyJsecret")]);
    assert_eq!(desk.lines("accept"), [format!("POST {UPGRADE} application/vnd.atlas.2023-01-01+json")]);
    assert_eq!(desk.lines("content-type"), [format!("POST {UPGRADE} application/json")]);
    let agent = format!("POST {UPGRADE} drydock/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(desk.lines("user-agent"), [agent]);
    assert_eq!(desk.last_body(), upgrade().body);
}

#[tokio::test]
async fn a_read_has_no_content_type_and_asks_for_500_rows() {
    let desk = desk(|| answer(200, r#"{"results":[]}"#));
    let exchange = desk.client(None).read_list(CLUSTERS, PROJECT, 3).await;
    let path = format!("/api/atlas/v2/groups/{PROJECT}/clusters");
    assert_eq!(exchange.path, format!("{path}?includeCount=false&itemsPerPage=500&pageNum=3"));
    assert_eq!(exchange.value, Ok(Page { clusters: vec![], last: true }));
    assert_eq!(desk.lines("content-type"), [format!("GET {path} -")]);
    assert_eq!(desk.lines("authorization"), [format!("GET {path} -")]);
    assert_eq!(desk.lines("accept"), [format!("GET {path} application/vnd.atlas.2024-08-05+json")]);
}

#[tokio::test]
async fn rates_and_a_sunset_are_reported_beside_the_answer() {
    let desk = desk(|| {
        let mut answer = answer(429, r#"{"error":429,"errorCode":"RATE_LIMITED_TOKEN_BUCKET"}"#)?;
        for (name, value) in [("retry-after", "55"), ("ratelimit-limit", "10"), ("ratelimit-remaining", "0")] {
            answer.headers_mut().insert(name, value.parse().unwrap());
        }
        answer.headers_mut().insert("sunset", "Thu, 15 Jan 2026 00:00:00 GMT".parse().unwrap());
        Some(answer)
    });
    let exchange = desk.client(bearer()).read_one(SERVERLESS, PROJECT, "c1").await;
    let retry_after = Some(Duration::from_secs(55));
    assert_eq!(exchange.value, Err(Answer::Throttled { retry_after }));
    let limits = Limits { retry_after, remaining: Some(0), limit: Some(10), bucket: None, host_unavailable: false };
    assert_eq!(exchange.limits, limits);
    assert_eq!(exchange.retired.as_deref(), Some("Sunset: Thu, 15 Jan 2026 00:00:00 GMT"));
}

#[tokio::test]
async fn a_second_send_after_a_401_is_asked_about_like_the_first() {
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let may_leave: MayLeave = std::sync::Arc::new(move || {
        let before = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if before == 0 { Ok(()) } else { Err(Fault::new("HELD", "held since the first")) }
    });
    let desk = Desk::open(Duration::ZERO, |_, request| match request.uri().path() {
        TOKEN => token("t1", 3600),
        _ => unauthorized(None, false),
    });
    let exchange = desk.client(account()).upgrade(&upgrade(), may_leave).await;
    assert_eq!(exchange.value, Answer::NeverSent(Fault::new("HELD", "held since the first")));
    assert_eq!((desk.count(UPGRADE), desk.count(TOKEN)), (1, 2));
    assert!(!exchange.limits.host_unavailable, "the host is as well as ever");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_in_time_leaves_the_effect_unknown() {
    let desk = Desk::open(2 * TIMEOUT, |_, _| None);
    let exchange = desk.client(bearer()).upgrade(&upgrade(), always()).await;
    assert!(matches!(exchange.value, Answer::Unknown(fault) if fault.code == "TIMED_OUT"));
    assert_eq!(exchange.ended.since(exchange.started), TIMEOUT);
    assert_eq!((exchange.status, exchange.limits.host_unavailable), (None, false));
}

#[tokio::test]
async fn a_dropped_connection_or_a_huge_answer_leaves_the_effect_unknown() {
    let lost = desk(|| None).client(bearer()).upgrade(&upgrade(), always()).await;
    assert!(matches!(lost.value, Answer::Unknown(fault) if fault.code == "CONNECTION_LOST"));
    let huge = desk(|| answer(200, vec![b' '; (8 << 20) + 1])).client(bearer()).upgrade(&upgrade(), always()).await;
    assert!(matches!(huge.value, Answer::Unknown(fault) if fault.code == "ANSWER_TOO_LARGE"));
}

#[tokio::test]
async fn a_missing_role_is_held_at_once_and_not_signed_again() {
    for code in ["USER_UNAUTHORIZED", "NOT_IN_GROUP", "USER_CANNOT_ACCESS_GROUP"] {
        let desk = Desk::open(Duration::ZERO, move |_, request| {
            if request.uri().path() == crate::atlas::testing::TOKEN {
                return crate::atlas::testing::token("token-1", 3600);
            }
            answer(401, format!(r#"{{"error":401,"errorCode":"{code}"}}"#))
        });
        let exchange = desk.client(account()).upgrade(&upgrade(), always()).await;
        assert!(matches!(exchange.value, Answer::ScopeHeld(hold) if hold.fault.code == code));
        assert_eq!(desk.count(UPGRADE), 1);
    }
}

#[tokio::test]
async fn a_bearer_token_that_is_refused_is_not_tried_again() {
    let desk = desk(|| unauthorized(None, false));
    let exchange = desk.client(bearer()).upgrade(&upgrade(), always()).await;
    assert!(matches!(exchange.value, Answer::ScopeHeld(_)));
    assert_eq!((desk.count(UPGRADE), exchange.status), (1, Some(401)));
}

#[tokio::test]
async fn a_token_that_an_error_repeats_is_not_handed_on() {
    let desk = desk(|| answer(400, r#"{"error":400,"errorCode":"X","detail":"bad Bearer eyJsecret"}"#));
    let exchange = desk.client(bearer()).upgrade(&upgrade(), always()).await;
    assert!(matches!(exchange.value, Answer::Refused(fault) if fault.detail == "bad Bearer ***"));
    assert!(!format!("{:?}", desk.client(bearer())).contains("eyJ"));
}

#[tokio::test]
async fn a_cluster_whose_name_holds_the_password_of_a_proxy_is_read_as_atlas_wrote_it() {
    let desk = desk(|| {
        answer(
            200,
            r#"{"id":"1","name":"warehouse-eu","stateName":"IDLE","providerSettings":{"providerName":"SERVERLESS"},
            "connectionStrings":{"standardSrv":"mongodb+srv://warehouse-eu.x.mongodb.net"}}"#,
        )
    });
    let client = desk.client(bearer());
    client.0.line.redactor.hide_url("http://svc:warehouse@proxy:3128");
    let Ok(Found::Cluster(seen)) = client.read_one(CLUSTERS, PROJECT, "warehouse-eu").await.value else {
        panic!("it is not found")
    };
    assert_eq!(seen.connection_string.as_deref(), Some("mongodb+srv://warehouse-eu.x.mongodb.net"));
    let words = format!("{:?}", client.read_one(CLUSTERS, PROJECT, "other").await.value);
    assert!(words.contains("***-eu") && !words.contains("warehouse"), "{words}");
}

#[tokio::test]
async fn an_answer_is_sorted_by_its_own_words_whatever_is_secret() {
    let desk = desk(|| answer(404, r#"{"error":404,"errorCode":"GROUP_NOT_FOUND","detail":"No NOT_FOUND."}"#));
    let client = desk.client(bearer());
    client.0.line.redactor.hide("GROUP_NOT_FOUND");
    let exchange = client.upgrade(&upgrade(), always()).await;
    assert!(matches!(&exchange.value, Answer::ScopeHeld(hold) if hold.fault.code == "***"), "{exchange:?}");
    assert_eq!(exchange.error_code.as_deref(), Some("***"));
}

#[tokio::test]
async fn calls_can_be_made_from_spawned_tasks() {
    let client = desk(|| answer(200, "{}")).client(bearer());
    let call = tokio::spawn(async move {
        client.ready(PROJECT).await.unwrap();
        client.read_one(CLUSTERS, PROJECT, "c1").await.value.unwrap_err();
        client.sign_out().await;
        client.upgrade(&upgrade(), always()).await.value
    });
    assert_eq!(call.await.unwrap(), Answer::Accepted { id: None });
}

#[tokio::test(start_paused = true)]
async fn a_token_that_takes_all_the_time_of_a_request_lets_nothing_be_sent() {
    let desk = Desk::open(TIMEOUT, |_, _| crate::atlas::testing::token("token-1", 3600));
    let exchange = desk.client(crate::atlas::testing::account()).upgrade(&upgrade(), always()).await;
    assert!(matches!(exchange.value, Answer::NotNow(_)));
    assert_eq!((desk.count(UPGRADE), exchange.ended.since(exchange.started)), (0, TIMEOUT));
}
