//! What a rehearsal says at its end.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::AppError;
use crate::app::rehearse::Rehearsed;
use crate::app::rehearse::timeline::{self, Moment, timeline};
use crate::cli::terminal::{Out, inset_fact};
use crate::cli::waves;
use crate::clock::Millis;
use crate::config::Config;
use crate::engine::Ending;
use crate::plural;
use crate::plural::span;

/// Into how many parts the time is cut.
const PARTS: u32 = 12;

pub(super) struct Words<'a> {
    pub(super) config: &'a Config,
    pub(super) clusters: usize,
    /// Who says how long upgrades take.
    pub(super) said: String,
    pub(super) seed: u64,
    /// How long it was played.
    pub(super) took: Duration,
    /// When it would end if it was started now.
    pub(super) ends_at: Millis,
    pub(super) played: &'a Rehearsed,
}

impl Words<'_> {
    pub(super) fn tell(&self, json: bool) -> Result<(), AppError> {
        let mut out = Out::new();
        if json {
            out.line(&self.object().to_string())?;
        } else {
            self.write(&mut out)?;
        }
        out.done()
    }

    fn whole(&self) -> Duration {
        self.played.took()
    }

    fn timeline(&self) -> Vec<Moment> {
        timeline(&self.played.moments, self.whole(), PARTS)
    }

    fn write(&self, out: &mut Out) -> Result<(), AppError> {
        let Self { config, clusters, played, .. } = self;
        let served = played.served;
        out.line(&format!(
            "{}, rehearsed: {}, {}",
            config.campaign,
            plural::count(*clusters as u64, "cluster"),
            config.operation.title
        ))?;
        inset_fact(out, "upgrades", &self.said)?;
        let whole = span(self.whole());
        inset_fact(
            out,
            "ends",
            &match &played.ending {
                Some(Ending::Finished) => format!("after {whole}: if it is started now, at {}", self.ends_at),
                Some(Ending::Held(_)) => format!("held, after {whole}"),
                _ => format!("not at all, in {whole}"),
            },
        )?;
        for (place, (wave, at)) in timeline::waves(&played.moments).into_iter().enumerate() {
            let label = if place == 0 { "waves" } else { "" };
            inset_fact(out, label, &format!("{} after {}", waves::does(wave, "begins", "begin"), span(at)))?;
        }
        let counts = played.counts.iter().filter(|(_, count)| *count > 0);
        let counts: Vec<String> = counts.map(|(state, count)| format!("{count} {state}")).collect();
        inset_fact(out, "jobs", &counts.join(", "))?;
        for (count, fault) in &played.failed {
            inset_fact(out, "", &format!("{count} with {}: {}", fault.code, fault.detail))?;
        }
        let each = served.requests as f64 / (*clusters).max(1) as f64;
        let looks = served.requests - served.upgrades;
        let upgrades = served.upgrades;
        inset_fact(
            out,
            "requests",
            &format!("{} ({upgrades} for upgrades, {looks} looks), {each:.1} a cluster", served.requests),
        )?;
        inset_fact(out, "in flight", &format!("{} at most", self.played.peak()))?;
        let share = served.throttled as f64 * 100.0 / served.requests.max(1) as f64;
        inset_fact(out, "429s", &format!("{} ({share:.1} % of the requests)", served.throttled))?;
        for report in &played.reports {
            inset_fact(out, "report", &report.display().to_string())?;
        }
        inset_fact(
            out,
            "played",
            &format!("in {}, with seed {}; nothing was sent anywhere", span(self.took), self.seed),
        )?;
        out.line("")?;
        out.line(&format!("  {:>12} {:>9} {:>10} {:>10} {:>6}", "after", "ended", "in flight", "requests", "429s"))?;
        self.timeline().iter().try_for_each(|Moment { at, ended, in_flight, requests, throttled, .. }| {
            out.line(&format!("  {:>12} {ended:>9} {in_flight:>10} {requests:>10} {throttled:>6}", span(*at)))
        })
    }

    fn object(&self) -> Value {
        let Self { config, clusters, played, seed, .. } = self;
        let counts: BTreeMap<&str, i64> = played.counts.iter().map(|(state, count)| (state.name(), count)).collect();
        let moments = self.timeline();
        let moment = |moment: &Moment| {
            json!({
                "seconds": moment.at.as_secs_f64(),
                "ended": moment.ended,
                "in_flight": moment.in_flight,
                "requests": moment.requests,
                "throttled": moment.throttled,
            })
        };
        json!({
            "campaign": config.campaign,
            "operation": config.operation.name,
            "clusters": clusters,
            "seed": seed,
            "finished": !played.unended(),
            "duration_seconds": self.whole().as_secs_f64(),
            "ends_at": self.ends_at.to_string(),
            "counts": counts,
            "requests": played.served.requests,
            "upgrade_requests": played.served.upgrades,
            "throttled": played.served.throttled,
            "peak_in_flight": self.played.peak(),
            "reports": played.reports.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
            "waves": timeline::waves(&played.moments).into_iter().map(|(wave, at)| json!({
                "wave": waves::number(wave),
                "begins_after_seconds": at.as_secs_f64(),
            })).collect::<Vec<_>>(),
            "timeline": moments.iter().map(moment).collect::<Vec<_>>(),
        })
    }
}

/// A duration of upgrades.
pub(super) fn minutes(duration: Duration) -> String {
    if duration.as_secs() > 0 && duration.as_secs().is_multiple_of(60) && duration.as_secs() < 6000 {
        format!("{} min", duration.as_secs() / 60)
    } else {
        span(duration)
    }
}
