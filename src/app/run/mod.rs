//! Runs a campaign, in steps between which the caller may ask somebody or print something:
//! [`prepare()`] loads the fleet, [`Prepared::sign_in`] finds a way in, [`Prepared::begin`] makes it this run's work,
//! [`Begun::work`] works, [`conclude()`] writes the reports.

pub mod approved_plan;
mod begin;
mod conclude;
pub mod preflight;
mod prepare;
mod recovery;
pub mod region_moves;
pub(in crate::app) mod reports;
mod restored;

pub use begin::Begun;
pub use conclude::{Concluded, conclude};
pub(in crate::app) use prepare::refuse_another;
pub use prepare::{Prepared, RunAgainst, RunRequest, prepare};
