//! The queue: claiming jobs that are due, and writing what was decided of them.

#[macro_use]
pub(super) mod siblings;
pub(super) mod change;
pub(super) mod claim_cache;
pub(super) mod claims;
pub(super) mod columns;
mod field;
pub(super) mod holds;
pub(super) mod record;
pub(super) mod row_meta;
pub(super) mod run_notes;
pub(super) mod statements;
pub(super) mod verified;
