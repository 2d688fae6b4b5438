//! What the database knows of the fleet, if there is one: it is read, and none is made.

use std::collections::BTreeMap;

use crate::app::AppError;
use crate::app::bring_forward::{AskedOf, asked, live_notes};
use crate::app::run::refuse_another;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::cluster_name::ClusterKey;
use crate::domain::hold::Held;
use crate::domain::job::{Job, State};
use crate::planning::Known;
use crate::store::{Campaign, NewJob, Store};

/// What was found.
#[derive(Default)]
pub struct Recorded {
    /// By cluster.
    pub known: BTreeMap<ClusterKey, Known>,
    /// The holds in force.
    pub holds: Vec<Held>,
    /// What Atlas asked for and is not over.
    pub asked: Option<AskedOf>,
}

impl Recorded {
    pub(super) async fn read(
        store: &Store,
        config: &Config,
        fleet: &[NewJob],
        (clock, host): (Clock, &str),
    ) -> Result<Self, AppError> {
        refuse_another(store, config, &config.base_url).await?;
        let campaign = store.campaign(&config.campaign).await?;
        let known = known(store, campaign.as_ref(), fleet, clock).await?;
        let Some(campaign) = campaign else { return Ok(Self { known, ..Self::default() }) };
        let runner = store.holder(host);
        let notes = live_notes(store, campaign.id, runner.as_ref()).await?.unwrap_or_default();
        // A runner's clock may be ahead of this host's.
        let now = store.newest().await?.map_or(clock, |newest| clock.not_before(newest)).now();
        let asked = asked(store, campaign.id, notes.asked, now).await?;
        Ok(Self { known, holds: store.holds(campaign.id).await?, asked })
    }
}

async fn known(
    store: &Store,
    campaign: Option<&Campaign>,
    fleet: &[NewJob],
    clock: Clock,
) -> Result<BTreeMap<ClusterKey, Known>, AppError> {
    let id = campaign.map_or(0, |campaign| campaign.id);
    let mut known = BTreeMap::new();
    for new in fleet {
        let own = store.job(id, &new.project_id, &new.cluster_name).await?;
        let found = match own {
            Some(job) if !matches!(job.state, State::Pending | State::Ready) => {
                Some(Known::Begun(job.state, job.error))
            }
            own => {
                let (row, now) = (new.row, clock.now());
                let fresh = || Job::new(row, &new.project_id, &new.cluster_name, new.wanted.clone(), now);
                store.live_elsewhere(&own.unwrap_or_else(fresh)).await?.map(Known::Elsewhere)
            }
        };
        if let Some(found) = found {
            known.insert(ClusterKey::new(&new.project_id, &new.cluster_name), found);
        }
    }
    Ok(known)
}
