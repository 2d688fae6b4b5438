//! The use cases: one file for each thing that somebody wants done to a campaign.
//!
//! A use case takes a typed request and gives a typed answer. What has to be told on the way goes to [`Notices`]. It
//! knows no command line, no terminal and no environment: whoever calls it has read those.

pub mod bring_forward;
pub mod error;
pub mod failures;
pub mod fleet;
pub mod holds;
pub mod inputs;
pub mod load;
pub mod notices;
pub mod plan;
pub mod rehearse;
pub mod release;
pub mod retry;
pub mod run;
pub mod simulated_atlas;
pub mod status;

pub use error::{AppError, ErrorKind};
pub use notices::{Notice, Notices, Severity};
