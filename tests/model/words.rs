//! A path through the model in words that people read.

use std::fmt::Write;

use crate::adversary::Action;
use crate::bounds::SETTLE;
use crate::row::Ago;
use crate::state::{OTHER, Phase, Says, Shown, State, Step, Who};

/// The path, a line for each thing that happens and one below it for what that made of the job.
pub(crate) fn story(path: Vec<(State, Option<Action>)>) -> String {
    let mut text = String::new();
    let mut moments = path.into_iter().peekable();
    let mut count = 0;
    while let Some((state, Some(action))) = moments.next() {
        count += 1;
        let _ = writeln!(text, "{count:3}. {}", happens(&state, action));
        if let Some((after, _)) = moments.peek() {
            let (was, is) = (job(&state), job(after));
            if was != is {
                let _ = writeln!(text, "       job: {is}");
            }
            if after.wrong.is_some() && state.wrong.is_none() {
                let _ = writeln!(text, "       WRONG: {}", around(after));
            }
        }
    }
    text
}

fn job(state: &State) -> String {
    let row = &state.row;
    let mut text = row.state.to_string();
    if row.send > 0 {
        let _ = write!(text, ", send {}{}", row.send, if row.open { " open" } else { "" });
    }
    if row.accepted {
        text.push_str(", accepted");
    }
    if !row.code().is_empty() {
        let _ = write!(text, ", {}", row.code());
    }
    text
}

/// What stands against the newest request.
fn around(state: &State) -> String {
    let cluster = match state.cluster {
        Phase::Source => "idle and what it was",
        Phase::Busy => "being upgraded",
        Phase::Target => "at the target",
    };
    let mut away: Vec<String> =
        state.wire.iter().filter(|away| away.send > 0).map(|away| away.send.to_string()).collect();
    away.sort_unstable();
    let by = if state.landed > 0 { format!(" by request {}", state.landed) } else { String::new() };
    format!("the cluster is {cluster}{by}; of ours may still land: request {}", away.join(" and request "))
}

fn happens(state: &State, action: Action) -> String {
    let next = state.row.send + 1;
    match action {
        Action::Tick => "half a settle time passes".to_owned(),
        Action::Crash => "the runner dies".to_owned(),
        Action::LoseLock => "the runner loses its lock, and lives on with what it has in memory".to_owned(),
        Action::FormerDies => "the former runner dies".to_owned(),
        Action::Start => "a runner starts, takes the lock and takes over".to_owned(),
        Action::Look => "the runner begins to look".to_owned(),
        Action::LookFails => "a look fails".to_owned(),
        Action::Intend => format!("the runner writes the intent of request {next}"),
        Action::Leave(who) => format!("{}request {} leaves", of(who), sent(state.step(who))),
        Action::LeaveFirst => format!("request {next} leaves, before its intent is written"),
        Action::IntendLast => format!("the runner writes the intent of request {next}, which has left"),
        Action::Answer { who, says, ended, again } => {
            let more = if again { "; a second answer is to come" } else { "" };
            let send = sent(state.step(who));
            format!("{}the answer to request {send} is written: {}{}{more}", of(who), says_what(says), since(ended))
        }
        Action::See(who, shown) => {
            let started = if let Step::Looking { started, .. } = state.step(who) { started } else { 0 };
            format!("{}the look is written: {}{}", of(who), shows_what(shown), since(started))
        }
        Action::SeeReady(who) => format!("{}a look shows the source, idle; nothing is written yet", of(who)),
        Action::IntendBoth(who) => format!("{}the look and the intent of request {next} are written", of(who)),
        Action::GiveBack(who) => format!("{}the job is given back", of(who)),
        Action::TakeStray => "the runner takes over what a former one has written".to_owned(),
        Action::Land(send) => format!("request {send} takes effect"),
        Action::OtherStarts => "another operator starts the same upgrade".to_owned(),
        Action::Finish => "the upgrade is done".to_owned(),
        Action::RollBack => "the upgrade is rolled back".to_owned(),
        Action::Cancel => "an operator cancels".to_owned(),
        Action::Retry => "an operator retries".to_owned(),
        Action::LeaveFleet => "the row is gone from the fleet".to_owned(),
        Action::Return => "the row is back".to_owned(),
        Action::OtherSends => format!("another campaign writes its intent, and its request {OTHER} leaves"),
        Action::OtherCloses => "the other campaign finds that its request never landed".to_owned(),
        Action::OtherSucceeds => "the other campaign finds its upgrade done".to_owned(),
    }
}

fn of(who: Who) -> &'static str {
    if who == Who::Former { "(former runner) " } else { "" }
}

fn sent(step: Step) -> u8 {
    match step {
        Step::Intended(send) | Step::Calling { send, .. } | Step::Unwritten(send) => send,
        Step::None | Step::Looking { .. } | Step::Ready { .. } => 0,
    }
}

fn since(ago: Ago) -> String {
    match ago {
        0 => String::new(),
        ago if ago % SETTLE == 0 => format!(", from {} settle time(s) ago", ago / SETTLE),
        ago => format!(", from {ago} half settle time(s) ago"),
    }
}

fn says_what(says: Says) -> &'static str {
    match says {
        Says::Accepted => "accepted",
        Says::NotApplied => "429, not applied",
        Says::Refused => "refused",
        Says::Unknown => "500",
    }
}

fn shows_what(shown: Shown) -> &'static str {
    match shown {
        Shown::Idle => "source, idle",
        Shown::Stirring => "source, updating",
        Shown::Coming => "target, not finished",
        Shown::Done => "target, finished",
    }
}
