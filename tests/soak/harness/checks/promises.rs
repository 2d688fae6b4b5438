//! Never twice, never lost, and the row tells the truth.

use drydock::domain::event::Seen;
use drydock::domain::job::{Identity, State};
use drydock::engine::Ending;
use drydock::simulator::{Cluster, LedgerEntry, Stage, UpgradePath};
use drydock::store::Row;

use super::{Evidence, Violation, name_of};
use crate::harness::world::Name;

/// Codes with which a job may end although an upgrade of ours stands: it says itself that it does not know.
const UNSURE: [&str; 2] = ["OUTCOME_UNKNOWN", "GAVE_UP"];

pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let seen_on_the_wire = evidence.voyage.world.violations();
    found.extend(seen_on_the_wire.into_iter().map(|(name, what)| Violation { name: Some(name), what }));
    for rule in &evidence.ledger.broken_rules {
        found.push(Violation { name: None, what: format!("the client broke a rule: {rule}") });
    }
    let clusters = &evidence.voyage.scenario.clusters;
    let rows: Vec<Name> = evidence.rows.iter().map(name_of).collect();
    let fleet: Vec<Name> = clusters.iter().map(|one| (one.project.clone(), one.name.clone())).collect();
    if rows != fleet {
        found.push(Violation { name: None, what: format!("the fleet is {fleet:?}, the table has {rows:?}") });
        return found;
    }
    for (row, cluster) in evidence.rows.iter().zip(clusters) {
        let case = Case::new(evidence, row, cluster);
        let name = Some(name_of(row));
        found.extend(case.wrongs().into_iter().map(|what| Violation { name: name.clone(), what }));
    }
    found
}

/// One cluster with all that is known of it.
struct Case<'a> {
    evidence: &'a Evidence<'a>,
    row: &'a Row,
    stage: Stage,
    path: UpgradePath,
    account: LedgerEntry,
    first: Option<&'a Seen>,
    last: Option<&'a Seen>,
    replaced: bool,
    /// How many requests the other campaign has sent.
    sent_elsewhere: i64,
    code: &'a str,
}

impl<'a> Case<'a> {
    fn new(evidence: &'a Evidence<'a>, row: &'a Row, cluster: &Cluster) -> Self {
        let name = name_of(row);
        Self {
            evidence,
            row,
            stage: cluster.stage,
            path: evidence.voyage.scenario.upgrade_path(),
            account: evidence.ledger.entries.get(&name).cloned().unwrap_or_default(),
            first: evidence.voyage.first.get(&name).and_then(Option::as_ref),
            last: evidence.last.get(&name).and_then(Option::as_ref),
            replaced: evidence.voyage.replaced.contains(&name),
            sent_elsewhere: evidence.sent_elsewhere.get(&name).copied().unwrap_or(0),
            code: row.job.error.as_ref().map_or("", |fault| &fault.code),
        }
    }

    fn wrongs(&self) -> Vec<String> {
        [self.never_twice(), self.never_lost(), self.plausible(), self.truthful(), self.at_last()]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Promise 1: no request reached a cluster while the effect of an earlier one stood.
    fn never_twice(&self) -> Option<String> {
        let LedgerEntry { requests, after_effect, after_rollback, .. } = self.account;
        // Somebody else's upgrade may be hidden from a look for a while; what is ours, the wire tells apart.
        let hidden = matches!(self.stage, Stage::Upgrading { .. });
        if after_effect != after_rollback && !hidden {
            return Some(format!("asked again {} times after an effect that stood", after_effect - after_rollback));
        }
        let sends = self.row.job.request.send + self.sent_elsewhere;
        (i64::from(requests) > sends).then(|| format!("{requests} requests arrived, {sends} intents were written"))
    }

    /// Promise 2: one ended state with its reason; or live, and it says when it is to be acted on.
    fn never_lost(&self) -> Option<String> {
        let job = &self.row.job;
        let held = matches!(self.evidence.voyage.ending, Some(Ending::Held(_)));
        if !job.state.is_ended() {
            let waits = held && job.schedule.due_at.is_some();
            return (!waits).then(|| format!("{} in the end, without a hold", job.state));
        }
        let reason = job.error.is_some();
        if reason == (job.state == State::Succeeded) {
            return Some(format!("{} with the reason {:?}", job.state, job.error));
        }
        (job.request.submitted_at > job.finished_at).then(|| "ended before it was sent".to_owned())
    }

    /// Whether a cluster of this stage may end so.
    fn plausible(&self) -> Option<String> {
        if self.replaced || !self.row.job.state.is_ended() || self.row.job.state == State::Cancelled {
            return None;
        }
        // What the other campaign has done to it is found there, at work or done, by any of the looks.
        let elsewhere = ["ALREADY_AT_TARGET", "TARGET_DIFFERS"].iter().filter(|_| self.sent_elsewhere > 0);
        let always: Vec<&str> = elsewhere.copied().chain(["GAVE_UP"]).collect();
        let codes: &[&str] = match self.stage {
            Stage::Missing => &["CLUSTER_NOT_FOUND"],
            stage if stage == self.path.source_stage() => {
                &["", "OUTCOME_UNKNOWN", "DID_NOT_TAKE", "ATTEMPTS_EXHAUSTED", "TENANT_CLUSTER_UPDATE_UNSUPPORTED"]
            }
            stage if stage == self.path.target_stage() => &["ALREADY_AT_TARGET"],
            Stage::Paused if self.path.source_stage() == Stage::Shared => &["CLUSTER_PAUSED"],
            Stage::Upgrading { .. } => &[
                "",
                "ALREADY_AT_TARGET",
                "OUTCOME_UNKNOWN",
                "DID_NOT_TAKE",
                "ATTEMPTS_EXHAUSTED",
                "TENANT_CLUSTER_UPDATE_UNSUPPORTED",
            ],
            _ => &["WRONG_TIER"],
        };
        let known = codes.contains(&self.code) || always.contains(&self.code);
        let asked = self.is_possible() || self.account.requests == 0;
        (!known || !asked).then(|| format!("a {:?} cluster ended {} {}", self.stage, self.row.job.state, self.code))
    }

    /// Whether the cluster is one that can be upgraded.
    fn is_possible(&self) -> bool {
        self.stage == self.path.source_stage() || matches!(self.stage, Stage::Upgrading { .. })
    }

    /// Succeeded if and only if the cluster stands at the target; the row names it as it was and as it is.
    fn truthful(&self) -> Option<String> {
        let job = &self.row.job;
        if self.replaced || !job.state.is_ended() {
            return None;
        }
        let target = match self.path.target_stage() {
            Stage::Serverless => "SERVERLESS",
            Stage::Flex => "FLEX",
            _ => "AWS",
        };
        let stands = self.last.is_some_and(|seen| seen.provider == target);
        let ours = stands && self.account.effects > 0;
        if job.state != State::Succeeded {
            // A row that is out of the fleet, or a look, may leave to the other campaign what that one has done.
            let theirs = self.sent_elsewhere > 0 && matches!(self.row.job.state, State::Cancelled | State::Skipped);
            let wrong = ours && !UNSURE.contains(&self.code) && !theirs;
            return wrong.then(|| format!("{} {}, but its upgrade stands", job.state, self.code));
        }
        if !stands {
            return Some("succeeded, but it is not at the target".to_owned());
        }
        let source = self.stage == self.path.source_stage() && self.sent_elsewhere == 0;
        if source && self.account.effects == 0 {
            return Some("succeeded, but no request took effect".to_owned());
        }
        let source = differs("source", job.source.as_ref(), self.first, source);
        source.or_else(|| differs("target", job.target.as_ref(), self.last, true))
    }

    /// After the last word, in calm weather, nothing is left that could have been done.
    fn at_last(&self) -> Option<String> {
        let possible = self.is_possible();
        let scenario = &self.evidence.voyage.scenario;
        let slow = self.code == "GAVE_UP" && scenario.settings.durations.longest() > scenario.policy.look_give_up_after;
        // The first word about another cluster is for the operator, who has to say it once more.
        let another = self.code == "CLUSTER_REPLACED" && self.replaced;
        let done = matches!(self.row.job.state, State::Succeeded | State::Skipped) || slow || another;
        let wrong = self.evidence.calm && possible && !done;
        wrong.then(|| format!("{} {} although nothing was in its path", self.row.job.state, self.code))
    }
}

fn differs(what: &str, told: Option<&Identity>, seen: Option<&Seen>, needed: bool) -> Option<String> {
    let told = told.map(|one| (one.id.as_str(), one.connection_string.as_deref()));
    if told.is_none() && !needed {
        return None;
    }
    let seen = seen.map(|one| (one.id.as_str(), one.connection_string.as_deref()));
    (told != seen).then(|| format!("the row has the {what} {told:?}, the world {seen:?}"))
}
