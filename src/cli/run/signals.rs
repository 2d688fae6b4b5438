//! ^C, SIGTERM and SIGHUP. The first asks the run to end in good order, the second ends it at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::cli::context::Context;
use crate::engine::Control;

/// Hears the signals of a run from its start to its end, so that none of them is lost on nobody.
pub(super) struct Signals {
    heard: Vec<Signal>,
    came: u32,
}

impl Signals {
    /// From now on signals are heard here, and end nothing by themselves. Who started us under `nohup` wants the
    /// work to outlive the terminal, so that an ignored SIGHUP stays ignored.
    pub(super) fn listen() -> Self {
        let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        if !ignores(&status, SignalKind::hangup()) {
            kinds.push(SignalKind::hangup());
        }
        Self { heard: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect(), came: 0 }
    }

    /// How many have come.
    pub(super) fn came(&self) -> u32 {
        self.came
    }

    /// Resolves at the next one.
    pub(super) async fn next(&mut self) {
        if self.heard.is_empty() {
            return std::future::pending().await;
        }
        let waits = self.heard.iter_mut().map(|signal| Box::pin(signal.recv()));
        futures_util::future::select_all(waits).await;
        self.came += 1;
    }

    /// While the engine works: the first asks it to drain; resolves at the second.
    pub(super) async fn drain(&mut self, control: &watch::Sender<Control>, context: &Context) {
        self.next().await;
        let _gone = control.send(Control::Drain);
        context.say("draining: no new requests, those on the wire finish; again stops at once");
        self.next().await;
        context.say("stopped; what was on the wire will be verified by the next run");
    }

    /// After the work: resolves at the next one, but never at the first, which asks for the good end that is under
    /// way already.
    pub(super) async fn hurry(&mut self, context: &Context) {
        if self.came == 0 {
            self.next().await;
            context.say("the work is over and the reports are being written; again stops at once");
        }
        self.next().await;
    }
}

/// Whether a process with this `/proc/PID/status` ignores the signal.
fn ignores(status: &str, kind: SignalKind) -> bool {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (kind.as_raw_value() - 1) & 1 == 1
}

#[test]
fn what_is_ignored_stands_in_a_mask() {
    let status = "Name:\tdrydock\nSigBlk:\t0000000000000002\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000004000\n";
    assert!(ignores(status, SignalKind::hangup()));
    assert!(!ignores(status, SignalKind::interrupt()));
    assert!(!ignores("", SignalKind::hangup()));
}
