//! What Atlas says now: lists of each project, single reads of what no list shows, regions, limits, projects. Reads
//! only.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::Mutex;

use crate::atlas::{Client, EndpointSet, Exchange, Listed, Page};
use crate::clock::Clock;
use crate::domain::cluster_name::ClusterKey;
use crate::domain::code::Fault;
use crate::domain::event::{Answer, Found, Seen, Sighting};
use crate::domain::hold::{Hold, Reach};
use crate::domain::operation::{Api, CLUSTERS, Operation};
use crate::domain::policy::LONGEST_WAIT;
use crate::pacing::{Pacing, Purpose, Set, Verdict};
use crate::planning::regions::Regions;
use crate::store::NewJob;

/// How often a read is tried that did not come to an answer.
const TRIES: u32 = 5;

/// What was seen.
#[derive(Debug, Default)]
pub struct Survey {
    /// By cluster.
    pub sightings: HashMap<ClusterKey, Sighting>,
    /// All names in each project, of any kind that was listed.
    pub names: HashMap<String, BTreeSet<String>>,
    /// Projects that are closed to these credentials, and why.
    pub closed: BTreeMap<String, Hold>,
    /// Projects of the fleet that the list of all projects does not show.
    pub unseen: Vec<String>,
    /// Why the credentials open nothing at all, if so.
    pub shut_out: Option<Fault>,
    /// Where what is offered.
    pub regions: Regions,
    /// The token buckets of a project.
    pub limits: Vec<EndpointSet>,
    /// What Atlas says about the end of a resource, by its path segment.
    pub retires: BTreeMap<String, String>,
}

/// Why there is no survey: an answer that is none, after some tries.
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

/// What one project showed.
struct Looked {
    project: String,
    sightings: Vec<(String, Sighting)>,
    names: BTreeSet<String>,
}

/// Looks at every cluster of the fleet, at up to `workers` projects at once and the campaign's pace.
pub async fn survey(
    client: &Client,
    clock: Clock,
    operation: &'static Operation,
    (per_minute, workers): (u32, usize),
    fleet: &[NewJob],
) -> Result<Survey, Refusal> {
    let surveyor = Surveyor {
        client,
        clock,
        operation,
        pacing: Mutex::new(Pacing::new(per_minute, clock)),
        retires: Mutex::default(),
    };
    let mut projects: BTreeMap<&str, Vec<&NewJob>> = BTreeMap::new();
    for row in fleet {
        projects.entry(&row.project_id).or_default().push(row);
    }
    let mut survey = Survey::default();
    match surveyor.unseen(projects.keys().copied()).await {
        Ok(unseen) => survey.unseen = unseen,
        Err(answer) => survey.shut_out = answer.hold().map(|hold| hold.fault),
    }
    let looks = projects.iter().map(|(project, rows)| surveyor.project(project, rows));
    let mut looks = stream::iter(looks).buffer_unordered(workers.max(1));
    while let Some(looked) = looks.next().await {
        match looked {
            Ok(Looked { project, sightings, names }) => {
                let named = |(name, sighting): (String, _)| (ClusterKey::new(&project, &name), sighting);
                survey.sightings.extend(sightings.into_iter().map(named));
                survey.names.insert(project.clone(), names);
            }
            Err((project, Refusal { path, answer })) => match answer.hold() {
                Some(hold) => drop(survey.closed.insert(project, hold)),
                // Nobody can be asked anything.
                None if matches!(answer, Answer::NeverSent(_)) => return Err(Refusal { path, answer }),
                None => {
                    let silent = Fault::new("RATE_LIMITED", "too many requests, again and again");
                    let fault = answer.fault().cloned().unwrap_or(silent);
                    survey.closed.insert(project, Hold::until_released(Reach::Project, fault));
                }
            },
        }
    }
    drop(looks);
    // Of some projects a key may know that may not list any.
    survey.shut_out = survey.shut_out.filter(|_| survey.closed.len() == projects.len());
    if let Some(open) = projects.keys().find(|project| !survey.closed.contains_key(**project)) {
        survey.limits = surveyor.limits(open).await;
        survey.regions = surveyor.regions(open, fleet).await;
    }
    survey.retires = surveyor.retires.into_inner();
    Ok(survey)
}

impl Surveyor<'_> {
    async fn project(&self, project: &str, rows: &[&NewJob]) -> Result<Looked, (String, Refusal)> {
        self.looks(project, rows).await.map_err(|refusal| (project.to_owned(), refusal))
    }

    async fn looks(&self, project: &str, rows: &[&NewJob]) -> Result<Looked, Refusal> {
        let operation = self.operation;
        let source = self.list(operation.source, project).await?;
        let target = if operation.source == operation.target {
            source.clone()
        } else {
            self.list(operation.target, project).await?
        };
        let names = source.iter().chain(&target).map(|seen| seen.name.clone()).collect();
        let mut sightings = Vec::with_capacity(rows.len());
        for NewJob { cluster_name: name, wanted, .. } in rows {
            let mut sighting = operation.sight(wanted, false, Found::among(&source, name), Found::among(&target, name));
            // That a list does not show it is no news.
            if sighting == Sighting::Unlisted {
                let source = self.one(operation.source, project, name).await?;
                let target = if operation.source == operation.target {
                    source.clone()
                } else {
                    self.one(operation.target, project, name).await?
                };
                sighting = operation.sight(wanted, false, source, target);
            }
            sightings.push((name.clone(), sighting));
        }
        Ok(Looked { project: project.to_owned(), sightings, names })
    }

    async fn list(&self, api: Api, project: &str) -> Result<Vec<Seen>, Refusal> {
        let mut all = Vec::new();
        for page in 1.. {
            let Page { clusters, last } = self.read(api, project, || self.client.read_list(api, project, page)).await?;
            all.extend(clusters);
            if last {
                break;
            }
        }
        Ok(all)
    }

    async fn one(&self, api: Api, project: &str, name: &str) -> Result<Found, Refusal> {
        self.read(api, project, || self.client.read_one(api, project, name)).await
    }

    /// Reads at the campaign's pace, and again after a while where no answer came that says anything.
    async fn read<T, F>(&self, api: Api, project: &str, read: impl Fn() -> F) -> Result<T, Refusal>
    where
        F: Future<Output = Exchange<Result<T, Answer>>>,
    {
        let mut wait = Duration::from_secs(1);
        let mut tries = 1;
        loop {
            self.permit(project, api.segment).await;
            let Exchange { value, path, retired, limits, .. } = read().await;
            if let Some(retired) = retired {
                let resource = path.rsplit_once("/groups/").map_or(&*path, |(_, rest)| rest);
                let resource = resource.split(['/', '?']).nth(1).unwrap_or(resource);
                self.retires.lock().await.insert(resource.to_owned(), retired);
            }
            match value {
                Ok(value) => return Ok(value),
                Err(answer) if tries >= TRIES || answer.hold().is_some() || matches!(answer, Answer::Refused(_)) => {
                    return Err(Refusal { path, answer });
                }
                Err(_) => {}
            }
            let moment = self.clock.now().after(limits.retry_after.unwrap_or(wait).min(LONGEST_WAIT));
            self.clock.sleep_until(moment).await;
            wait *= 2;
            tries += 1;
        }
    }

    async fn permit(&self, project: &str, set: Set) {
        loop {
            let verdict = self.pacing.lock().await.ask(project, &[(set, 1)], Purpose::Look);
            match verdict {
                Verdict::Later(at) => self.clock.sleep_until(at).await,
                Verdict::Go | Verdict::LookFirst => return,
            }
        }
    }

    /// Which of these the list of all projects does not show.
    async fn unseen<'p>(&self, projects: impl Iterator<Item = &'p str>) -> Result<Vec<String>, Answer> {
        let mut seen = HashSet::new();
        for page in 1.. {
            // A bucket of the user's, whatever the project.
            self.permit("", "groups").await;
            let Listed { rows, last } = self.client.read_projects(page).await.value?;
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
