//! The database's file: which one it is, who works on it, and how it is copied and saved.

pub(super) mod backup;
pub(super) mod identity;
pub(super) mod lock;
pub(super) mod lock_file;
pub(super) mod rescue;
