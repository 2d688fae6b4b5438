//! Lists of what is no cluster: one page as Atlas writes it.

use std::collections::HashSet;

use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::atlas::codes::ENDLESS_LIST;
use crate::atlas::exchange::Limits;
use crate::atlas::reads::{ROWS_PER_PAGE, failed, unreadable};
use crate::domain::code::Fault;
use crate::domain::event::Answer;
use crate::redaction::Redactor;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows that could be read.
    pub rows: Vec<T>,
    /// Whether no page follows.
    pub last: bool,
}

/// More pages than any list of Atlas's has: half a million rows.
const MOST_PAGES: u32 = 1000;

/// Sees to it that a list which is read page by page has an end.
#[derive(Debug, Default)]
pub struct ListEnd {
    pages: u32,
    seen: HashSet<String>,
}

impl ListEnd {
    /// Takes in the ids of one page. An error is what is wrong with a list that goes on for ever: one page too many, or
    /// one that shows nothing but what was there before.
    pub fn page<'i>(&mut self, ids: impl Iterator<Item = &'i str>) -> Result<(), Fault> {
        self.pages += 1;
        let (mut rows, mut new) = (0, 0);
        for id in ids {
            rows += 1;
            new += usize::from(self.seen.insert(id.to_owned()));
        }
        let what = if rows > 0 && new == 0 {
            format!("page {} repeats what was there before", self.pages)
        } else if self.pages >= MOST_PAGES {
            format!("it has {MOST_PAGES} pages and goes on")
        } else {
            return Ok(());
        };
        Err(Fault::new(ENDLESS_LIST, format!("Atlas's list has no end: {what}. Is there a proxy in between?")))
    }
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
pub(super) fn read<T: DeserializeOwned>(
    answer: &Response<Bytes>,
    limits: &Limits,
    redactor: &Redactor,
) -> Result<Listed<T>, Answer> {
    if answer.status().as_u16() != 200 {
        return Err(failed(answer, limits, redactor));
    }
    let list: List<T> = serde_json::from_slice(answer.body()).map_err(|_| unreadable("it is no list"))?;
    let last = list.results.len() < ROWS_PER_PAGE;
    let good = list.results.into_iter().filter_map(|row| match row {
        Row::Good(row) => Some(row),
        Row::Other(_) => None,
    });
    Ok(Listed { rows: good.collect(), last })
}

#[test]
fn a_list_ends_with_a_page_that_repeats_and_with_a_page_too_many() {
    let mut end = ListEnd::default();
    assert_eq!(end.page(["a", "b"].into_iter()), Ok(()));
    assert_eq!(end.page(["b", "c"].into_iter()), Ok(()), "rows move while a list is read");
    assert_eq!(end.page(std::iter::empty()), Ok(()));
    let repeats = end.page(["a", "c"].into_iter()).map_err(|fault| fault.code);
    assert_eq!(repeats, Err(ENDLESS_LIST.to_owned()));
    let mut long = ListEnd::default();
    let pages = (1..).take_while(|page: &u32| long.page([&*page.to_string()].into_iter()).is_ok());
    assert_eq!(pages.count(), 999);
}
