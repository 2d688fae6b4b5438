//! How large a fleet may be. What is read may have no end, as a device or a pipe has none.

/// How many rows are sent on at once.
pub const CHUNK: usize = 500;
/// How many rows a fleet may have, without blank ones; a spreadsheet shows at most 1,048,576.
pub const MOST_ROWS: i64 = 2_000_000;
/// The error of the first row beyond [`MOST_ROWS`].
pub(super) const TOO_MANY: &str = "a fleet has at most 2000000 rows. Reading stopped here";
/// How many bytes a fleet's file may have.
pub(super) const MOST_BYTES: u64 = 4 << 30;
