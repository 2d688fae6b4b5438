//! M0, M2 or M5 to a serverless instance. Atlas stopped serving it in February 2025.

use serde_json::{Value, json};

use crate::domain::job::Wanted;
use crate::domain::operation::{CLUSTERS, Operation, SERVERLESS, optional};

pub(super) const OPERATION: Operation = Operation {
    name: "shared-to-serverless",
    title: "shared cluster (M0, M2, M5) to serverless instance",
    retired: Some("February 2025"),
    needs_instance_size: false,
    takes_continuous_backup: true,
    source: CLUSTERS,
    target: SERVERLESS,
    changes: &[
        "The database is offline during the conversion: sessions, transactions, retryable writes and change streams end.",
        "Only mongodb+srv connection strings remain, and MongoDB becomes the latest release.",
        "App Services, Search indexes, capped collections and collations are not supported there; data sources of Charts \
         break.",
        "It is billed by operation, with continuous backup unless the row says otherwise, and cannot go back.",
    ],
    becomes: |wanted| format!("serverless in {} {}", wanted.provider, wanted.region),
    tier: |_| None,
    path: "clusters/tenantUpgradeToServerless",
    version: "2023-01-01",
    body,
    is_source: |seen| seen.provider == "TENANT",
    is_target: |_, _, _| true,
};

/// `ServerlessInstanceDescription` of the API document, without its read-only fields.
fn body(name: &str, wanted: &Wanted) -> Value {
    let mut body = json!({
        "name": name,
        "providerSettings": {
            "backingProviderName": wanted.provider,
            "providerName": "SERVERLESS",
            "regionName": wanted.region,
        },
    });
    if let Some(on) = wanted.continuous_backup {
        body["serverlessBackupOptions"] = json!({ "serverlessContinuousBackupEnabled": on });
    }
    optional(&mut body, wanted);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_holds_what_the_row_says_and_nothing_more() {
        let mut wanted = Wanted { provider: "AWS".into(), region: "US_EAST_1".into(), ..Wanted::default() };
        let settings = r#"{"backingProviderName":"AWS","providerName":"SERVERLESS","regionName":"US_EAST_1"}"#;
        assert_eq!(body("c1", &wanted).to_string(), format!(r#"{{"name":"c1","providerSettings":{settings}}}"#));

        wanted.continuous_backup = Some(false);
        wanted.termination_protection = Some(true);
        wanted.tags = vec![("team".into(), "a=b".into())];
        let options = r#""serverlessBackupOptions":{"serverlessContinuousBackupEnabled":false}"#;
        let tags = r#""tags":[{"key":"team","value":"a=b"}],"terminationProtectionEnabled":true"#;
        let whole = format!(r#"{{"name":"c1","providerSettings":{settings},{options},{tags}}}"#);
        assert_eq!(body("c1", &wanted).to_string(), whole);
    }
}
