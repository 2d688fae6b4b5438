//! What Atlas says now: lists of each project, single reads of what no list shows, regions, limits, projects. Reads
//! only.
//!
//! Every project is looked at once. What could not be seen then is looked at again, in rounds that are further and further
//! apart, for a minute in all. What still could not be seen is an answer of its own: it says nothing about a cluster.

mod rounds;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::atlas::{Client, EndpointSet, Exchange, ListEnd, Listed, Page};
use crate::clock::Clock;
use crate::domain::cluster_name::ClusterKey;
use crate::domain::code::Fault;
use crate::domain::event::{Answer, Found, Seen, Sighting};
use crate::domain::hold::Hold;
use crate::domain::operation::{Api, CLUSTERS, Operation};
use crate::pacing::{EndpointSegment, Pacing, Permission, Purpose};
use crate::planning::regions::Regions;
use crate::store::NewJob;

use rounds::{Failure, Looked};

/// What was seen.
#[derive(Debug, Default)]
pub struct Survey {
    /// By cluster.
    pub sightings: HashMap<ClusterKey, Sighting>,
    /// Why a cluster could not be seen, for those that could not.
    pub unseen: HashMap<ClusterKey, Fault>,
    /// All names in each project, of any kind that was listed.
    pub names: HashMap<String, BTreeSet<String>>,
    /// Projects that are closed to these credentials, and why.
    pub closed: BTreeMap<String, Hold>,
    /// Projects of the fleet that the list of all projects does not show; `None` if that list could not be read.
    pub unlisted: Option<Vec<String>>,
    /// Why the credentials open nothing at all, if so.
    pub shut_out: Option<Fault>,
    /// Where what is offered.
    pub regions: Regions,
    /// The token buckets of a project.
    pub limits: Vec<EndpointSet>,
    /// What Atlas says about the end of a resource, by its path segment.
    pub retires: BTreeMap<String, String>,
}

/// Why there is no survey: nobody can be asked anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What was read.
    pub path: String,
    /// What came instead.
    pub answer: Answer,
}

/// One who looks around.
struct Surveyor<'a> {
    client: &'a Client,
    clock: Clock,
    operation: &'static Operation,
    pacing: Mutex<Pacing>,
    retires: Mutex<BTreeMap<String, String>>,
}

/// Looks at every cluster of the fleet, at up to `workers` projects at once and the campaign's pace.
pub async fn survey(
    client: &Client,
    clock: Clock,
    operation: &'static Operation,
    (per_minute, workers): (u32, usize),
    fleet: &[NewJob],
) -> Result<Survey, Refusal> {
    let surveyor = Surveyor::new(client, clock, operation, per_minute);
    let projects = by_project(fleet);
    let mut survey = Survey::default();
    match surveyor.unlisted(projects.keys().copied()).await {
        Ok(unlisted) => survey.unlisted = Some(unlisted),
        Err(answer) => survey.shut_out = answer.hold().map(|hold| hold.fault),
    }
    surveyor.rounds(&mut survey, projects.clone(), workers).await?;
    // Of some projects a key may know that may not list any.
    survey.shut_out = survey.shut_out.filter(|_| survey.closed.len() == projects.len());
    if let Some(open) = projects.keys().find(|project| !survey.closed.contains_key(**project)) {
        survey.limits = surveyor.limits(open).await;
        survey.regions = surveyor.regions(open, fleet).await;
    }
    survey.retires = surveyor.retires.into_inner();
    Ok(survey)
}

/// Looks at the clusters alone, and no longer than `within` in all: what was not seen by then is in no list.
pub async fn sightings(
    client: &Client,
    clock: Clock,
    operation: &'static Operation,
    (per_minute, workers): (u32, usize),
    fleet: &[NewJob],
    within: Duration,
) -> Survey {
    let surveyor = Surveyor::new(client, clock, operation, per_minute);
    let mut survey = Survey::default();
    let rounds = surveyor.rounds(&mut survey, by_project(fleet), workers);
    // Where nothing can be reached, nothing was seen.
    let _over_or_refused = tokio::time::timeout(within, rounds).await;
    survey
}

/// The rows of each project.
fn by_project(fleet: &[NewJob]) -> BTreeMap<&str, Vec<&NewJob>> {
    let mut projects: BTreeMap<&str, Vec<&NewJob>> = BTreeMap::new();
    for row in fleet {
        projects.entry(&row.project_id).or_default().push(row);
    }
    projects
}

impl<'c> Surveyor<'c> {
    fn new(client: &'c Client, clock: Clock, operation: &'static Operation, per_minute: u32) -> Self {
        let pacing = Mutex::new(Pacing::new(per_minute, clock));
        Self { client, clock, operation, pacing, retires: Mutex::default() }
    }
}

impl Surveyor<'_> {
    /// Looks at these clusters of a project. A failed read concerns what it is a read of: where a list fails that others
    /// do not, each cluster is read by itself.
    async fn project<'a>(&self, project: &str, rows: &[&'a NewJob]) -> Looked<'a> {
        let operation = self.operation;
        let mut looked = Looked { project: project.to_owned(), ..Looked::default() };
        let lists = match self.list(operation.source, project).await {
            Ok(source) if operation.source == operation.target => Ok((source.clone(), source)),
            Ok(source) => self.list(operation.target, project).await.map(|target| (source, target)),
            Err(failure) => Err(failure),
        };
        let (source, target) = match lists {
            Ok(lists) => {
                let names = lists.0.iter().chain(&lists.1).map(|seen| seen.name.clone());
                looked.names = Some(names.collect());
                lists
            }
            Err(failure) if failure.concerns_all() => {
                looked.fail_all(rows, &failure);
                return looked;
            }
            Err(_) => (Vec::new(), Vec::new()),
        };
        for row in rows {
            let NewJob { cluster_name: name, wanted, .. } = row;
            let mut sighting = operation.sight(wanted, false, Found::among(&source, name), Found::among(&target, name));
            // That a list does not show it is no news.
            if sighting == Sighting::Unlisted {
                match self.both(project, name).await {
                    Ok((source, target)) => sighting = operation.sight(wanted, false, source, target),
                    Err(failure) => {
                        looked.fail(row, failure);
                        continue;
                    }
                }
            }
            looked.sightings.push((ClusterKey::new(project, name), sighting));
        }
        looked
    }

    async fn list(&self, api: Api, project: &str) -> Result<Vec<Seen>, Failure> {
        let (mut all, mut end) = (Vec::new(), ListEnd::default());
        for page in 1.. {
            let Page { clusters, last } = self.read(api, project, || self.client.read_list(api, project, page)).await?;
            if let Err(fault) = end.page(clusters.iter().map(|seen| &*seen.id)) {
                tracing::warn!(project, code = %fault.code, "{} Each cluster is read by itself.", fault.detail);
                break;
            }
            all.extend(clusters);
            if last {
                break;
            }
        }
        Ok(all)
    }

    /// What the single reads of both APIs say.
    async fn both(&self, project: &str, name: &str) -> Result<(Found, Found), Failure> {
        let (source, target) = (self.operation.source, self.operation.target);
        let before = self.read(source, project, || self.client.read_one(source, project, name)).await?;
        if source == target {
            return Ok((before.clone(), before));
        }
        Ok((before, self.read(target, project, || self.client.read_one(target, project, name)).await?))
    }

    /// Reads once, at the campaign's pace.
    async fn read<T, F>(&self, api: Api, project: &str, read: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Exchange<Result<T, Answer>>>,
    {
        self.permit(project, api.segment).await;
        let Exchange { value, path, retired, limits, .. } = read().await;
        if let Some(retired) = retired {
            let resource = path.rsplit_once("/groups/").map_or(&*path, |(_, rest)| rest);
            let resource = resource.split(['/', '?']).nth(1).unwrap_or(resource);
            self.retires.lock().await.insert(resource.to_owned(), retired);
        }
        let (retry_after, host_unavailable) = (limits.retry_after, limits.host_unavailable);
        value.map_err(|answer| Failure { path, answer, retry_after, host_unavailable })
    }

    async fn permit(&self, project: &str, set: EndpointSegment) {
        loop {
            let verdict = self.pacing.lock().await.ask(project, &[(set, 1)], Purpose::Look);
            match verdict {
                Permission::Later(at) => self.clock.sleep_until(at).await,
                Permission::Go | Permission::LookFirst => return,
            }
        }
    }

    /// Which of these the list of all projects does not show.
    async fn unlisted<'p>(&self, projects: impl Iterator<Item = &'p str>) -> Result<Vec<String>, Answer> {
        let (mut seen, mut end) = (HashSet::new(), ListEnd::default());
        for page in 1.. {
            // A bucket of the user's, whatever the project.
            self.permit("", "groups").await;
            let Listed { rows, last } = self.client.read_projects(page).await.value?;
            end.page(rows.iter().map(|project| &*project.id)).map_err(Answer::Unknown)?;
            seen.extend(rows.into_iter().map(|project| project.id));
            if last {
                break;
            }
        }
        Ok(projects.filter(|project| !seen.contains(*project)).map(str::to_owned).collect())
    }

    async fn limits(&self, project: &str) -> Vec<EndpointSet> {
        self.client.read_rate_limits(project).await.value.map(|listed| listed.rows).unwrap_or_default()
    }

    async fn regions(&self, project: &str, fleet: &[NewJob]) -> Regions {
        let pairs: BTreeSet<(&str, String)> = fleet
            .iter()
            .filter_map(|row| Some((row.wanted.provider.as_str(), (self.operation.tier)(&row.wanted)?)))
            .collect();
        let mut regions = Regions::default();
        for (provider, tier) in pairs {
            self.permit(project, CLUSTERS.segment).await;
            if let Ok(Listed { rows, .. }) = self.client.read_regions(project, provider, &tier).await.value {
                regions.learn(rows);
            }
        }
        regions
    }
}
