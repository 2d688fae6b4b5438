//! The log: tracing-subscriber on standard error, as text or as JSON.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::cli::args::LogFormat;
use crate::cli::context::Context;
use crate::clock::Clock;

/// Times of the log, by Drydock's clock.
struct Stamp(Clock);

impl FormatTime for Stamp {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        write!(out, "{}", self.0.now())
    }
}

/// Starts the log. Other people's crates stay quiet below `-vvv`. What sqlx would warn of, a connection that is of no
/// use after a failing disk, says less than the error that its user tells.
pub(super) fn start(context: &Context) {
    let filter = match (context.quiet, context.verbose) {
        (true, _) => "error",
        (_, 0) => "warn,sqlx_core=error",
        (_, 1) => "warn,sqlx_core=error,drydock=info",
        (_, 2) => "warn,sqlx_core=error,drydock=debug",
        _ => "debug,drydock=trace",
    };
    let voice = context.voice.clone();
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(move || voice.clone())
        .with_timer(Stamp(context.clock));
    let started = match context.log_format {
        LogFormat::Text => log.with_ansi(context.color).with_target(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_target(false).try_init(),
    };
    drop(started); // a second start, in tests, changes nothing
}
