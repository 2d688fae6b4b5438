//! The paths, and who answers them.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use bytes::Bytes;
use http::request::Parts;

use super::desk::{Desk, Visit};
use super::versions::{Resource, Upgrade};
use super::{tokens, upgrade};

type Shared = State<Arc<Desk>>;

/// The router of the whole API.
pub(super) fn router(desk: Arc<Desk>) -> Router {
    // Not nested: a nested router hides the front of the path, and a digest signs all of it.
    let at = |rest: &str| format!("/api/atlas/v2/groups/{{group}}/{rest}");
    Router::new()
        .route(&at("clusters/tenantUpgradeToServerless"), ask(Upgrade::ToServerless))
        .route(&at("clusters/tenantUpgrade"), ask(Upgrade::OfTenant))
        .route(&at("flexClusters:tenantUpgrade"), ask(Upgrade::OfFlex))
        .route(&at("clusters"), list(Resource::Clusters))
        .route(&at("clusters/{name}"), one(Resource::Clusters))
        .route(&at("clusters/provider/regions"), list(Resource::Regions))
        .route(&at("serverless"), list(Resource::Serverless))
        .route(&at("serverless/{name}"), one(Resource::Serverless))
        .route(&at("flexClusters"), list(Resource::Flex))
        .route(&at("flexClusters/{name}"), one(Resource::Flex))
        .route("/api/atlas/v2/groups", all(Resource::Projects))
        .route("/api/atlas/v2/groups/{group}", list(Resource::Project))
        .route("/api/atlas/v2/rateLimits", all(Resource::RateLimits))
        .route("/api/atlas/v2/orgs", all(Resource::Organisations))
        .route("/api/oauth/token", post(exchange))
        .route("/api/oauth/revoke", post(revoke))
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
        .with_state(desk)
}

fn all(resource: Resource) -> MethodRouter<Arc<Desk>> {
    get(move |State(desk): Shared, parts: Parts, body: Bytes| async move {
        desk.attend(&Visit { resource, group: String::new(), name: None, parts, body }).map(Body::from)
    })
}

fn list(resource: Resource) -> MethodRouter<Arc<Desk>> {
    get(move |State(desk): Shared, Path(group): Path<String>, parts: Parts, body: Bytes| async move {
        desk.attend(&Visit { resource, group, name: None, parts, body }).map(Body::from)
    })
}

fn one(resource: Resource) -> MethodRouter<Arc<Desk>> {
    get(move |State(desk): Shared, Path((group, name)): Path<(String, String)>, parts: Parts, body: Bytes| async move {
        desk.attend(&Visit { resource, group, name: Some(name), parts, body }).map(Body::from)
    })
}

fn ask(upgrade: Upgrade) -> MethodRouter<Arc<Desk>> {
    post(move |State(desk): Shared, Path(group): Path<String>, parts: Parts, body: Bytes| async move {
        let name = upgrade::name(&body);
        desk.attend(&Visit { resource: Resource::Upgrade(upgrade), group, name, parts, body }).map(Body::from)
    })
}

async fn exchange(State(desk): Shared, parts: Parts, body: Bytes) -> Response {
    tokens::exchange(&desk, &parts, &body).map(Body::from)
}

async fn revoke(State(desk): Shared, parts: Parts, body: Bytes) -> Response {
    tokens::revoke(&desk, &parts, &body).map(Body::from)
}

async fn nowhere(State(desk): Shared, parts: Parts) -> Response {
    desk.lost(&parts).map(Body::from)
}
