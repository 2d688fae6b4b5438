//! What makes histories tamper-evident: digests, the chain of a job's events, and who wrote them.

pub(super) mod chain;
pub(super) mod digest;
pub(super) mod runner;
