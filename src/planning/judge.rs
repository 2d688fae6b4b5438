//! What is to become of each row: the rule book's own word on what was seen, and what it cannot know.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::clock::Millis;
use crate::domain::cluster_name::ClusterKey;
use crate::domain::code::Fault;
use crate::domain::comparison::RegionChange;
use crate::domain::event::{Event, Seen, Sighting};
use crate::domain::job::{Job, State};
use crate::domain::machine::decide;
use crate::domain::operation::Operation;
use crate::domain::policy::Policy;
use crate::planning::names::collisions;
use crate::planning::survey::Survey;
use crate::planning::{Row, Verdict};
use crate::store::NewJob;

/// What the database knows of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// This campaign has begun with it, or ended it.
    Begun(State, Option<Fault>),
    /// Another campaign has it under way.
    Elsewhere(String),
}

/// Judges every row of the fleet, in its order.
pub fn judge(
    operation: &'static Operation,
    fleet: &[NewJob],
    survey: &Survey,
    known: &BTreeMap<ClusterKey, Known>,
    (policy, now): (&Policy, Millis),
) -> Vec<Row> {
    let alike = names_in_atlas(survey).into_iter().map(|(project, names)| (project, collisions(names))).collect();
    let judge = Judge { operation, survey, known, alike, policy, now };
    fleet.iter().map(|row| judge.row(row)).collect()
}

/// The names in each project that Atlas has, listed or read; a row of the fleet alone is no cluster.
fn names_in_atlas(survey: &Survey) -> HashMap<&str, BTreeSet<&str>> {
    let mut names: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for (project, listed) in &survey.names {
        names.entry(project).or_default().extend(listed.iter().map(String::as_str));
    }
    for (cluster, sighting) in &survey.sightings {
        names.entry(cluster.project_id()).or_default().extend(stands(sighting).map(|seen| seen.name.as_str()));
    }
    names
}

/// What stands under a name.
fn stands(sighting: &Sighting) -> Option<&Seen> {
    match sighting {
        Sighting::Source(seen) | Sighting::Target { seen, .. } | Sighting::Other(seen) => Some(seen),
        _ => None,
    }
}

struct Judge<'a> {
    operation: &'static Operation,
    survey: &'a Survey,
    known: &'a BTreeMap<ClusterKey, Known>,
    alike: HashMap<&'a str, BTreeMap<String, String>>,
    policy: &'a Policy,
    now: Millis,
}

/// A verdict with its reason.
type Opinion = (Verdict, Option<Fault>);

impl Judge<'_> {
    fn row(&self, new: &NewJob) -> Row {
        let key = ClusterKey::new(&new.project_id, &new.cluster_name);
        let sighting = self.survey.sightings.get(&key);
        let (verdict, fault) = self.opinion(new, sighting, self.known.get(&key));
        let stands = sighting.and_then(stands);
        let warnings = match (verdict, stands) {
            (Verdict::Eligible, Some(seen)) => self.warnings(new, seen),
            _ => Vec::new(),
        };
        let (code, detail) = fault.map(|fault| (fault.code, fault.detail)).unzip();
        Row {
            row: new.row,
            project_id: new.project_id.clone(),
            cluster_name: new.cluster_name.clone(),
            is: sighting.map_or_else(|| "not seen".to_owned(), words),
            becomes: (self.operation.becomes)(&new.wanted),
            moves: sighting.and_then(|sighting| moves(new, sighting)),
            verdict,
            code,
            detail,
            warnings,
            cluster_id: stands.map(|seen| seen.id.clone()),
            connection_string: stands.and_then(|seen| seen.connection_string.clone()),
        }
    }

    fn opinion(&self, new: &NewJob, sighting: Option<&Sighting>, known: Option<&Known>) -> Opinion {
        match known {
            Some(Known::Begun(state, fault)) => {
                let detail = format!("this campaign has it as {state}");
                return (Verdict::Begun, Some(fault.clone().unwrap_or_else(|| Fault::new(state.name(), detail))));
            }
            Some(Known::Elsewhere(campaign)) => {
                let detail = format!("it is live in campaign {campaign}: let that one end first");
                return not("LIVE_ELSEWHERE", detail);
            }
            None => {}
        }
        if let Some(hold) = self.survey.closed.get(&new.project_id) {
            return (Verdict::NotEligible, Some(hold.fault.clone()));
        }
        let Some(sighting) = sighting else {
            let nothing = || Fault::new("NOT_SEEN", "Atlas said nothing about it");
            let why = self.survey.unseen.get(&ClusterKey::new(&new.project_id, &new.cluster_name));
            return (Verdict::NotSeen, Some(why.cloned().unwrap_or_else(nothing)));
        };
        self.by_the_book(new, sighting)
    }

    /// What Atlas may refuse of a row that would be upgraded. A run does not know it, so that it is no verdict.
    fn warnings(&self, new: &NewJob, seen: &Seen) -> Vec<String> {
        let alike = self.alike.get(&*new.project_id).and_then(|names| names.get(&seen.name));
        let collides = alike.map(|other| {
            format!(
                "NAME_COLLIDES: its first 23 characters are those of {other} in the same project, by which Atlas tells \
                 clusters apart"
            )
        });
        let tier = (self.operation.tier)(&new.wanted);
        let region = tier.and_then(|tier| self.survey.regions.wrong(&new.wanted, &tier));
        let region = region.map(|fault| format!("{}: {}", fault.code, fault.detail));
        collides.into_iter().chain(region).collect()
    }

    /// What the rule book makes of a pending job that is seen so, twice if once is not enough.
    fn by_the_book(&self, new: &NewJob, sighting: &Sighting) -> Opinion {
        let look = Event::Looked { started: self.now, sighting: sighting.clone() };
        let mut job = Job::new(new.row, &new.project_id, &new.cluster_name, new.wanted.clone(), self.now);
        for _ in 0..2 {
            job = decide(&job, &look, self.now, self.policy, 0).job;
        }
        match job.state {
            State::Ready => (Verdict::Eligible, None),
            State::Skipped => (Verdict::AtTarget, job.error),
            State::Upgrading => (Verdict::UnderWay, None),
            State::Pending => (Verdict::Busy, None),
            _ => (Verdict::NotEligible, job.error),
        }
    }
}

fn not(code: &str, detail: String) -> Opinion {
    (Verdict::NotEligible, Some(Fault::new(code, detail)))
}

/// The move to another region or cloud that the row asks of a cluster that may be upgraded.
fn moves(new: &NewJob, sighting: &Sighting) -> Option<String> {
    let Sighting::Source(seen) = sighting else { return None };
    RegionChange::of(&new.wanted, seen).map(|RegionChange { from, to }| format!("from {from} to {to}"))
}

fn words(sighting: &Sighting) -> String {
    match sighting {
        Sighting::Target { seen, .. } | Sighting::Source(seen) | Sighting::Other(seen) => Seen::words(seen),
        Sighting::Missing => "no such cluster".to_owned(),
        Sighting::Elsewhere => "a cluster of another API".to_owned(),
        Sighting::Unlisted => "not seen".to_owned(),
    }
}
