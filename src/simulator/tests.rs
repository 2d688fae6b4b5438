//! The simulator by its answers, under a paused clock.

mod access;
mod faults;
mod phases;
mod projects;
mod seeds;
mod sockets;

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::clock::Millis;

const GROUP: &str = "00000000000000000000000a";
const START: Millis = Millis(1_800_000_000_000);

/// A simulator with one shared cluster, `c1`, whose upgrade takes ten seconds.
fn simulator(change: impl FnOnce(&mut Settings)) -> Simulator {
    world(vec![shared("c1")], change)
}

fn world(clusters: Vec<Cluster>, change: impl FnOnce(&mut Settings)) -> Simulator {
    let mut settings = Settings { durations: ten_seconds(), ..Settings::default() };
    change(&mut settings);
    Simulator::new(clusters, settings, Clock::starting_at(START))
}

fn ten_seconds() -> Durations {
    Durations::Between(Duration::from_secs(10), Duration::from_secs(10))
}

fn shared(name: &str) -> Cluster {
    Cluster::shared(GROUP, name, "AWS", "US_EAST_1", 1)
}

fn get(path: &str, version: &str) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = format!("/api/atlas/v2/groups/{GROUP}/{path}").parse().unwrap();
    let accept = format!("application/vnd.atlas.{version}+json");
    request.headers_mut().insert(ACCEPT, accept.parse().unwrap());
    request
}

fn upgrade(name: &str) -> Request<Bytes> {
    let provider = json!({"backingProviderName": "AWS", "providerName": "SERVERLESS", "regionName": "US_EAST_1"});
    upgrade_with(&json!({"name": name, "providerSettings": provider}))
}

fn upgrade_with(body: &Value) -> Request<Bytes> {
    let mut request = get("clusters/tenantUpgradeToServerless", "2023-01-01").map(|_| Bytes::from(body.to_string()));
    *request.method_mut() = Method::POST;
    request.headers_mut().insert(CONTENT_TYPE, "application/json".parse().unwrap());
    request
}

fn signed(mut request: Request<Bytes>, authorization: &str) -> Request<Bytes> {
    request.headers_mut().insert(AUTHORIZATION, authorization.parse().unwrap());
    request
}

fn json_of(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).unwrap()
}

/// Status and body of an answer that must come.
async fn ask(simulator: &Simulator, request: Request<Bytes>) -> (u16, Value) {
    let answer = simulator.answer(request).await.unwrap();
    (answer.status().as_u16(), json_of(&answer))
}

/// Status and error code.
async fn code(simulator: &Simulator, request: Request<Bytes>) -> (u16, String) {
    let (status, body) = ask(simulator, request).await;
    (status, body["errorCode"].as_str().unwrap_or_default().to_owned())
}

fn account(simulator: &Simulator, name: &str) -> LedgerEntry {
    simulator.ledger().entries.get(&(GROUP.to_owned(), name.to_owned())).cloned().unwrap_or_default()
}
