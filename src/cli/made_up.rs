//! The made-up world of a simulation: what stands under a row's name, seen with the eyes of the operation.

use crate::domain::operation::Operation;
use crate::simulator::Way;

/// The upgrade that an operation is, told by the APIs that it reads.
pub(super) fn way(operation: &Operation) -> Way {
    match (operation.source.segment, operation.target.segment) {
        (_, "serverless") => Way::SharedToServerless,
        (_, "flexClusters") => Way::SharedToFlex,
        ("flexClusters", _) => Way::FlexToDedicated,
        _ => Way::SharedToDedicated,
    }
}
