//! The HTTP API as it is on the wire: requests, responses, versions, pages, rate limits. It knows no cluster.

pub(super) mod pages;
pub(super) mod request;
pub(super) mod resource;
pub(super) mod response;
pub(super) mod token_buckets;
pub(super) mod versions;
