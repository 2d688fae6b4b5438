//! The made-up world of a simulation: what stands under a row's name, seen with the eyes of the operation.

use crate::domain::job::Wanted;
use crate::domain::operation::{Api, FLEX, Operation, SERVERLESS};
use crate::simulator::{ClusterKind, UpgradePath};

/// What an operation upgrades from and to, told by the APIs that it reads.
pub(super) fn upgrade_path(operation: &Operation) -> UpgradePath {
    let kind = |api: Api, of_clusters| match api {
        SERVERLESS => ClusterKind::Serverless,
        FLEX => ClusterKind::Flex,
        _ => of_clusters,
    };
    UpgradePath {
        source: kind(operation.source, ClusterKind::Shared),
        target: kind(operation.target, ClusterKind::Dedicated),
    }
}

/// The columns of a fleet that put its clusters elsewhere than their rows ask for: a simulation alone reads them.
const PROVIDER: &str = "simulated_provider";
const REGION: &str = "simulated_region";

/// The cloud and the region that a simulated cluster is in before it is upgraded: those that its row asks for, unless the
/// fleet's own columns say otherwise.
pub(super) fn place(wanted: &Wanted, extra: &[(String, String)]) -> (String, String) {
    let said = |column: &str| {
        let cell = extra.iter().find(|(name, _)| name.eq_ignore_ascii_case(column)).map(|(_, cell)| cell.trim());
        cell.filter(|cell| !cell.is_empty())
    };
    let provider = said(PROVIDER).map_or_else(|| wanted.provider.clone(), str::to_ascii_uppercase);
    (provider, said(REGION).unwrap_or(&wanted.region).to_owned())
}

#[test]
fn a_simulated_cluster_is_where_its_row_says_unless_a_column_says_otherwise() {
    let wanted = Wanted { provider: "AWS".into(), region: "US_EAST_1".into(), ..Wanted::default() };
    let column = |name: &str, cell: &str| (name.to_owned(), cell.to_owned());
    let place = |extra: &[(String, String)]| place(&wanted, extra);
    assert_eq!(place(&[column("owner", "mara"), column(REGION, " ")]), ("AWS".to_owned(), "US_EAST_1".to_owned()));
    let elsewhere = [column("Simulated_Provider", "gcp"), column(REGION, "WESTERN_EUROPE")];
    assert_eq!(place(&elsewhere), ("GCP".to_owned(), "WESTERN_EUROPE".to_owned()));
}
