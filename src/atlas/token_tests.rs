use std::time::Duration;

use super::*;
use crate::atlas::testing::{Desk, PROJECT, TOKEN, UPGRADE, account, always, answer, token, unauthorized, upgrade};
use crate::domain::event::Answer;

/// Hands out `token-0001`, `token-0002`, ...; `api` answers everything else.
fn desk(api: impl Fn(&str) -> Option<Response<Bytes>> + Send + Sync + 'static) -> std::sync::Arc<Desk> {
    let fetched = std::sync::atomic::AtomicU32::new(0);
    Desk::open(Duration::from_millis(100), move |_, request| {
        if request.uri().path() == TOKEN {
            let number = 1 + fetched.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            return token(&format!("token-{number:04}"), 1000);
        }
        api(request.headers().get("authorization").map_or("", |value| value.to_str().unwrap()))
    })
}

#[tokio::test(start_paused = true)]
async fn a_token_is_fetched_once_for_sixteen_calls_at_the_same_time() {
    let desk = desk(|_| answer(200, "{}"));
    let client = desk.client(account());
    let upgrade = upgrade();
    let calls = (0..16).map(|_| client.upgrade(&upgrade, always()));
    for exchange in futures_util::future::join_all(calls).await {
        assert_eq!(exchange.value, Answer::Accepted { id: None });
    }
    assert_eq!((desk.count(TOKEN), desk.count(UPGRADE)), (1, 16));
    assert_eq!(
        desk.lines("authorization")[0],
        format!("POST {TOKEN} Basic {}", STANDARD.encode("mdb_sa_id_1:mdb+sa%2Fsk"))
    );
    assert_eq!(desk.lines("authorization")[1], format!("POST {UPGRADE} Bearer token-0001"));
    assert_eq!(desk.lines("content-type")[0], format!("POST {TOKEN} application/x-www-form-urlencoded"));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_when_nine_tenths_of_its_life_have_passed() {
    let desk = desk(|_| None);
    let client = desk.client(account());
    client.ready(PROJECT).await.unwrap();
    tokio::time::sleep(Duration::from_millis(899_500)).await;
    client.ready(PROJECT).await.unwrap();
    assert_eq!(desk.count(TOKEN), 1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    futures_util::future::join_all((0..16).map(|_| client.ready(PROJECT))).await;
    assert_eq!(desk.count(TOKEN), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_fetched_anew_once_for_all_and_the_request_sent_again() {
    let desk = desk(|header| if header == "Bearer token-0001" { unauthorized(None, false) } else { answer(200, "{}") });
    let client = desk.client(account());
    let upgrade = upgrade();
    let calls = (0..16).map(|_| client.upgrade(&upgrade, always()));
    for exchange in futures_util::future::join_all(calls).await {
        assert_eq!(exchange.value, Answer::Accepted { id: None });
    }
    assert_eq!((desk.count(TOKEN), desk.count(UPGRADE)), (2, 32));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_signed_anew_only_once() {
    let desk = desk(|_| unauthorized(None, false));
    let exchange = desk.client(account()).upgrade(&upgrade(), always()).await;
    assert!(matches!(exchange.value, Answer::ScopeHeld(_)));
    assert_eq!((desk.count(TOKEN), desk.count(UPGRADE)), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_401_without_an_error_document_is_unknown_and_not_sent_again() {
    let desk = desk(|_| answer(401, "<html>"));
    let client = desk.client(account());
    assert!(matches!(client.upgrade(&upgrade(), always()).await.value, Answer::Unknown(_)));
    assert_eq!(desk.count(UPGRADE), 1);
    client.ready(PROJECT).await.unwrap();
    assert_eq!(desk.count(TOKEN), 2, "the token is not used again all the same");
}

#[tokio::test(start_paused = true)]
async fn a_failed_fetch_counts_for_all_who_waited_and_until_atlas_says() {
    let desk = Desk::open(Duration::from_millis(100), |_, _| {
        let mut answer = answer(429, r#"{"error":429,"errorCode":"RATE_LIMITED","detail":"Too many."}"#)?;
        answer.headers_mut().insert("retry-after", "20".parse().unwrap());
        Some(answer)
    });
    let client = desk.client(account());
    for ready in futures_util::future::join_all((0..16).map(|_| client.ready(PROJECT))).await {
        let error = ready.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(20)));
        assert!(matches!(error, SignInError::Later { fault, .. } if fault.code == "RATE_LIMITED"));
    }
    assert_eq!(desk.count(TOKEN), 1);
    assert!(matches!(client.upgrade(&upgrade(), always()).await.value, Answer::NotNow(_)), "nothing was sent");
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(client.ready(PROJECT).await.is_err());
    assert_eq!((desk.count(TOKEN), desk.count(UPGRADE)), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_token_endpoint_that_asks_for_years_is_asked_again_after_an_hour() {
    let desk = Desk::open(Duration::ZERO, |_, _| {
        let mut answer = answer(429, r#"{"error":429,"errorCode":"RATE_LIMITED","detail":"Too many."}"#)?;
        answer.headers_mut().insert("retry-after", "1000000000".parse().unwrap());
        Some(answer)
    });
    let client = desk.client(account());
    for (minutes, asked) in [(0, 1), (59, 1), (1, 2)] {
        tokio::time::sleep(Duration::from_mins(minutes)).await;
        assert!(client.ready(PROJECT).await.is_err());
        assert_eq!(desk.count(TOKEN), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_is_no_failure_while_the_old_token_lives() {
    let desk = Desk::open(Duration::ZERO, |before, _| if before == 0 { token("token-0001", 1000) } else { None });
    let client = desk.client(account());
    client.ready(PROJECT).await.unwrap();
    tokio::time::sleep(Duration::from_secs(950)).await;
    client.ready(PROJECT).await.unwrap();
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(matches!(client.ready(PROJECT).await, Err(SignInError::Later { .. })));
}

#[tokio::test]
async fn wrong_credentials_are_refused_without_telling_the_secret() {
    let body = r#"{"error":"invalid_client","error_description":"No client mdb sa/sk."}"#;
    let desk = Desk::open(Duration::ZERO, move |_, _| answer(401, body));
    let client = desk.client(account());
    let Err(SignInError::Refused(fault)) = client.ready(PROJECT).await else { panic!("it was let in") };
    assert_eq!(fault.code, "invalid_client");
    assert!(!fault.detail.contains("sa/sk"), "{}", fault.detail);
    assert!(matches!(client.upgrade(&upgrade(), always()).await.value, Answer::ScopeHeld(_)));
}

#[tokio::test]
async fn a_full_house_of_tokens_is_waited_for() {
    let body = r#"{"error":"access_denied","error_description":"Access Token limit reached."}"#;
    let desk = Desk::open(Duration::ZERO, move |_, _| answer(403, body));
    let error = desk.client(account()).ready(PROJECT).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_mins(1)));
}

#[tokio::test(start_paused = true)]
async fn signing_out_revokes_the_token_and_takes_two_seconds_at_most() {
    let desk = desk(|_| answer(200, ""));
    let client = desk.client(account());
    client.sign_out().await;
    assert_eq!(desk.count(REVOKE), 0, "there is nothing to revoke");
    client.ready(PROJECT).await.unwrap();
    client.sign_out().await;
    assert_eq!(desk.last_body(), "token=token-0001&token_type_hint=access_token");
    let slow = Desk::open(Duration::from_secs(20), |_, _| token("token-0001", 1000));
    let client = slow.client(account());
    client.ready(PROJECT).await.unwrap();
    tokio::time::timeout(Duration::from_millis(2100), client.sign_out()).await.unwrap();
}
