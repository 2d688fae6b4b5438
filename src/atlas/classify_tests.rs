use proptest::prelude::*;

use super::*;
use crate::domain::code::Fault;
use crate::domain::hold::{Hold, Reach, Release};

/// Class, status, codes: every code that Atlas is known to answer with, retyped from the notes on Atlas.
const TABLE: &[(&str, u16, &str)] = &[
    ("throttled", 429, "RATE_LIMITED RATE_LIMITED_TOKEN_BUCKET"),
    ("unknown", 500, "UNEXPECTED_ERROR PROVISIONING_FAILED_FROM_PROVIDER"),
    ("unknown", 503, "SERVICE_UNAVAILABLE"),
    ("not now", 405, "WRITES_NOT_ALLOWED_DURING_APP_UPGRADES"),
    ("not now", 409, "OUT_OF_CAPACITY NO_CAPACITY ATLAS_CLUSTER_RESTORE_IN_PROGRESS"),
    ("not now", 409, "CANNOT_PAUSE_CLUSTER_WITH_PENDING_CHANGES CLUSTER_HOSTNAMES_UNAVAILABLE"),
    ("not now", 400, "CLUSTER_RESTORE_IN_PROGRESS_CANNOT_UPDATE TENANT_RESTORE_DESTINATION_UNAVAILABLE"),
    ("not now", 400, "CLUSTER_RESTART_IN_PROGRESS CLUSTER_HOSTNAMES_UNAVAILABLE"),
    ("refused", 409, "REGION_UNAVAILABLE CANNOT_MODIFY_CLUSTER_WITH_RUNNING_LIVE_IMPORT CANNOT_UPDATE_PAUSED_CLUSTER"),
    ("refused", 409, "CLUSTER_VERSION_INCOMPATIBLE_WITH_EXISTING_CUSTOM_ROLES"),
    ("refused", 409, "CUSTOM_ROLE_ACTIONS_INVALID_FOR_EXISTING_CLUSTERS"),
    ("refused", 409, "CLUSTER_INCOMPATIBLE_WITH_EXISTING_PRIVATELINK PRIVATELINK_INCOMPATIBLE_TOO_MANY_NODES"),
    ("unknown", 409, "AUTOMATION_CONFIG_CONCURRENT_MODIFICATION SOMETHING_NEW"),
    ("unknown", 400, "DEFAULT_CONFIG_LIMIT_EXCEPTION DUPLICATE_CLUSTER_NAME DUPLICATE_CLUSTER_NAME_PREFIX"),
    ("unknown", 400, "CANNOT_USE_SERVERLESS_INSTANCE_IN_CLUSTER_API CANNOT_USE_CLUSTER_IN_SERVERLESS_INSTANCE_API"),
    ("unknown", 400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API"),
    ("unknown", 404, "CLUSTER_NOT_FOUND SERVERLESS_INSTANCE_NOT_FOUND"),
    ("scope held", 402, "NO_PAYMENT_INFORMATION_FOUND ACCOUNT_SUSPENDED"),
    ("scope held", 403, "HOURLY_BILLING_LIMIT_EXCEEDED IP_ADDRESS_NOT_ON_ACCESS_LIST ORG_REQUIRES_ACCESS_LIST"),
    ("scope held", 403, "ORG_REQUIRES_WHITELIST RESOURCE_REQUIRES_WHITELIST ACCESS_FORBIDDEN"),
    ("scope held", 401, "USER_UNAUTHORIZED NOT_IN_GROUP USER_CANNOT_ACCESS_GROUP UNEXPECTED_ERROR"),
    ("scope held", 404, "GROUP_NOT_FOUND"),
    ("gone", 410, "VERSION_GONE"),
    ("refused", 403, "FEATURE_UNSUPPORTED UNSUPPORTED_FOR_CURRENT_PLAN UNSUPPORTED_FOR_CURRENT_CONFIG"),
    ("refused", 400, "INVALID_VERSION_DATE VALIDATION_ERROR INVALID_ENUM_VALUE INVALID_ATTRIBUTE MISSING_ATTRIBUTE"),
    ("refused", 400, "MISSING_ATTRIBUTES MISSING_OR_INVALID_ATTRIBUTE ATTRIBUTE_READ_ONLY MALFORMED_JSON INVALID_JSON"),
    ("refused", 400, "INVALID_JSON_ATTRIBUTE INVALID_PATH_PARAMETER INVALID_QUERY_PARAMETER INVALID_REGION"),
    ("refused", 400, "INVALID_PROVIDER INVALID_PROVIDER_PARAMETERS INVALID_TENANT_CONFIGURATION"),
    ("refused", 400, "INVALID_CLUSTER_CONFIGURATION TENANT_ATTRIBUTE_READ_ONLY TENANT_CLUSTER_UPDATE_UNSUPPORTED"),
    ("refused", 400, "CLUSTER_UPGRADE_INVALID CLUSTER_CANNOT_CHANGE_NAME CLUSTER_CANNOT_CHANGE_PROVIDER_NAME"),
    ("refused", 400, "DISK_SIZE_GB_TOO_SMALL CLUSTER_PROVIDER_DOES_NOT_SUPPORT_BI_CONNECTOR"),
    ("refused", 400, "CANNOT_CREATE_FREE_CLUSTER_VIA_PUBLIC_API CLUSTER_ALREADY_REQUESTED_DELETION"),
    ("refused", 400, "CLUSTER_NAME_INVALID CLUSTER_NAME_TOO_LONG CLUSTER_NAME_PREFIX_INVALID"),
    ("refused", 400, "ATLAS_RESERVED_CLUSTER_NAME CANNOT_USE_ENCRYPTION_AT_REST_TENANT SOMETHING_NEW"),
    ("refused", 404, "RESOURCE_NOT_FOUND UNEXPECTED_ERROR"),
    ("refused", 405, "METHOD_NOT_ALLOWED"),
    ("refused", 422, "NOT_SERVERLESS_TENANT_CLUSTER"),
    ("unknown", 408, "REQUEST_TIMEOUT"),
    ("unknown", 425, "TOO_EARLY"),
];

fn answered(status: u16, body: &[u8], retry_after: Option<Duration>) -> Answer {
    classify(status, body, retry_after, &Redactor::default())
}

fn class(answer: &Answer) -> &'static str {
    match answer {
        Answer::Accepted { .. } => "accepted",
        Answer::Throttled { .. } => "throttled",
        Answer::NotNow(_) => "not now",
        Answer::NeverSent(_) => "never sent",
        Answer::Gone(_) => "gone",
        Answer::ScopeHeld(_) => "scope held",
        Answer::Refused(_) => "refused",
        Answer::Unknown(_) => "unknown",
    }
}

fn sorted(status: u16, body: &str) -> &'static str {
    class(&answered(status, body.as_bytes(), None))
}

#[test]
fn every_known_code_is_sorted_as_the_notes_say() {
    for (expected, status, codes) in TABLE {
        for code in codes.split(' ') {
            let body =
                format!(r#"{{"detail":"d","error":{status},"errorCode":"{code}","parameters":[7],"reason":"r"}}"#);
            assert_eq!(sorted(*status, &body), *expected, "{status} {code}");
        }
    }
}

#[test]
fn the_oauth_shape_counts_for_authorization_alone() {
    assert_eq!(sorted(401, r#"{"error":"invalid_client","error_description":"Invalid."}"#), "scope held");
    assert_eq!(sorted(403, r#"{"error":"access_denied","error_description":"Access Token limit."}"#), "scope held");
    assert_eq!(sorted(400, r#"{"error":"invalid_request"}"#), "unknown");
}

#[test]
fn three_statuses_speak_for_themselves_whatever_the_body() {
    for body in ["", "<html>", "[]", r#"{"errorCode":"CLUSTER_NOT_FOUND"}"#] {
        assert_eq!(sorted(429, body), "throttled");
        assert_eq!(sorted(406, body), "refused");
        assert_eq!(sorted(410, body), "gone");
    }
    let wait = Some(Duration::from_secs(55));
    assert_eq!(answered(429, b"", wait), Answer::Throttled { retry_after: wait });
}

#[test]
fn a_body_that_is_no_object_is_unknown_whatever_the_status() {
    for status in [200, 201, 302, 400, 401, 402, 403, 404, 405, 409, 500, 503] {
        for body in ["", "<html>", "[]", "null", "\"IDLE\"", "{\"id\":"] {
            assert_eq!(sorted(status, body), "unknown", "{status} {body}");
        }
    }
}

#[test]
fn a_4xx_without_an_error_code_is_unknown() {
    for status in [400, 401, 402, 403, 404, 405, 409, 418] {
        assert_eq!(sorted(status, r#"{"message":"no"}"#), "unknown", "{status}");
    }
}

#[test]
fn accepted_carries_the_id_that_the_answer_names() {
    let body = br#"{"id":"6a793f6c2c88faeba59bb4cc","stateName":"UPDATING"}"#;
    assert_eq!(answered(200, body, None), Answer::Accepted { id: Some("6a793f6c2c88faeba59bb4cc".to_owned()) });
    assert_eq!(answered(202, b"{}", None), Answer::Accepted { id: None });
    assert_eq!(answered(200, br#"{"id":7}"#, None), Answer::Accepted { id: None });
}

/// Reach and release, status, codes.
const HOLDS: &[(Reach, Release, u16, &str)] = &[
    (Reach::Project, Release::Operator, 402, "NO_PAYMENT_INFORMATION_FOUND ACCOUNT_SUSPENDED ANYTHING"),
    (Reach::Project, Release::Operator, 401, "USER_UNAUTHORIZED NOT_IN_GROUP USER_CANNOT_ACCESS_GROUP"),
    (Reach::Project, Release::Operator, 403, "ACCESS_FORBIDDEN USER_UNAUTHORIZED"),
    (Reach::Project, Release::Operator, 404, "GROUP_NOT_FOUND"),
    (Reach::Organisation, Release::Probe, 403, "HOURLY_BILLING_LIMIT_EXCEEDED"),
    (Reach::Organisation, Release::Operator, 403, "IP_ADDRESS_NOT_ON_ACCESS_LIST ORG_REQUIRES_ACCESS_LIST"),
    (Reach::Organisation, Release::Operator, 403, "ORG_REQUIRES_WHITELIST RESOURCE_REQUIRES_WHITELIST"),
    (Reach::Organisation, Release::Operator, 401, "UNEXPECTED_ERROR"),
    (Reach::Campaign, Release::Operator, 403, "access_denied"),
    (Reach::Campaign, Release::Operator, 410, "VERSION_GONE"),
];

#[test]
fn a_hold_reaches_as_far_as_what_is_wrong_and_only_the_billing_limit_passes_by_itself() {
    for (reach, release, status, codes) in HOLDS {
        for code in codes.split(' ') {
            let body = format!(r#"{{"error":{status},"errorCode":"{code}"}}"#);
            let hold = answered(*status, body.as_bytes(), None).hold().expect(code);
            assert_eq!((hold.reach, hold.release), (*reach, *release), "{status} {code}");
        }
    }
}

#[test]
fn a_fault_says_what_the_operator_should_do() {
    let body = br#"{"error":402,"errorCode":"NO_PAYMENT_INFORMATION_FOUND","detail":"No payment information."}"#;
    let detail = "No payment information. Add a payment method to the organisation, then release the hold.";
    let fault = Fault::new("NO_PAYMENT_INFORMATION_FOUND", detail);
    let expected = Answer::ScopeHeld(Hold::until_released(Reach::Project, fault));
    assert_eq!(answered(402, body, None), expected);
}

proptest! {
    #[test]
    fn classify_is_total(status in any::<u16>(), body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = answered(status, &body, None);
    }

    #[test]
    fn only_a_2xx_is_accepted_and_nothing_else_is_sure(status in 0u16..1000, code in "[A-Z_]{1,30}") {
        let body = format!(r#"{{"error":{status},"errorCode":"{code}"}}"#);
        let class = sorted(status, &body);
        prop_assert_eq!(class == "accepted", (200..300).contains(&status));
        if !(200..300).contains(&status) && !(400..500).contains(&status) {
            prop_assert_eq!(class, "unknown");
        }
    }
}
