//! The thread that writes standard error, and nothing else: it may wait as long as the reader likes.

use std::io::Write;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::printer::part::fitted;
use crate::cli::printer::queue::{Item, Queue};
use crate::cli::printer::{BarState, Part};
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
    bar.set_style(ProgressStyle::default_bar().progress_chars("=> "));
    bar
}

/// How many columns the bar itself takes.
const BAR: usize = 10;
/// A terminal of fewer columns has no room for it beside the words.
const NARROW: usize = 60;

fn draw(bar: &ProgressBar, state: &BarState) {
    bar.set_length(state.length);
    bar.set_position(state.position);
    let columns = rustix::termios::tcgetwinsize(std::io::stderr()).map_or(0, |size| usize::from(size.ws_col));
    // Some terminals do not tell.
    let columns = if columns == 0 { 80 } else { columns };
    let (template, before) =
        if columns < NARROW { ("{pos}/{len} {wide_msg}", 0) } else { ("{bar:10} {pos}/{len} {wide_msg}", BAR + 1) };
    // What does not fit into the line is cut off: a bar of two lines cannot be taken back.
    if let Ok(style) = bar.style().template(template) {
        bar.set_style(style);
    }
    let head = format!("{}/{} ", state.position, state.length).len() + before;
    let visible = |part: &Part| Part::new(part.weight, text::visible(&part.text));
    let parts: Vec<Part> = state.parts.iter().map(visible).collect();
    bar.set_message(fitted(&parts, columns.saturating_sub(head)));
    if bar.is_hidden() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
}
