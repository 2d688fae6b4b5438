//! The calls. A worker is told what to do, does it, and says what came of it; it writes nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::atlas::{self, Exchange, Limits as AtlasLimits, ListEnd, MayLeave, Page};
use crate::clock::Millis;
use crate::domain::code::{Fault, RATE_LIMITED};
use crate::domain::event::{Answer, Event, Found, Seen};
use crate::domain::hold::Hold;
use crate::domain::job::Job;
use crate::domain::operation::{Api, Operation};
use crate::engine::Engine;
use crate::engine::claim::Claim;
use crate::engine::holds::Holds;
use crate::pacing::{EndpointSegment, RateFeedback};
use crate::store::Call;

/// What a step learned.
pub(super) struct Learned {
    pub(super) news: Vec<(Box<Claim>, Event, Option<Call>)>,
    pub(super) reports: Vec<RateFeedback>,
    /// A look was refused for a reason that concerns more than its jobs.
    pub(super) held: Option<Hold>,
    /// A look failed.
    pub(super) failed: Option<Fault>,
}

/// Between an intent and its call lies nothing, unless the machine was asleep or the process stopped.
const OVERSLEPT: Duration = Duration::from_secs(60);

/// The code of a request that was not sent, since its scope is held.
const HELD: &str = "HELD";

/// The code of a request that was not sent, since the files or the lock are not what they were. The run ends with that.
const NOT_OURS: &str = "NOT_OURS";

/// Sends the job's upgrade request, whose intent is on disk.
pub(super) async fn send(engine: &Engine, holds: &Holds, job: Job) -> (Job, Event, Call, RateFeedback, Answer) {
    let request = engine.operation.request(&job);
    let stood_still = job.request.sent_at.map(|at| engine.clock.now().since(at)).filter(|span| *span > OVERSLEPT);
    if let Some(span) = stood_still {
        let detail = format!(
            "this process stood still for {} s when the request was to leave (it was stopped, or the machine asleep), so \
             it was not sent: it is looked at again",
            span.as_secs()
        );
        return unsent(engine, job, request.path, Fault::new(atlas::OVERSLEPT, detail));
    }
    let may_leave = may_leave(engine, holds, &job);
    if let Err(fault) = may_leave() {
        return unsent(engine, job, request.path, fault);
    }
    let exchange = engine.client.upgrade(&request, may_leave).await;
    if let Some(retired) = &exchange.retired {
        tracing::warn!(campaign = %engine.campaign, operation = engine.operation.name, "Atlas says: {retired}");
    }
    let endpoints = engine.operation.endpoints();
    let report = RateFeedback { sent: true, ..report(endpoints, &exchange.limits, exchange.status) };
    let call = call(&exchange);
    let answer = held_by(engine, holds, &job.project_id, exchange.value).await;
    tracing::info!(
        campaign = %engine.campaign, project = %job.project_id, cluster = %job.cluster_name, send = job.request.send,
        status = call.status, duration_ms = call.duration_ms, "upgrade request: {answer:?}"
    );
    let (ended, braked) = (exchange.ended, report.host_unavailable);
    let event = Event::Answered { send: job.request.send, ended, answer: answer.clone(), braked };
    (job, event, call, report, answer)
}

/// Whether the job's request may leave: asked before its call begins, and again at its first byte.
fn may_leave(engine: &Engine, holds: &Holds, job: &Job) -> MayLeave {
    let (store, holds, id, project) = (engine.store.clone(), holds.clone(), job.id, job.project_id.clone());
    Arc::new(move || {
        // Whoever has the lock by now may have looked at this cluster already.
        store.is_in_place().map_err(|error| Fault::new(NOT_OURS, error.to_string()))?;
        // Another job's answer may have come since the intent was decided.
        if holds.may_send(id, &project) {
            return Ok(());
        }
        Err(Fault::new(HELD, "not sent: the answer to another job's request holds it back"))
    })
}

/// The answer, and what it concerns besides its job held before anything else is begun.
async fn held_by(engine: &Engine, holds: &Holds, project: &str, answer: Answer) -> Answer {
    let Some(asked) = answer.hold() else { return answer };
    let gone = matches!(answer, Answer::Gone(_));
    let fault = if gone { retired(engine.operation, asked.fault) } else { asked.fault };
    let hold = hold(engine, holds, project, Hold { fault, ..asked }).await;
    if gone { Answer::Gone(hold.fault) } else { Answer::ScopeHeld(hold) }
}

/// Holds what an answer in `project` concerns: the hold with its true reach.
pub(super) async fn hold(engine: &Engine, holds: &Holds, project: &str, asked: Hold) -> Hold {
    holds.asking(project);
    let hold = holds.measured(asked, project, &engine.client).await;
    holds.add(&hold, project, engine.clock.now());
    hold
}

/// What to do where Atlas says that it serves the operation no longer.
fn retired(operation: &Operation, fault: Fault) -> Fault {
    let detail = format!(
        "{} This campaign's operation is {}; Atlas serves {}. Begin a campaign with one of these, on a database of its \
         own (--database-url).",
        fault.detail,
        operation.name,
        operation.others_served()
    );
    Fault { detail, ..fault }
}

/// What the request rests on may not hold any more. Nothing leaves.
fn unsent(engine: &Engine, job: Job, path: String, fault: Fault) -> (Job, Event, Call, RateFeedback, Answer) {
    let (campaign, detail) = (&*engine.campaign, &*fault.detail);
    let (project, cluster) = (&*job.project_id, &*job.cluster_name);
    if [HELD, NOT_OURS].contains(&&*fault.code) {
        tracing::info!(campaign, project, cluster, "{detail}");
    } else {
        tracing::warn!(campaign, project, cluster, "{detail}");
    }
    let answer = Answer::NeverSent(fault);
    let ended = engine.clock.now();
    let event = Event::Answered { send: job.request.send, ended, answer: answer.clone(), braked: false };
    let call = Call { method: "POST", path, status: None, error_code: None, duration_ms: None };
    (job, event, call, RateFeedback { sent: true, ..RateFeedback::default() }, answer)
}

/// Looks at jobs of one project: by lists if there are several, by single reads if there is one.
pub(super) async fn look(engine: &Engine, claims: Vec<Box<Claim>>) -> Learned {
    let mut looking = Looking { engine, started: engine.clock.now(), reports: Vec::new(), held: None };
    let found = if let [claim] = claims.as_slice() {
        looking.one(&claim.job).await.map(|found| vec![found])
    } else {
        looking.many(&claims).await
    };
    let braked = looking.reports.iter().any(|report| report.host_unavailable);
    let (news, failed) = match found {
        Ok(found) => (claims.into_iter().zip(found).map(|(claim, pair)| looking.seen(claim, pair)).collect(), None),
        Err((fault, retry_after)) => {
            let event = Event::LookFailed { fault: fault.clone(), retry_after, braked };
            (claims.into_iter().map(|claim| (claim, event.clone(), None)).collect(), Some(fault))
        }
    };
    Learned { news, reports: looking.reports, held: looking.held, failed }
}

type Failure = (Fault, Option<Duration>);

struct Looking<'a> {
    engine: &'a Engine,
    /// A look counts from when its first request was started.
    started: Millis,
    reports: Vec<RateFeedback>,
    held: Option<Hold>,
}

impl Looking<'_> {
    async fn one(&mut self, job: &Job) -> Result<(Found, Found), Failure> {
        let operation = self.engine.operation;
        let source = self.read(operation.source, job).await?;
        if operation.source == operation.target {
            return Ok((source.clone(), source));
        }
        Ok((source, self.read(operation.target, job).await?))
    }

    async fn read(&mut self, api: Api, job: &Job) -> Result<Found, Failure> {
        let exchange = self.engine.client.read_one(api, &job.project_id, job.name_in_atlas()).await;
        self.judge(api, exchange)
    }

    async fn many(&mut self, claims: &[Box<Claim>]) -> Result<Vec<(Found, Found)>, Failure> {
        let Some(project) = claims.first().map(|claim| &claim.job.project_id) else { return Ok(Vec::new()) };
        let operation = self.engine.operation;
        let source = self.list(operation.source, project).await?;
        let target = if operation.source == operation.target {
            source.clone()
        } else {
            self.list(operation.target, project).await?
        };
        Ok(claims
            .iter()
            .map(|claim| &*claim.job.cluster_name)
            .map(|name| (Found::among(&source, name), Found::among(&target, name)))
            .collect())
    }

    /// All pages. A project holds at most 25 clusters by Atlas's limits, so that the second page is a rarity
    /// which needs no permit of its own.
    async fn list(&mut self, api: Api, project: &str) -> Result<Vec<Seen>, Failure> {
        let (mut clusters, mut end) = (Vec::new(), ListEnd::default());
        for page in 1.. {
            let exchange = self.engine.client.read_list(api, project, page).await;
            let Page { clusters: some, last } = self.judge(api, exchange)?;
            end.page(some.iter().map(|seen| &*seen.id)).map_err(|fault| (fault, None))?;
            clusters.extend(some);
            if last {
                break;
            }
        }
        Ok(clusters)
    }

    fn judge<T>(&mut self, api: Api, exchange: Exchange<Result<T, Answer>>) -> Result<T, Failure> {
        self.reports.push(report(api.segment, &exchange.limits, exchange.status));
        let retry_after = exchange.limits.retry_after;
        exchange.value.map_err(|answer| {
            tracing::debug!(campaign = %self.engine.campaign, path = %exchange.path, "look failed: {answer:?}");
            self.held = answer.hold();
            (fault_of(&answer), retry_after)
        })
    }

    fn seen(&self, claim: Box<Claim>, (source, target): (Found, Found)) -> (Box<Claim>, Event, Option<Call>) {
        let job = &claim.job;
        let sighting = self.engine.operation.sight(&job.wanted, job.request.accepted, source, target);
        tracing::debug!(
            campaign = %self.engine.campaign, project = %job.project_id, cluster = %job.cluster_name,
            "look: {sighting:?}"
        );
        (claim, Event::Looked { started: self.started, sighting }, None)
    }
}

fn report(set: EndpointSegment, limits: &AtlasLimits, status: Option<u16>) -> RateFeedback {
    RateFeedback {
        throttled: status == Some(429),
        retry_after: limits.retry_after,
        remaining: limits.remaining,
        limit: limits.limit,
        bucket: limits.bucket,
        set,
        host_unavailable: limits.host_unavailable && status != Some(405),
        writes_closed: status == Some(405),
        sent: false,
        answered: status.is_some(),
    }
}

fn call<T>(exchange: &Exchange<T>) -> Call {
    Call {
        method: exchange.method,
        path: exchange.path.clone(),
        status: exchange.status,
        error_code: exchange.error_code.clone(),
        duration_ms: i64::try_from(exchange.ended.since(exchange.started).as_millis()).ok(),
    }
}

fn fault_of(answer: &Answer) -> Fault {
    let silent = match answer {
        Answer::Accepted { .. } => Fault::new("UNEXPECTED_ANSWER", "a read was answered like an upgrade"),
        _ => Fault::new(RATE_LIMITED, "too many requests"),
    };
    answer.fault().cloned().unwrap_or(silent)
}
