//! Which faults hit which request, and what the client then sees.

use std::collections::HashMap;

use http::StatusCode;
use http::header::LOCATION;

use crate::domain::bucket::Bucket;
use crate::simulator::faults::Faults;
use crate::simulator::protocol::request::ApiRequest;
use crate::simulator::protocol::response::{
    ApiError, ApiResponse, NoResponse, empty_response, no_response, set_header,
};
use crate::simulator::protocol::token_buckets::too_many_requests;
use crate::simulator::seeded_rng::SeededRng;

/// Where a redirect leads. A client that requests this path has followed it.
pub(crate) const REDIRECT_TARGET: &str = "/astray";

/// A fault that replaces the response.
struct Injection {
    /// The name of the fault: the word of its draws.
    fault: &'static str,
    probability: fn(&Faults) -> f64,
    /// Whether it hits upgrade requests alone.
    only_upgrades: bool,
    response: fn(&ApiRequest, Bucket) -> ApiResponse,
}

/// The faults that keep a request from having an effect, in this order.
const BEFORE_EFFECT: [Injection; 7] = [
    Injection {
        fault: "throttle",
        probability: |faults| faults.throttle,
        only_upgrades: false,
        response: |request, bucket| too_many_requests(request, bucket, 1),
    },
    Injection {
        fault: "unavailable",
        probability: |faults| faults.unavailable,
        only_upgrades: false,
        response: |_, _| {
            let detail = "The service is unavailable.";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", detail).into()
        },
    },
    Injection {
        fault: "maintenance",
        probability: |faults| faults.maintenance,
        only_upgrades: true,
        response: |_, _| {
            let code = "WRITES_NOT_ALLOWED_DURING_APP_UPGRADES";
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, code, "Atlas is under maintenance.").into()
        },
    },
    Injection {
        fault: "redirect",
        probability: |faults| faults.redirect,
        only_upgrades: false,
        response: |request, _| {
            let mut response = empty_response(StatusCode::FOUND);
            set_header(&mut response, LOCATION, &format!("{REDIRECT_TARGET}{}", request.path()));
            response
        },
    },
    Injection {
        fault: "drop_before",
        probability: |faults| faults.drop_before,
        only_upgrades: false,
        response: |_, _| no_response(NoResponse::ConnectionLost),
    },
    Injection {
        fault: "error_before",
        probability: |faults| faults.error_before,
        only_upgrades: false,
        response: |_, _| internal_error(),
    },
    Injection {
        fault: "conflict",
        probability: |faults| faults.conflict,
        only_upgrades: true,
        response: |_, _| {
            let detail = "Another operation on the cluster is in progress.";
            ApiError::new(StatusCode::CONFLICT, "SIMULATED_CONFLICT", detail).into()
        },
    },
];

/// The faults that hide from the client what its request did, in this order.
const AFTER_EFFECT: [Injection; 2] = [
    Injection {
        fault: "drop_after",
        probability: |faults| faults.drop_after,
        only_upgrades: false,
        response: |_, _| no_response(NoResponse::ConnectionLost),
    },
    Injection {
        fault: "error_after",
        probability: |faults| faults.error_after,
        only_upgrades: false,
        response: |_, _| internal_error(),
    },
];

/// The response to an upgrade request never comes.
pub(crate) struct Silence {
    /// Whether the request takes effect all the same.
    pub(crate) takes_effect: bool,
}

/// Draws the faults of each request.
pub(crate) struct FaultInjector {
    pub(crate) faults: Faults,
    rng: SeededRng,
    /// How many requests there were for each subject: each request is drawn anew.
    requests: HashMap<String, u64>,
}

impl FaultInjector {
    /// An injector that has seen no request.
    pub(crate) fn new(faults: Faults, rng: SeededRng) -> Self {
        Self { faults, rng, requests: HashMap::new() }
    }

    /// Counts a request; its faults are drawn by this count.
    pub(crate) fn count(&mut self, request: &ApiRequest) {
        *self.requests.entry(request.subject()).or_default() += 1;
    }

    /// The response of a fault that keeps the request from having an effect.
    pub(crate) fn before_effect(&self, request: &ApiRequest, bucket: Bucket) -> Option<ApiResponse> {
        self.first(&BEFORE_EFFECT, request, bucket)
    }

    /// The response of a fault that hides what the request did.
    pub(crate) fn after_effect(&self, request: &ApiRequest, bucket: Bucket) -> Option<ApiResponse> {
        self.first(&AFTER_EFFECT, request, bucket)
    }

    /// Whether the response to this upgrade request never comes.
    pub(crate) fn silence(&self, request: &ApiRequest) -> Option<Silence> {
        let is_silent = request.resource.is_upgrade && self.hits(self.faults.silent, "silent", request);
        is_silent.then(|| Silence { takes_effect: self.hits(0.5, "silent_effect", request) })
    }

    /// Whether a fault of this probability hits this request.
    pub(crate) fn hits(&self, probability: f64, fault: &str, request: &ApiRequest) -> bool {
        if probability <= 0.0 {
            return false;
        }
        let subject = request.subject();
        let turn = self.requests.get(&subject).copied().unwrap_or_default();
        self.rng.happens(probability, &[fault, &subject], turn)
    }

    fn first(&self, injections: &[Injection], request: &ApiRequest, bucket: Bucket) -> Option<ApiResponse> {
        let is_hit = |injection: &&Injection| {
            (request.resource.is_upgrade || !injection.only_upgrades)
                && self.hits((injection.probability)(&self.faults), injection.fault, request)
        };
        injections.iter().find(is_hit).map(|injection| (injection.response)(request, bucket))
    }
}

fn internal_error() -> ApiResponse {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "UNEXPECTED_ERROR", "An internal error occurred.").into()
}
