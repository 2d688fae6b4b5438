//! One request in, one response out, without a socket.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::simulator::protocol::response::NoResponse;
use crate::simulator::routes;
use crate::simulator::state::SharedState;

/// No response came: the connection was lost. Whether the request had an effect is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLost;

impl fmt::Display for ConnectionLost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the connection was lost")
    }
}

impl std::error::Error for ConnectionLost {}

/// The API of a simulation.
#[derive(Clone)]
pub(crate) struct ApiService(Router);

impl ApiService {
    /// The API of this state.
    pub(crate) fn new(state: Arc<SharedState>) -> Self {
        Self(routes::router(state))
    }

    /// Answers a request. It waits for ever where a fault says that no response comes.
    pub(crate) async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ConnectionLost> {
        let response = match self.0.clone().oneshot(request.map(Body::from)).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        match response.extensions().get::<NoResponse>() {
            Some(NoResponse::ConnectionLost) => return Err(ConnectionLost),
            Some(NoResponse::Silence) => std::future::pending().await,
            None => {}
        }
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|_| ConnectionLost)?.to_bytes();
        Ok(Response::from_parts(parts, body))
    }
}
