//! The APIs that serve clusters, and their errors about a cluster that is not there or that another API serves.

use http::StatusCode;
use serde_json::json;

use crate::simulator::protocol::response::ApiError;
use crate::simulator::world::visible::VisibleState;

/// The three APIs that serve clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClusterApi {
    /// Shared and dedicated clusters.
    Clusters,
    /// Serverless instances.
    Serverless,
    /// Flex clusters.
    Flex,
}

impl ClusterApi {
    /// Whether it shows a cluster in this state.
    pub(crate) fn shows(self, visible: VisibleState) -> bool {
        matches!(
            (self, visible),
            (Self::Clusters, VisibleState::Shared { .. } | VisibleState::Dedicated { .. })
                | (Self::Serverless, VisibleState::Serverless { .. })
                | (Self::Flex, VisibleState::Flex { .. })
        )
    }
}

/// There is no cluster under this name.
pub(crate) fn not_found(api: ClusterApi, project: &str, name: &str) -> ApiError {
    let (code, what) = match api {
        ClusterApi::Serverless => ("SERVERLESS_INSTANCE_NOT_FOUND", "serverless instance"),
        ClusterApi::Clusters | ClusterApi::Flex => ("CLUSTER_NOT_FOUND", "cluster"),
    };
    ApiError::new(StatusCode::NOT_FOUND, code, format!("Project {project} has no {what} {name}."))
        .with([json!(name), json!(project)])
}

/// There is a cluster under this name, but another API serves it.
pub(crate) fn served_by_other_api(requested: ClusterApi, visible: VisibleState, name: &str) -> ApiError {
    let code = match (requested, visible) {
        (ClusterApi::Serverless, _) => "CANNOT_USE_CLUSTER_IN_SERVERLESS_INSTANCE_API",
        (ClusterApi::Flex, _) => "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API",
        (ClusterApi::Clusters, VisibleState::Flex { .. }) => "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API",
        (ClusterApi::Clusters, _) => "CANNOT_USE_SERVERLESS_INSTANCE_IN_CLUSTER_API",
    };
    ApiError::new(StatusCode::BAD_REQUEST, code, format!("Another API serves {name}.")).with([json!(name)])
}
