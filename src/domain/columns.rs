//! The columns of every report (contract), in their order.

/// As a header line has them; the fleet's own columns follow.
pub const REPORT: [&str; 20] = [
    "row",
    "project_id",
    "cluster_name",
    "operation",
    "state",
    "attempts",
    "error_code",
    "error_detail",
    "submitted_at",
    "finished_at",
    "duration_seconds",
    "source_cluster_id",
    "target_cluster_id",
    "source_connection_string",
    "target_connection_string",
    "provider",
    "region",
    "instance_size",
    "wave",
    "waiting_for",
];
