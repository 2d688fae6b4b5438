//! Reads: one by name, or a page of a list.

use http::StatusCode;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::desk::{State, Visit};
use super::dice::Dice;
use super::shapes;
use super::versions::{Resource, success};
use super::world::{Entry, Shape, Shown};
use crate::clock::Millis;

/// Which part of a list is wanted.
pub(super) struct Page {
    size: usize,
    number: usize,
    count: bool,
}

/// One cluster, by name.
pub(super) fn one(state: &mut State, visit: &Visit, name: &str, version: &'static str, now: Millis) -> Answer {
    let shape = shape(visit, version);
    let (dice, faults) = (state.world.dice, &state.faults);
    let Some(entry) = state.world.entry(&visit.group, name) else { return unknown(visit, name).into() };
    let shown = entry.look(now, dice, faults);
    match body(visit.resource, entry, shown, shape, dice) {
        Some(body) => success(visit.resource, version, &body),
        None if shown == Shown::Nothing => unknown(visit, name).into(),
        None => elsewhere(visit.resource, shown, name).into(),
    }
}

/// A page of those that the resource shows, in the order of their names.
pub(super) fn list(state: &mut State, visit: &Visit, version: &'static str, now: Millis) -> Answer {
    let page = match Page::read(visit) {
        Ok(page) => page,
        Err(refusal) => {
            state.tally.broken(refusal.detail());
            return refusal.into();
        }
    };
    let shape = shape(visit, version);
    let empty = state.strikes(state.faults.empty_list, "empty_list", visit);
    let (dice, faults) = (state.world.dice, &state.faults);
    let first = (page.number - 1).saturating_mul(page.size);
    let (mut results, mut total) = (Vec::new(), 0);
    for entry in state.world.project(&visit.group).into_iter().flatten().map(|(_, entry)| entry) {
        if empty || !holds(visit.resource, entry.shown(now)) {
            continue;
        }
        if total >= first && results.len() < page.size {
            let shown = entry.look(now, dice, faults);
            results.extend(body(visit.resource, entry, shown, shape, dice));
        }
        total += 1;
    }
    let list = List { links: [], results, total_count: page.count.then_some(total) };
    success(visit.resource, version, &list)
}

/// A list of what is JSON already.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List {
    links: [(); 0],
    results: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_count: Option<usize>,
}

impl Page {
    pub(super) fn read(visit: &Visit) -> Result<Self, Refusal> {
        let mut page = Self { size: 100, number: 1, count: true };
        let query = visit.parts.uri.query().unwrap_or_default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "itemsPerPage" => page.size = number(&key, &value, 500)?,
                "pageNum" => page.number = number(&key, &value, usize::MAX)?,
                "includeCount" => page.count = &*value != "false",
                _ => {}
            }
        }
        Ok(page)
    }

    /// The rows that are on the page, as a list.
    pub(super) fn cut(&self, rows: Vec<Value>) -> Value {
        let (total, first) = (rows.len(), (self.number - 1).saturating_mul(self.size));
        let results: Vec<Value> = rows.into_iter().skip(first).take(self.size).collect();
        let mut list = json!({"links": [], "results": results});
        if self.count {
            list["totalCount"] = json!(total);
        }
        list
    }
}

fn number(key: &str, value: &str, most: usize) -> Result<usize, Refusal> {
    let number = value.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| Refusal::invalid(key, "is not a number in the allowed range"))
}

/// The shape that a request asks for.
fn shape(visit: &Visit, version: &'static str) -> Shape {
    let asked = visit.parts.headers.get("use-effective-instance-fields");
    Shape { version, tells_sizes_apart: asked.is_some_and(|value| value == "true") }
}

/// Whether the resource shows this at all.
fn holds(resource: Resource, shown: Shown) -> bool {
    matches!(
        (resource, shown),
        (Resource::Clusters, Shown::Shared { .. } | Shown::Dedicated { .. })
            | (Resource::Serverless, Shown::Serverless { .. })
            | (Resource::Flex, Shown::Flex { .. })
    )
}

fn body(resource: Resource, entry: &mut Entry, shown: Shown, shape: Shape, dice: Dice) -> Option<Box<RawValue>> {
    if !holds(resource, shown) {
        return None;
    }
    entry.json((resource, shown, shape), |entry| match shown {
        Shown::Serverless { idle } => shapes::serverless(entry, idle, dice),
        Shown::Flex { idle } => shapes::flex(entry, idle, dice),
        _ => shapes::cluster(entry, shown, shape, dice),
    })
}

/// There is nothing under this name.
pub(super) fn unknown(visit: &Visit, name: &str) -> Refusal {
    let group = &visit.group;
    let (code, what) = match visit.resource {
        Resource::Serverless => ("SERVERLESS_INSTANCE_NOT_FOUND", "serverless instance"),
        _ => ("CLUSTER_NOT_FOUND", "cluster"),
    };
    Refusal::new(StatusCode::NOT_FOUND, code, format!("Project {group} has no {what} {name}."))
        .with([json!(name), json!(group)])
}

/// There is something under this name, but another API shows it.
pub(super) fn elsewhere(asked: Resource, shown: Shown, name: &str) -> Refusal {
    let code = match (asked, shown) {
        (Resource::Serverless, _) => "CANNOT_USE_CLUSTER_IN_SERVERLESS_INSTANCE_API",
        (Resource::Flex, _) => "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API",
        (_, Shown::Flex { .. }) => "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API",
        _ => "CANNOT_USE_SERVERLESS_INSTANCE_IN_CLUSTER_API",
    };
    Refusal::new(StatusCode::BAD_REQUEST, code, format!("Another API serves {name}.")).with([json!(name)])
}
