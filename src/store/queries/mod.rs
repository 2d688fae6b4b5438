//! Reading for people: jobs page by page with their histories, names, and numbers.

pub(super) mod jobs;
pub(super) mod names;
pub(super) mod pages;
pub(super) mod prefetch;
pub(super) mod stats;
