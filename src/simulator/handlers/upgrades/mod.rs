//! Upgrade requests: one file for each path that upgrades.
//!
//! A new one is a file here and a line in [`ROUTES`]. The file has the path, the version, and how a body is read;
//! `accept.rs` decides whether the upgrade may begin, and `body.rs` has the parts that bodies share.

mod accept;
mod body;
mod flex;
mod tenant;
mod to_serverless;

use crate::simulator::handlers::route::Route;

pub(super) static ROUTES: [Route; 3] = [to_serverless::ROUTE, tenant::ROUTE, flex::ROUTE];
