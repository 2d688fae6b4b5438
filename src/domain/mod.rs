//! What Drydock knows about upgrades, as pure values and functions: no I/O, no clock, no randomness of its own.
//!
//! Start with [`machine::decide`], the rule book; [`job::Job`] is all that it remembers of a cluster, and
//! [`event::Event`] all that it can be told.

pub mod base_url;
pub mod bucket;
pub mod cluster_name;
pub mod code;
pub mod comparison;
pub mod estimate;
pub mod event;
pub mod experience;
pub mod history;
pub mod hold;
pub mod job;
pub mod machine;
pub mod operation;
pub mod policy;
pub mod report_columns;
pub mod run_notes;
pub mod summary;
pub mod waiting;
pub mod wave;
