//! The log: tracing-subscriber on standard error, as text or as JSON.

use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::context::Context;
use crate::clock::Clock;
use crate::text;

/// Times of the log, by Drydock's clock.
struct Stamp(Clock);

impl FormatTime for Stamp {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        write!(out, "{}", self.0.now())
    }
}

#[expect(clippy::expect_used, reason = "the filters are constants")]
/// Starts the log. Other people's crates stay quiet below `-vvv`. What sqlx would warn of, a connection that is of no
/// use after a failing disk, says less than the error that its user tells.
pub(super) fn start(context: &Context) {
    // A connection's options are warned of with their values, `?pwd=SECRET` among them.
    let filter = match (context.quiet, context.verbose) {
        (true, _) => "error,sqlx_postgres=off",
        (_, 0) => "warn,sqlx_core=error,sqlx_postgres=off",
        (_, 1) => "warn,sqlx_core=error,sqlx_postgres=off,drydock=info",
        (_, 2) => "warn,sqlx_core=error,sqlx_postgres=off,drydock=debug",
        _ => "debug,sqlx_postgres=off,drydock=trace",
    };
    let printer = context.printer.clone();
    let filter: Targets = filter.parse().expect("each of them is a list of targets and levels");
    let log = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_timer(Stamp(context.clock));
    let json = printer.is_json();
    let log = log.with_target(false).with_writer(move || printer.clone());
    let started = if json {
        log.json().flatten_event(true).finish().with(filter).try_init()
    } else {
        // A field's value may hold what Atlas said. The colours of the log's own stay, so this is the place to look.
        let fields = debug_fn(|out, field, value| match field.name() {
            "message" => write!(out, "{}", text::visible(&format!("{value:?}"))),
            name => write!(out, "{name}={}", text::visible(&format!("{value:?}"))),
        });
        log.with_ansi(context.color).fmt_fields(fields.delimited(" ")).finish().with(filter).try_init()
    };
    drop(started); // a second start, in tests, changes nothing
}
