//! What each path of the API answers. Each file lists its paths, and [`routes`] lists the files.
//!
//! A new upgrade is a file in `upgrades/` and a line in its list.

mod catalog;
mod cluster_api;
mod cluster_json;
mod clusters;
pub(super) mod oauth;
pub(super) mod projects;
pub(super) mod route;
mod upgrades;

use crate::simulator::handlers::route::Route;

/// All paths below `/api/atlas/v2`.
pub(crate) fn routes() -> impl Iterator<Item = &'static Route> {
    let all: [&'static [Route]; 4] = [&upgrades::ROUTES, &clusters::ROUTES, &projects::ROUTES, &catalog::ROUTES];
    all.into_iter().flatten()
}
