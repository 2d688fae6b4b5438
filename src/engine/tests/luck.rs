//! An hour of bad weather between Drydock and Atlas, in every kind and at every time of a campaign, and with a crash
//! in the middle of it: nobody fails for it, and nobody is asked twice.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Method, Request, Response};

use super::*;
use crate::atlas::Credentials;

const HOUR: Duration = Duration::from_secs(3600);

/// What becomes of a request.
enum Fate {
    /// Atlas answers.
    Through,
    /// The connection is lost.
    Lost,
    /// Somebody answers in Atlas's place.
    Answered(Response<Bytes>),
}

type Weather = fn(&Request<Bytes>) -> Fate;

fn answer(status: u16, body: &'static str) -> Fate {
    Fate::Answered(Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap())
}

fn is_token(request: &Request<Bytes>) -> bool {
    request.uri().path() == "/api/oauth/token"
}

fn maintenance(request: &Request<Bytes>) -> Fate {
    let code = r#"{"error":405,"errorCode":"WRITES_NOT_ALLOWED_DURING_APP_UPGRADES"}"#;
    if request.method() == Method::POST && !is_token(request) { answer(405, code) } else { Fate::Through }
}

fn unavailable(request: &Request<Bytes>) -> Fate {
    if is_token(request) { Fate::Through } else { answer(503, r#"{"error":503,"errorCode":"SERVICE_UNAVAILABLE"}"#) }
}

fn web_page(_: &Request<Bytes>) -> Fate {
    answer(200, "<html><title>Harbour Hotel WiFi</title>")
}

fn lost(_: &Request<Bytes>) -> Fate {
    Fate::Lost
}

fn token_limit(request: &Request<Bytes>) -> Fate {
    if !is_token(request) {
        return Fate::Through;
    }
    let body = Bytes::from_static(br#"{"error":429,"errorCode":"RATE_LIMITED"}"#);
    Fate::Answered(Response::builder().status(429).header("retry-after", "20").body(body).unwrap())
}

fn asks_to_wait(request: &Request<Bytes>) -> Fate {
    if is_token(request) {
        return Fate::Through;
    }
    let body = Bytes::from_static(br#"{"error":429,"errorCode":"RATE_LIMITED"}"#);
    Fate::Answered(Response::builder().status(429).header("retry-after", "1000").body(body).unwrap())
}

fn token_crowd(request: &Request<Bytes>) -> Fate {
    let body = r#"{"error":"access_denied","error_description":"Access Token limit reached."}"#;
    if is_token(request) { answer(403, body) } else { Fate::Through }
}

fn token_trouble(request: &Request<Bytes>) -> Fate {
    if is_token(request) { answer(500, "") } else { Fate::Through }
}

/// A harbour's engine whose way to Atlas has this weather for an hour after `from`, and how often it struck.
fn engine_in(harbour: &mut Harbour, weather: Weather, from: Duration) -> (Engine, Arc<AtomicU64>) {
    let mut engine = harbour.engine();
    let (simulator, clock, struck) = (harbour.simulator.clone(), harbour.clock, Arc::new(AtomicU64::new(0)));
    let count = struck.clone();
    let transport = Transport::in_process(Arc::new(move |request| {
        let now = clock.now().since(START);
        let fate = if (from..from + HOUR).contains(&now) { weather(&request) } else { Fate::Through };
        let (simulator, count) = (simulator.clone(), count.clone());
        async move {
            let instead = match fate {
                Fate::Through => return simulator.answer(request).await.ok(),
                Fate::Lost => None,
                Fate::Answered(answer) => Some(answer),
            };
            count.fetch_add(1, Ordering::Relaxed);
            instead
        }
        .boxed()
    }));
    let account = Credentials::ServiceAccount { client_id: "mdb_sa_id_1".into(), client_secret: "secret".into() };
    engine.client = Client::new(transport, Some(account), clock, Duration::from_secs(30));
    (engine, struck)
}

#[tokio::test(start_paused = true)]
async fn a_run_leaves_in_the_table_until_when_atlas_asked_to_wait() {
    let mut harbour = Harbour::new(1, 1, quick(), |cluster| cluster).await;
    let (engine, _) = engine_in(&mut harbour, asks_to_wait, Duration::ZERO);
    let (_control, listening) = watch::channel(Control::Run);
    let run = engine.run(listening, Progress::default());
    assert!(tokio::time::timeout(Duration::from_secs(30), run).await.is_err(), "it does not wait");
    let (_, notes) = harbour.store.run_notes(harbour.campaign_id).await.unwrap().expect("the run has left no note");
    let until = notes.asked.expect("it does not say that Atlas asked to wait").until;
    let wait = until.since(START);
    assert!((1_000..1_030).contains(&wait.as_secs()), "{wait:?}");
}

/// Two upgrades at a time, eight in all: three minutes each.
async fn is_weathered(weather: Weather, from: Duration, most: u64) {
    // So short that the weather of the token endpoint is felt at any time.
    let life = Duration::from_secs(120);
    let mut harbour = Harbour::new(2, 4, Settings { token_life: life, ..quick() }, |cluster| cluster).await;
    harbour.limits.in_flight_per_project = 1;
    let (dying, before) = engine_in(&mut harbour, weather, from);
    let (_control, listening) = watch::channel(Control::Run);
    let run = dying.run(listening.clone(), Progress::default());
    let died = tokio::time::timeout(from + HOUR / 3, run).await.is_err();
    assert!(died, "it was over before the weather was");
    let (engine, after) = engine_in(&mut harbour, weather, from);
    assert_eq!(engine.run(listening, Progress::default()).await.unwrap(), Ending::Finished);
    harbour.keeps_both_promises().await;
    assert_eq!(harbour.counts().await.of(State::Succeeded), 8, "{:?}", harbour.codes().await);
    assert!(harbour.clock.now().since(START) > from + HOUR, "the weather was never met");
    let struck = before.load(Ordering::Relaxed) + after.load(Ordering::Relaxed);
    assert!((1..most).contains(&struck), "{struck} requests went out into it, after {from:?}");
}

/// At the start of a campaign, in the middle of it, and when the last ones are under way.
async fn is_weathered_at_any_time(weather: Weather, most: u64) {
    for from in [0, 200, 400] {
        is_weathered(weather, Duration::from_secs(from), most).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_hour_of_maintenance_at_any_time_and_with_a_crash_in_it_fails_nobody() {
    is_weathered_at_any_time(maintenance, 200).await;
}

#[tokio::test(start_paused = true)]
async fn an_hour_of_503_at_any_time_and_with_a_crash_in_it_fails_nobody() {
    is_weathered_at_any_time(unavailable, 300).await;
}

#[tokio::test(start_paused = true)]
async fn an_hour_behind_a_login_page_at_any_time_and_with_a_crash_in_it_fails_nobody() {
    is_weathered_at_any_time(web_page, 300).await;
}

#[tokio::test(start_paused = true)]
async fn an_hour_of_lost_connections_at_any_time_and_with_a_crash_in_it_fails_nobody() {
    is_weathered_at_any_time(lost, 2000).await;
}

#[tokio::test(start_paused = true)]
async fn an_hour_without_a_token_at_any_time_and_with_a_crash_in_it_fails_nobody() {
    for (weather, most) in [(token_limit as Weather, 400), (token_crowd, 150), (token_trouble, 2000)] {
        is_weathered_at_any_time(weather, most).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_hour_in_which_every_other_request_is_answered_503_and_no_write_gets_through_fails_nobody_by_any_dice() {
    for seed in 1..=20 {
        let mut faults = Faults::default();
        assert!(faults.set("maintenance", 1.0) && faults.set("unavailable", 0.5));
        let mut harbour = Harbour::new(2, 5, Settings { seed, faults, ..quick() }, |cluster| cluster).await;
        let (simulator, clock) = (harbour.simulator.clone(), harbour.clock);
        tokio::spawn(async move {
            clock.sleep_until(START.after(HOUR)).await;
            simulator.set_faults(Faults::default());
        });
        assert_eq!(harbour.run().await, Ending::Finished);
        harbour.keeps_both_promises().await;
        assert_eq!(harbour.counts().await.of(State::Succeeded), 10, "seed {seed}: {:?}", harbour.codes().await);
    }
}
