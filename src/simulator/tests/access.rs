//! Versions, sign-in, and projects.

use super::*;
use crate::simulator::auth::digest::{fields, hash};

#[tokio::test(start_paused = true)]
async fn a_date_picks_the_version_and_no_date_is_not_acceptable() {
    let simulator = simulator(|_| {});
    let answer = simulator.answer(get("clusters/c1", "2023-06-01")).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/vnd.atlas.2023-02-01+json;charset=utf-8");
    assert!(answer.headers().contains_key("sunset"));
    assert_eq!(ask(&simulator, get("clusters/c1", "2020-01-01")).await.0, 406);
    assert_eq!(ask(&simulator, get("flexClusters", "2023-01-01")).await.0, 406);
    let mut plain = get("clusters/c1", "2023-01-01");
    plain.headers_mut().insert(ACCEPT, "*/*".parse().unwrap());
    let answer = simulator.answer(plain).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_ACCEPTABLE);
    assert_eq!(answer.headers()["x-error-code"], "INVALID_VERSION_DATE");
    assert_eq!(simulator.ledger().broken_rules.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_project_is_not_found() {
    let simulator = simulator(|_| {});
    let mut request = get("clusters", "2024-08-05");
    *request.uri_mut() = "/api/atlas/v2/groups/ffffffffffffffffffffffff/clusters".parse().unwrap();
    assert_eq!(code(&simulator, request).await, (404, "GROUP_NOT_FOUND".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_fixed_token_opens_the_door_and_no_other_does() {
    let simulator = simulator(|settings| settings.sign_in = SignIn::Bearer("right".to_owned()));
    let look = || get("clusters/c1", "2024-08-05");
    assert_eq!(ask(&simulator, look()).await.0, 401);
    assert_eq!(ask(&simulator, signed(look(), "Bearer wrong")).await.0, 401);
    assert_eq!(ask(&simulator, signed(look(), "Bearer right")).await.0, 200);
    assert_eq!(ask(&simulator, signed(upgrade("c1"), "Bearer wrong")).await.0, 401);
    assert_eq!(account(&simulator, "c1").requests, 0);
}

fn form(path: &str, basic: &str, body: &str) -> Request<Bytes> {
    use base64::Engine as _;
    let mut request = Request::new(Bytes::from(body.to_owned()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = path.parse().unwrap();
    request.headers_mut().insert(CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
    signed(request, &format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(basic)))
}

#[tokio::test(start_paused = true)]
async fn a_token_lives_its_life_or_until_it_is_revoked() {
    let simulator = simulator(|settings| {
        settings.sign_in = SignIn::ServiceAccount { id: "me".to_owned(), secret: "it's +me".to_owned() };
        settings.token_life = Duration::from_secs(100);
    });
    let grant = "grant_type=client_credentials";
    let (status, body) = ask(&simulator, form("/api/oauth/token", "me:no", grant)).await;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")));
    let (status, body) = ask(&simulator, form("/api/oauth/token", "me:it's +me", grant)).await;
    assert_eq!((status, &body["expires_in"]), (200, &json!(100)));
    let token = body["access_token"].as_str().unwrap().to_owned();
    let look = |token: &str| signed(get("clusters/c1", "2024-08-05"), &format!("Bearer {token}"));
    assert_eq!(ask(&simulator, look(&token)).await.0, 200);
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(ask(&simulator, look(&token)).await.0, 401);

    let (_, body) = ask(&simulator, form("/api/oauth/token", "me:it%27s%20%2Bme", grant)).await;
    let second = body["access_token"].as_str().unwrap().to_owned();
    assert_ne!(second, token);
    assert_eq!(ask(&simulator, look(&second)).await.0, 200);
    let revoked = form("/api/oauth/revoke", "me:it's +me", &format!("token={second}&token_type_hint=access_token"));
    assert_eq!(simulator.answer(revoked).await.unwrap().status(), StatusCode::OK);
    assert_eq!(ask(&simulator, look(&second)).await.0, 401);
}

fn answer_challenge(challenge: &str, private: &str, count: u32) -> String {
    let nonce = &fields(challenge.strip_prefix("Digest ").unwrap())["nonce"];
    let uri = format!("/api/atlas/v2/groups/{GROUP}/clusters/c1");
    let secret = hash(&format!("key:MMS Public API:{private}"));
    let request = hash(&format!("GET:{uri}"));
    let response = hash(&format!("{secret}:{nonce}:{count:08x}:salt:auth:{request}"));
    format!(
        "Digest username=\"key\", realm=\"MMS Public API\", nonce=\"{nonce}\", uri=\"{uri}\", algorithm=MD5, \
         qop=auth, nc={count:08x}, cnonce=\"salt\", response=\"{response}\""
    )
}

#[tokio::test(start_paused = true)]
async fn a_digest_counts_and_its_nonce_grows_stale() {
    let key = SignIn::Digest { public: "key".to_owned(), private: "secret".to_owned() };
    let simulator = simulator(|settings| settings.sign_in = key);
    let send = async |authorization: Option<String>| {
        let look = get("clusters/c1", "2024-08-05");
        let look = authorization.iter().fold(look, |look, header| signed(look, header));
        let answer = simulator.answer(look).await.unwrap();
        let challenge = answer.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), challenge.unwrap_or_default())
    };
    let (status, challenge) = send(None).await;
    assert_eq!(status, 401);
    assert!(challenge.contains("qop=\"auth\", stale=false"), "{challenge}");

    let (status, again) = send(Some(answer_challenge(&challenge, "wrong", 1))).await;
    assert!(status == 401 && again.contains("stale=false"), "{again}");
    for count in [2, 1, 3] {
        assert_eq!(send(Some(answer_challenge(&challenge, "secret", count))).await.0, 200);
    }
    assert_eq!(simulator.ledger().broken_rules.len(), 0);
    assert_eq!(send(Some(answer_challenge(&challenge, "secret", 3))).await.0, 401);
    assert_eq!(simulator.ledger().broken_rules, ["digest: nonce count 00000003 was used twice"]);

    for count in 4..=200 {
        assert_eq!(send(Some(answer_challenge(&challenge, "secret", count))).await.0, 200);
    }
    let (status, fresh) = send(Some(answer_challenge(&challenge, "secret", 201))).await;
    assert!(status == 401 && fresh.contains("stale=true"), "{fresh}");
    assert_eq!(send(Some(answer_challenge(&fresh, "secret", 1))).await.0, 200);
}
