//! The router: which request goes to which handler.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use bytes::Bytes;
use http::request::Parts;
use serde_json::Value;

use crate::simulator::handlers::route::Route;
use crate::simulator::handlers::{oauth, routes};
use crate::simulator::pipeline;
use crate::simulator::protocol::request::ApiRequest;
use crate::simulator::state::SharedState;

/// The router of the whole API.
pub(crate) fn router(state: Arc<SharedState>) -> Router {
    let mut router = Router::new();
    for route in routes() {
        // Not nested: a nested router hides the front of the path, and a digest signs all of it.
        router = router.route(&format!("/api/atlas/v2/{}", route.path), method_router(route));
    }
    router
        .route("/api/oauth/token", post(exchange_token))
        .route("/api/oauth/revoke", post(revoke_token))
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_path)
        .with_state(state)
}

fn method_router(route: &'static Route) -> MethodRouter<Arc<SharedState>> {
    let handler =
        async move |State(state): State<Arc<SharedState>>, params: RawPathParams, parts: Parts, body: Bytes| {
            let param = |key| params.iter().find(|(name, _)| *name == key).map(|(_, value)| value.to_owned());
            let (project, resource) = (param("group").unwrap_or_default(), &route.resource);
            let name = if resource.is_upgrade { name_in(&body) } else { param("name") };
            pipeline::answer(&state, &ApiRequest { resource, project, name, parts, body }, route.respond)
                .map(Body::from)
        };
    if route.resource.is_upgrade { post(handler) } else { get(handler) }
}

/// The cluster's name in the body of an upgrade request, which need not be valid.
fn name_in(body: &[u8]) -> Option<String> {
    let body = serde_json::from_slice::<Value>(body).ok()?;
    Some(body.get("name")?.as_str()?.to_owned())
}

async fn exchange_token(State(state): State<Arc<SharedState>>, parts: Parts, body: Bytes) -> Response {
    oauth::exchange(&state, &parts, &body).map(Body::from)
}

async fn revoke_token(State(state): State<Arc<SharedState>>, parts: Parts, body: Bytes) -> Response {
    oauth::revoke(&state, &parts, &body).map(Body::from)
}

async fn unknown_path(State(state): State<Arc<SharedState>>, parts: Parts) -> Response {
    pipeline::answer_unknown_path(&state, &parts).map(Body::from)
}
