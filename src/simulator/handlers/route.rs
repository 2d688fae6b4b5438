//! A path of the API, and the function that answers it.

use crate::clock::Millis;
use crate::simulator::protocol::request::ApiRequest;
use crate::simulator::protocol::resource::Resource;
use crate::simulator::protocol::response::ApiResponse;
use crate::simulator::state::SimulatorState;

/// Answers a request in this version, at this time.
pub(crate) type Respond = fn(&mut SimulatorState, &ApiRequest, &'static str, Millis) -> ApiResponse;

/// A path of the API.
pub(crate) struct Route {
    /// Below `/api/atlas/v2/`, with the parameters `{group}` and `{name}`.
    pub(crate) path: &'static str,
    pub(crate) resource: Resource,
    pub(crate) respond: Respond,
}
