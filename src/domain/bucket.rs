//! Token buckets, by which Atlas limits requests (MongoDB's documentation on API rate limits).

use std::time::Duration;

/// A token bucket: it starts full, a request takes a token, and `refill` tokens come back every `per`, one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// The most it holds.
    pub capacity: u64,
    /// What comes back.
    pub refill: u64,
    /// How often it comes back.
    pub per: Duration,
}
