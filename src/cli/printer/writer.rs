//! The thread that writes standard error, and nothing else: it may wait as long as the reader likes.

use std::io::Write;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::printer::BarState;
use crate::cli::printer::queue::{Item, Queue};
use crate::text;

/// Writes what comes, for ever. A reader that has gone away is no error: what is said then, nobody hears.
pub(super) fn write(queue: &Queue, out: &mut impl Write, missing: impl Fn(u64) -> String) {
    let mut bar: Option<ProgressBar> = None;
    loop {
        match queue.next() {
            Item::Text(text) => above(bar.as_ref(), out, &text),
            Item::Missing(count) => above(bar.as_ref(), out, &missing(count)),
            Item::Bar(state) => draw(bar.get_or_insert_with(new_bar), &state),
            Item::LeaveBar => {
                if let Some(bar) = bar.take() {
                    bar.abandon();
                }
            }
        }
    }
}

/// Writes in one piece while the bar is out of the way, or it would come between a line and its end.
fn above(bar: Option<&ProgressBar>, out: &mut impl Write, text: &str) {
    let mut write = || out.write_all(text.as_bytes());
    let _closed = match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    };
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
    // What does not fit into the line is cut off: a bar of two lines cannot be taken back.
    if let Ok(style) = ProgressStyle::with_template("{bar:10} {pos}/{len} {wide_msg}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

fn draw(bar: &ProgressBar, state: &BarState) {
    bar.set_length(state.length);
    bar.set_position(state.position);
    bar.set_message(text::visible(&state.message).into_owned());
    if bar.is_hidden() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
}
