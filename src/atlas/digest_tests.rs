use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::Response;

use super::*;
use crate::atlas::testing::{Desk, PROJECT, UPGRADE, always, answer, key, unauthorized, upgrade};
use crate::domain::event::Answer;

/// The read that asks for a nonce.
const ASKED: &str = "/api/atlas/v2/groups/32b6e34b3d91647abb20e7b8/clusters";

/// The value of `name` in an `Authorization` header.
fn part<'a>(header: &'a str, name: &str) -> &'a str {
    let mut parts = header.trim_start_matches("Digest ").split(", ").filter_map(|part| part.split_once('='));
    parts.find(|(key, _)| *key == name).map_or("", |(_, value)| value.trim_matches('"'))
}

/// An Atlas whose nonces `nonce-1`, `nonce-2`, ... are good for `uses` requests each.
fn desk(uses: u32) -> Arc<Desk> {
    let current = AtomicU32::new(1);
    Desk::open(Duration::from_millis(10), move |_, request| {
        let header = request.headers().get("authorization").map_or("", |value| value.to_str().unwrap());
        let nonce = format!("nonce-{}", current.load(Ordering::SeqCst));
        if part(header, "nonce") != nonce {
            return unauthorized(Some(&nonce), !header.is_empty());
        }
        let nc = u32::from_str_radix(part(header, "nc"), 16).unwrap();
        if nc > uses {
            let next = current.fetch_add(1, Ordering::SeqCst) + 1;
            return unauthorized(Some(&format!("nonce-{next}")), true);
        }
        accepted()
    })
}

fn accepted() -> Option<Response<Bytes>> {
    answer(200, "{}")
}

#[tokio::test(start_paused = true)]
async fn the_nonce_comes_from_a_read_and_serves_many_requests() {
    let desk = desk(1000);
    let client = desk.client(key());
    client.ready(PROJECT).await.unwrap();
    let upgrade = upgrade();
    for exchange in futures_util::future::join_all((0..16).map(|_| client.upgrade(&upgrade, always()))).await {
        assert_eq!(exchange.value, Answer::Accepted { id: None });
    }
    assert_eq!((desk.count(ASKED), desk.count(UPGRADE)), (1, 16), "one round trip more, and all signed at once");
    let lines = desk.lines("authorization");
    assert_eq!(lines[0], format!("GET {ASKED} -"));
    let mut counts: Vec<&str> = lines[1..].iter().map(|line| part(line, "nc")).collect();
    counts.sort_unstable();
    counts.dedup();
    assert_eq!((counts.len(), counts[0], counts[15]), (16, "00000001", "00000010"), "each counted on its own");
}

#[tokio::test(start_paused = true)]
async fn a_stale_nonce_costs_one_round_trip_more_and_its_successor_is_kept() {
    let desk = desk(10);
    let client = desk.client(key());
    for _ in 0..25 {
        assert_eq!(client.upgrade(&upgrade(), always()).await.value, Answer::Accepted { id: None });
    }
    assert_eq!(desk.count(ASKED), 1);
    assert_eq!(desk.count(UPGRADE), 25 + 2, "the nonce was renewed twice, by the challenge itself");
}

#[tokio::test(start_paused = true)]
async fn sixteen_requests_with_a_nonce_gone_stale_share_its_successor() {
    let desk = desk(4);
    let client = desk.client(key());
    client.ready(PROJECT).await.unwrap();
    for _ in 0..4 {
        client.upgrade(&upgrade(), always()).await;
    }
    let upgrade = upgrade();
    let exchanges = futures_util::future::join_all((0..4).map(|_| client.upgrade(&upgrade, always()))).await;
    assert!(exchanges.iter().all(|exchange| exchange.value == Answer::Accepted { id: None }));
    assert_eq!((desk.count(ASKED), desk.count(UPGRADE)), (1, 4 + 8));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_is_signed_anew_once_and_then_holds_the_scope() {
    let desk = Desk::open(Duration::ZERO, |before, _| unauthorized(Some(&format!("nonce-{before}")), false));
    let exchange = desk.client(key()).upgrade(&upgrade(), always()).await;
    assert!(matches!(exchange.value, Answer::ScopeHeld(_)));
    assert_eq!((desk.count(ASKED), desk.count(UPGRADE)), (1, 2));
}

fn hash(algorithm: &str, text: &str) -> String {
    let bytes = match algorithm {
        "MD5" => <md5::Md5 as md5::Digest>::digest(text).to_vec(),
        _ => <sha2::Sha256 as sha2::Digest>::digest(text).to_vec(),
    };
    let nibbles = bytes.into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)).collect()
}

#[test]
fn a_digest_is_computed_as_rfc_7616_says() {
    for algorithm in ["MD5", "SHA-256"] {
        let hash = |text: &str| hash(algorithm, text);
        let digest = Digest::new("Mufasa".into(), "Circle of Life".into());
        let challenge =
            format!(r#"Digest realm="a@b", qop="auth, auth-int", algorithm={algorithm}, nonce="7y", opaque="F""#);
        let headers: HeaderMap = [(WWW_AUTHENTICATE, challenge.parse().unwrap())].into_iter().collect();
        assert!(digest.challenged(0, &headers));
        let signature = digest.sign(&Method::GET, &"/dir/index.html?a=b".parse().unwrap()).unwrap();
        let header = signature.header.unwrap();
        let header = header.to_str().unwrap();
        let (identity, what) = (hash("Mufasa:a@b:Circle of Life"), hash("GET:/dir/index.html?a=b"));
        let cnonce = part(header, "cnonce");
        assert_eq!(part(header, "response"), hash(&format!("{identity}:7y:00000001:{cnonce}:auth:{what}")));
        assert_eq!((part(header, "uri"), part(header, "opaque")), ("/dir/index.html?a=b", "F"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_throttles_or_fails_is_asked_again_later() {
    let desk = Desk::open(Duration::from_millis(10), |before, _| {
        if before == 0 { answer(503, "") } else { unauthorized(Some("n"), false) }
    });
    let client = desk.client(key());
    for ready in futures_util::future::join_all((0..16).map(|_| client.ready(PROJECT))).await {
        assert!(ready.unwrap_err().host_unavailable());
    }
    assert_eq!(desk.count(ASKED), 1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    client.ready(PROJECT).await.unwrap();
}

#[tokio::test]
async fn a_read_that_asks_for_nothing_does_not_stand_in_the_way() {
    let desk = Desk::open(Duration::ZERO, |_, request| match request.headers().contains_key("authorization") {
        true => accepted(),
        false if request.uri().path() == ASKED => answer(404, "{}"),
        false => unauthorized(Some("n"), false),
    });
    let client = desk.client(key());
    for _ in 0..3 {
        assert_eq!(client.upgrade(&upgrade(), always()).await.value, Answer::Accepted { id: None });
    }
    assert_eq!((desk.count(ASKED), desk.count(UPGRADE)), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn a_digest_that_cannot_be_made_is_refused_and_not_tried_for_ever() {
    for (what, challenge) in [
        ("auth-int alone", r#"Digest realm="x", nonce="n", algorithm=MD5, qop="auth-int""#),
        ("an unknown algorithm", r#"Digest realm="x", nonce="n", algorithm=SHA3-512, qop="auth""#),
    ] {
        let desk = Desk::open(Duration::ZERO, move |_, _| {
            let mut answer = unauthorized(None, false)?;
            answer.headers_mut().insert("www-authenticate", challenge.parse().unwrap());
            Some(answer)
        });
        let refused = desk.client(key()).ready(PROJECT).await.unwrap_err();
        assert!(
            matches!(&refused, SignInError::Refused(fault) if fault.code == "DIGEST_UNSUPPORTED"),
            "{what}: {refused}"
        );
    }
}
