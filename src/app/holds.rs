//! The holds in force in a campaign, and what waits for their end.

use std::collections::HashMap;

use crate::app::AppError;
use crate::domain::hold::{Held, Scope};
use crate::domain::wave::Wave;
use crate::store::Store;

/// A hold, and how many jobs that have not begun wait for its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldScope {
    /// The hold.
    pub held: Held,
    /// Not known of an organisation, whose projects only Atlas can tell.
    pub jobs: Option<i64>,
}

/// The holds in force in a campaign, the oldest first.
pub async fn in_force(store: &Store, campaign_id: i64) -> Result<Vec<HeldScope>, AppError> {
    let holds = store.holds(campaign_id).await?;
    if holds.is_empty() {
        return Ok(Vec::new());
    }
    let left: HashMap<String, i64> = store.not_begun(campaign_id, Wave::REST).await?.into_iter().collect();
    let jobs = |scope: &Scope| match scope {
        Scope::Project(id) => Some(left.get(id).copied().unwrap_or(0)),
        Scope::Campaign => Some(left.values().sum()),
        Scope::Organisation(_) => None,
    };
    Ok(holds.into_iter().map(|held| HeldScope { jobs: jobs(&held.scope), held }).collect())
}
