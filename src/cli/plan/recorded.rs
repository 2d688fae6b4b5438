//! What the database knows of the fleet, if there is one: it is read, and none is made.

use std::collections::BTreeMap;

use crate::cli::context::Context;
use crate::cli::environment;
use crate::cli::exit::Failure;
use crate::cli::forward::{self, AskedOf};
use crate::cli::run::begin;
use crate::config::Config;
use crate::domain::cluster_name::ClusterKey;
use crate::domain::hold::Held;
use crate::domain::job::{Job, State};
use crate::planning::Known;
use crate::store::{Campaign, NewJob, Store};

/// What was found.
#[derive(Default)]
pub(super) struct Recorded {
    /// By cluster.
    pub(super) known: BTreeMap<ClusterKey, Known>,
    /// The holds in force.
    pub(super) holds: Vec<Held>,
    /// What Atlas asked for and is not over.
    pub(super) asked: Option<AskedOf>,
}

impl Recorded {
    pub(super) async fn read(config: &Config, fleet: &[NewJob], context: &Context) -> Result<Self, Failure> {
        let Some(store) = context.store_if_there(&config.file).await? else { return Ok(Self::default()) };
        begin::refuse_another(&store, config, &config.base_url).await?;
        let campaign = store.campaign(&config.campaign).await?;
        let known = known(&store, campaign.as_ref(), fleet, context).await?;
        let Some(campaign) = campaign else { return Ok(Self { known, ..Self::default() }) };
        let runner = store.holder(&environment::host());
        let notes = forward::live_notes(&store, campaign.id, runner.as_ref()).await?.unwrap_or_default();
        let now = context.clock_of(&store).await?.now();
        let asked = forward::asked(&store, campaign.id, notes.asked, now).await?;
        Ok(Self { known, holds: store.holds(campaign.id).await?, asked })
    }
}

async fn known(
    store: &Store,
    campaign: Option<&Campaign>,
    fleet: &[NewJob],
    context: &Context,
) -> Result<BTreeMap<ClusterKey, Known>, Failure> {
    let id = campaign.map_or(0, |campaign| campaign.id);
    let mut known = BTreeMap::new();
    for new in fleet {
        let own = store.job(id, &new.project_id, &new.cluster_name).await?;
        let found = match own {
            Some(job) if !matches!(job.state, State::Pending | State::Ready) => {
                Some(Known::Begun(job.state, job.error))
            }
            own => {
                let (row, now) = (new.row, context.clock.now());
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
