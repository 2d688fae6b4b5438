//! Lists, one page at a time.

use serde_json::{Value, json};

use crate::simulator::ledger::Tally;
use crate::simulator::protocol::request::ApiRequest;
use crate::simulator::protocol::response::{ApiError, ApiResponse};
use crate::simulator::protocol::versions::success;

/// Which part of a list a query asks for.
pub(crate) struct PageQuery {
    /// How many rows a page has.
    pub(crate) size: usize,
    /// The number of the page, from 1.
    number: usize,
    /// Whether the list says how many rows there are in all.
    pub(crate) includes_count: bool,
}

impl PageQuery {
    /// Reads `itemsPerPage`, `pageNum` and `includeCount`.
    pub(crate) fn read(request: &ApiRequest) -> Result<Self, ApiError> {
        let mut page = Self { size: 100, number: 1, includes_count: true };
        for (key, value) in form_urlencoded::parse(request.query().as_bytes()) {
            match &*key {
                "itemsPerPage" => page.size = number(&key, &value, 500)?,
                "pageNum" => page.number = number(&key, &value, usize::MAX)?,
                "includeCount" => page.includes_count = &*value != "false",
                _ => {}
            }
        }
        Ok(page)
    }

    /// How many rows come before the page.
    pub(crate) fn offset(&self) -> usize {
        (self.number - 1).saturating_mul(self.size)
    }

    /// The rows that are on the page, as a list.
    fn cut(&self, rows: Vec<Value>) -> Value {
        let total = rows.len();
        let results: Vec<Value> = rows.into_iter().skip(self.offset()).take(self.size).collect();
        let mut list = json!({"links": [], "results": results});
        if self.includes_count {
            list["totalCount"] = json!(total);
        }
        list
    }
}

/// The page of these rows that the query asks for.
pub(crate) fn page(rows: Vec<Value>, request: &ApiRequest, version: &str, tally: &mut Tally) -> ApiResponse {
    match PageQuery::read(request) {
        Ok(page) => success(version, &page.cut(rows)),
        Err(error) => {
            tally.note_broken_rule(error.detail());
            error.into()
        }
    }
}

fn number(key: &str, value: &str, most: usize) -> Result<usize, ApiError> {
    let number = value.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| ApiError::invalid(key, "is not a number in the allowed range"))
}
