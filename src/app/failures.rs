//! Failures as people want to read them: by kind, the most frequent first, each with an example.

use std::collections::BTreeMap;

use crate::app::AppError;
use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::job::State;
use crate::store::{Filter, Pages, Store};

/// How many kinds are told.
const KINDS: usize = 5;

/// All jobs that ended with one code.
pub struct FailureGroup {
    /// How many they are.
    pub count: usize,
    /// What befell the newest of them.
    pub example: Fault,
    /// Whether the same befell all of them, word for word.
    pub alike: bool,
    newest: Option<Millis>,
    /// The first of them in the fleet's order: row and name.
    pub first: Vec<(i64, String)>,
}

/// The most frequent kinds among the jobs of a campaign in these states, with up to `named` jobs of each.
pub async fn by_code(
    store: &Store,
    campaign_id: i64,
    states: &[State],
    named: usize,
) -> Result<Vec<FailureGroup>, AppError> {
    sorted(store, campaign_id, Filter { states: states.to_vec(), ..Filter::default() }, named).await
}

/// The jobs in a state that ended with this code, as a kind; none if there are none.
pub async fn of_code(
    store: &Store,
    campaign_id: i64,
    state: State,
    code: &str,
    named: usize,
) -> Result<Option<FailureGroup>, AppError> {
    let filter = Filter { states: vec![state], code: Some(code.to_owned()), ..Filter::default() };
    Ok(sorted(store, campaign_id, filter, named).await?.pop())
}

async fn sorted(store: &Store, campaign_id: i64, filter: Filter, named: usize) -> Result<Vec<FailureGroup>, AppError> {
    let mut kinds: BTreeMap<String, FailureGroup> = BTreeMap::new();
    let mut pages = Pages::new(store, campaign_id, filter);
    while let Some(page) = pages.next().await? {
        for job in page.into_iter().map(|row| row.job) {
            let name = job.name();
            let Some(fault) = job.error else { continue };
            let kind = kinds.entry(fault.code.clone()).or_insert_with(|| FailureGroup {
                count: 0,
                example: fault.clone(),
                alike: true,
                newest: job.finished_at,
                first: Vec::new(),
            });
            kind.count += 1;
            kind.alike &= kind.example == fault;
            if kind.first.len() < named {
                kind.first.push((job.row, name));
            }
            if job.finished_at > kind.newest {
                (kind.newest, kind.example) = (job.finished_at, fault);
            }
        }
    }
    let mut kinds: Vec<_> = kinds.into_values().collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
    kinds.truncate(KINDS);
    Ok(kinds)
}
