//! What happens to a request, step by step: authentication, rate limit, version, faults, and then its handler.

use http::StatusCode;
use http::request::Parts;
use serde_json::json;

use crate::clock::Millis;
use crate::simulator::faults::injection::REDIRECT_TARGET;
use crate::simulator::handlers::route::Respond;
use crate::simulator::protocol::request::ApiRequest;
use crate::simulator::protocol::response::{ApiError, ApiResponse, NoResponse, no_response};
use crate::simulator::protocol::token_buckets::{TokenResult, too_many_requests};
use crate::simulator::protocol::versions;
use crate::simulator::state::{SharedState, SimulatorState};

/// Answers a request for a resource.
pub(crate) fn answer(state: &SharedState, request: &ApiRequest, respond: Respond) -> ApiResponse {
    let (mut state, now) = state.lock();
    let state = &mut *state;
    state.tally.counts.requests += 1;
    if let Some(challenge) = state.authenticator.refusal(&request.parts, now, &mut state.tally) {
        return challenge;
    }
    if request.resource.is_of_a_project && state.world.project(&request.project).is_none() {
        let detail = format!("There is no project {}.", request.project);
        let error = ApiError::new(StatusCode::NOT_FOUND, "GROUP_NOT_FOUND", detail);
        return error.with([json!(request.project)]).into();
    }
    if request.resource.is_upgrade {
        state.tally.counts.upgrades += 1;
        let name = request.name.as_deref().unwrap_or_default();
        if let Some(entry) = state.world.entry(&request.project, name) {
            entry.count_request(now);
        }
    }
    let token = state.token_buckets.take(request.resource.rate_limit_set, &request.project, now);
    let mut response = limited(state, request, respond, token, now);
    state.tally.counts.throttled += u64::from(response.status() == StatusCode::TOO_MANY_REQUESTS);
    token.set_headers(&mut response);
    response
}

/// Answers a request for a path that does not exist.
pub(crate) fn answer_unknown_path(state: &SharedState, parts: &Parts) -> ApiResponse {
    let (mut state, _) = state.lock();
    state.tally.counts.requests += 1;
    let path = parts.uri.path();
    let what = if path.starts_with(REDIRECT_TARGET) { "followed a redirect" } else { "no such method or path" };
    state.tally.note_broken_rule(format!("{what}: {} {path}", parts.method));
    ApiError::new(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", format!("There is no {path}.")).into()
}

/// The steps from the rate limit on.
fn limited(
    state: &mut SimulatorState,
    request: &ApiRequest,
    respond: Respond,
    token: TokenResult,
    now: Millis,
) -> ApiResponse {
    if let Some(seconds) = token.retry_after {
        return too_many_requests(request, token.bucket, seconds);
    }
    let version = match versions::negotiate(request.resource, &request.parts.headers) {
        Ok(version) => version,
        Err(error) => {
            state.tally.note_broken_rule(error.detail());
            return error.into();
        }
    };
    state.injector.count(request);
    if let Some(response) = state.injector.before_effect(request, token.bucket) {
        return response;
    }
    if let Some(error) = state.refusals.refusal(request) {
        return error.into();
    }
    if let Some(silence) = state.injector.silence(request) {
        if silence.takes_effect {
            let _never_sent = respond(state, request, version, now);
        }
        return no_response(NoResponse::Silence);
    }
    let response = respond(state, request, version, now);
    state.injector.after_effect(request, token.bucket).unwrap_or(response)
}
