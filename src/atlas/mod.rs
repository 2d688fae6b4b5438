//! The client of MongoDB Atlas's Administration API.
//!
//! [`Client`] makes one call at a time and says what it means; it retries nothing, paces nothing and decides
//! nothing. [`transport`] carries requests (over sockets, or to a handler in this process), `signer` signs them
//! (a bearer token, a service account's token, or a digest), [`classify`](mod@classify) turns every answer into
//! one of the classes of the domain, and `wire` reads clusters in whichever shape Atlas describes them.
//!
//! The one thing that this module may send twice is a request that Atlas answered with a 401 and an error
//! document: that one was not applied, and it is signed once more with a fresh token or nonce.

mod advice;
pub mod classify;
mod client;
mod codes;
mod credentials;
mod digest;
mod document;
mod exchange;
mod form;
mod headers;
mod list;
mod page;
mod projects;
mod reads;
mod send_gate;
mod sign_in;
mod signer;
mod tls;
mod token;
pub mod transport;
mod wire;

#[cfg(test)]
mod testing;

pub use client::Client;
pub use codes::{INSECURE, NO_CONNECTION, OVERSLEPT, PROXY_SIGN_IN, WEB_PAGE};
pub use credentials::Credentials;
pub use exchange::{Exchange, Limits, Page};
pub use form::CredentialForm;
pub use list::{ListEnd, Listed};
pub use projects::{Endpoint, EndpointSet, Offer, Project, Region, Size};
pub use send_gate::MayLeave;
pub use sign_in::SignInError;
pub use transport::{Transport, TransportError};
