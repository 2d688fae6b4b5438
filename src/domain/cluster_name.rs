//! When two names are one cluster: Atlas ignores the case of a cluster's name.
//!
//! Whoever compares names does it here: [`ClusterKey`] in maps and sets, [`is_same_name`] for two names of one
//! project. In SQL the same is `lower(project_id)` and `lower(cluster_name)`: `lower` changes ASCII letters alone.

/// A cluster as Atlas tells clusters apart: by its project and its name, whatever their case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterKey {
    project_id: String,
    name: String,
}

impl ClusterKey {
    /// The key of the cluster that has this name in this project.
    pub fn new(project_id: &str, name: &str) -> Self {
        Self { project_id: project_id.to_ascii_lowercase(), name: name.to_ascii_lowercase() }
    }

    /// The project's id, in lower case.
    pub fn project_id(&self) -> &str {
        &self.project_id
    }

    /// The cluster's name, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Whether two names in one project are one cluster.
pub fn is_same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_alone_are_one_cluster() {
        assert_eq!(ClusterKey::new("AB", "Orders"), ClusterKey::new("ab", "oRDERS"));
        assert!(is_same_name("Orders", "orders") && !is_same_name("orders", "orders-2"));
        assert_ne!(ClusterKey::new("ab", "c"), ClusterKey::new("a", "bc"));
        assert_ne!(ClusterKey::new("ab", "É"), ClusterKey::new("ab", "é"), "only ASCII letters have two cases");
    }
}
