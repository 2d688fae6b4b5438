//! What an operator should do about an answer that more sends would not change.

/// One sentence for people, for the codes where Atlas's own words leave it open.
pub(super) fn advice(status: u16, code: &str) -> Option<&'static str> {
    by_code(code).or(match status {
        401 => Some("Check the credentials: they may be wrong, expired or revoked, or of another organisation."),
        402 => Some("Put the organisation's billing in order, then release the hold."),
        403 => Some("Check the roles and the plan of the project and its organisation."),
        406 => Some("This host does not serve the version of the API that Drydock asks for: check base_url."),
        410 => Some("Atlas no longer serves this operation."),
        _ => None,
    })
}

fn by_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "NO_PAYMENT_INFORMATION_FOUND" => "Add a payment method to the organisation, then release the hold.",
        "ACCOUNT_SUSPENDED" => "Pay the organisation's open invoice, then release the hold.",
        "HOURLY_BILLING_LIMIT_EXCEEDED" => {
            "Drydock tries again now and then until the hour is over; MongoDB can raise the limit."
        }
        "IP_ADDRESS_NOT_ON_ACCESS_LIST" | "RESOURCE_REQUIRES_WHITELIST" | "RESOURCE_REQUIRES_ACCESS_LIST" => {
            "Add this machine's address to the API access list of the key or service account, then release the hold."
        }
        "ORG_REQUIRES_ACCESS_LIST" | "ORG_REQUIRES_WHITELIST" => {
            "Give the key or service account an API access list with this machine's address, then release the hold."
        }
        "USER_UNAUTHORIZED" | "ACCESS_FORBIDDEN" => {
            "Grant the key or service account the role Project Cluster Manager on this project, then release the hold."
        }
        "NOT_IN_GROUP" | "USER_CANNOT_ACCESS_GROUP" => {
            "Invite the key or service account into this project as Project Cluster Manager, then release the hold."
        }
        "GROUP_NOT_FOUND" => "Check the project_id in the fleet, and that the credentials are of its organisation.",
        "invalid_client" => "Check the client id and secret of the service account.",
        "access_denied" => "Revoke tokens of this service account or wait until some expire, at most an hour.",
        "CANNOT_UPDATE_PAUSED_CLUSTER" => "Resume the cluster, then retry it.",
        "CANNOT_MODIFY_CLUSTER_WITH_RUNNING_LIVE_IMPORT" => "Let the live import end or stop it, then retry.",
        "REGION_UNAVAILABLE" | "INVALID_REGION" => {
            "Retry it, and choose another region for its row before the next run."
        }
        "INVALID_PROVIDER" | "INVALID_PROVIDER_PARAMETERS" => {
            "Retry it, and correct the provider in its row before the next run."
        }
        "VALIDATION_ERROR" | "INVALID_ENUM_VALUE" | "INVALID_ATTRIBUTE" | "MISSING_ATTRIBUTE" => {
            "Retry it, and correct its row in the fleet before the next run."
        }
        "TENANT_CLUSTER_UPDATE_UNSUPPORTED" => {
            "This operation does not fit the cluster's tier: take the row out of the fleet."
        }
        "CLUSTER_ALREADY_REQUESTED_DELETION" => "The cluster is being deleted: take the row out of the fleet.",
        "CLUSTER_VERSION_INCOMPATIBLE_WITH_EXISTING_CUSTOM_ROLES"
        | "CUSTOM_ROLE_ACTIONS_INVALID_FOR_EXISTING_CLUSTERS" => "Change the project's custom roles, then retry.",
        "CLUSTER_INCOMPATIBLE_WITH_EXISTING_PRIVATELINK" | "PRIVATELINK_INCOMPATIBLE_TOO_MANY_NODES" => {
            "Remove or change the project's private endpoints, then retry."
        }
        "FEATURE_UNSUPPORTED" | "UNSUPPORTED_FOR_CURRENT_PLAN" | "UNSUPPORTED_FOR_CURRENT_CONFIG" => {
            "The organisation's plan or configuration does not allow it."
        }
        _ => return None,
    })
}
