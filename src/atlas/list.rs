//! Lists of what is no cluster: one page as Atlas writes it.

use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::atlas::exchange::Limits;
use crate::atlas::reads::{ROWS_PER_PAGE, failed, unreadable};
use crate::domain::event::Answer;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows that could be read.
    pub rows: Vec<T>,
    /// Whether no page follows.
    pub last: bool,
}

#[derive(Deserialize)]
struct List<T> {
    results: Vec<Row<T>>,
}

/// One strange row must not hide the others.
#[derive(Deserialize)]
#[serde(untagged)]
enum Row<T> {
    Good(T),
    Other(IgnoredAny),
}

/// Where page `page` (from 1) of the list at `path` is read.
pub(super) fn paged(path: &str, page: u32) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}itemsPerPage={ROWS_PER_PAGE}&pageNum={page}")
}

/// The answer to the read of a page.
pub(super) fn read<T: DeserializeOwned>(answer: &Response<Bytes>, limits: &Limits) -> Result<Listed<T>, Answer> {
    if answer.status().as_u16() != 200 {
        return Err(failed(answer, limits));
    }
    let list: List<T> = serde_json::from_slice(answer.body()).map_err(|_| unreadable("it is no list"))?;
    let last = list.results.len() < ROWS_PER_PAGE;
    let good = list.results.into_iter().filter_map(|row| match row {
        Row::Good(row) => Some(row),
        Row::Other(_) => None,
    });
    Ok(Listed { rows: good.collect(), last })
}
