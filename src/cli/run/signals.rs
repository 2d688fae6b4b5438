//! ^C, SIGTERM and SIGHUP: the first drains, the second stops at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::cli::context::Context;
use crate::engine::Control;

/// Resolves at the second signal; the first asks the engine to drain.
pub(super) async fn listen(control: &watch::Sender<Control>, context: &Context) {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut signals: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    any(&mut signals).await;
    let _gone = control.send(Control::Drain);
    context.say("draining: no new requests, those on the wire finish; again stops at once");
    any(&mut signals).await;
    context.say("stopped; what was on the wire will be verified by the next run");
}

async fn any(signals: &mut [tokio::signal::unix::Signal]) {
    if signals.is_empty() {
        return std::future::pending().await;
    }
    let waits = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
    futures_util::future::select_all(waits).await;
}
