//! A request for a resource of the API.

use bytes::Bytes;
use http::request::Parts;

use crate::simulator::protocol::resource::Resource;

/// A request whose path is known.
pub(crate) struct ApiRequest {
    pub(crate) resource: &'static Resource,
    /// The project in the path; empty where the path names none.
    pub(crate) project: String,
    /// The name of a cluster: from the path, or for an upgrade from the body.
    pub(crate) name: Option<String>,
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
}

impl ApiRequest {
    /// What the request is about, as the words of a seeded draw.
    pub(crate) fn subject(&self) -> String {
        format!("{} {} {}", self.resource.label, self.project, self.name.as_deref().unwrap_or("*"))
    }

    /// The path as it was requested.
    pub(crate) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// The query, or nothing.
    pub(crate) fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }
}
