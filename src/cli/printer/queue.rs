//! What waits to be written: bounded, in order, and with a count of what did not fit.

use std::collections::VecDeque;
use std::io::{Write, stderr};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::cli::printer::BarState;

/// One thing to be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A line, or a few, with the last line feed.
    Text(String),
    /// So many lines were left out here, since there was no room.
    Missing(u64),
    /// What the bar shows now. It is asked for when nothing else waits.
    Bar(BarState),
    /// The bar's end.
    LeaveBar,
}

/// The queue between all who say something and the one thread that writes.
pub(super) struct Queue {
    capacity: usize,
    state: Mutex<State>,
    /// Told when there is something to write.
    filled: Condvar,
    /// Told when all is written.
    written: Condvar,
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    /// The bytes of all texts in `items`.
    bytes: usize,
    /// Lines that were left out behind the last item.
    missing: u64,
    /// The newest state of the bar; older ones nobody needs.
    bar: Option<BarState>,
    /// The thread has taken something and not come back yet.
    writing: bool,
    /// There is no thread.
    directly: bool,
}

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, state: Mutex::default(), filled: Condvar::new(), written: Condvar::new() }
    }

    /// Takes an item in; never waits. A text that finds no room is counted, and so is every one behind it until half
    /// of what waited is written. One that nothing waits before always finds room, however long it is.
    pub(super) fn push(&self, item: Item) {
        let mut state = self.lock();
        if let Item::Text(text) = &item {
            if state.directly {
                let _closed = stderr().write_all(text.as_bytes());
                return;
            }
            let room = if state.missing > 0 { self.capacity / 2 } else { self.capacity };
            if state.bytes > 0 && state.bytes + text.len() > room {
                state.missing += text.lines().count() as u64;
                return;
            }
            state.bytes += text.len();
        }
        state.mark_missing();
        state.items.push_back(item);
        self.filled.notify_one();
    }

    /// The bar's new state, in the place of the one before.
    pub(super) fn show_bar(&self, bar: BarState) {
        self.lock().bar = Some(bar);
        self.filled.notify_one();
    }

    /// From now on whoever says something writes it.
    pub(super) fn write_directly(&self) {
        self.lock().directly = true;
    }

    /// The next thing to write; waits for it. Whoever asks has written what was taken before.
    pub(super) fn next(&self) -> Item {
        let mut state = self.lock();
        state.writing = false;
        loop {
            if let Some(item) = state.take() {
                state.writing = true;
                return item;
            }
            self.written.notify_all();
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until nothing is left to write, but no longer than this.
    pub(super) fn wait_until_written(&self, within: Duration) {
        let busy = |state: &mut State| !state.directly && (state.writing || state.has_some());
        let _late = self.written.wait_timeout_while(self.lock(), within, busy);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn mark_missing(&mut self) {
        if self.missing > 0 {
            self.items.push_back(Item::Missing(std::mem::take(&mut self.missing)));
        }
    }

    fn take(&mut self) -> Option<Item> {
        if self.items.is_empty() {
            self.mark_missing();
        }
        // The bar ends in its last state.
        if matches!(self.items.front(), None | Some(Item::LeaveBar))
            && let Some(bar) = self.bar.take()
        {
            return Some(Item::Bar(bar));
        }
        let item = self.items.pop_front()?;
        if let Item::Text(text) = &item {
            self.bytes -= text.len();
        }
        Some(item)
    }

    fn has_some(&self) -> bool {
        !self.items.is_empty() || self.missing > 0 || self.bar.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Item {
        Item::Text(text.to_owned())
    }

    fn bar(position: u64) -> BarState {
        BarState { length: 9, position, parts: Vec::new() }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_said_in_its_place() {
        let queue = Queue::new(8);
        for line in ["1234\n", "x\n", "too long\n", "y\n", "a\nb\n"] {
            queue.push(text(line));
        }
        assert_eq!(queue.next(), text("1234\n"));
        queue.push(text("z\n"));
        assert_eq!((queue.next(), queue.next()), (text("x\n"), Item::Missing(4)));
        assert_eq!(queue.next(), text("z\n"));
        queue.push(text("long, and yet said\n"));
        queue.push(text("x\n"));
        let said = (queue.next(), queue.next());
        assert_eq!(said, (text("long, and yet said\n"), Item::Missing(1)), "also where nothing comes behind it");
    }

    #[test]
    fn of_the_bar_only_the_newest_state_counts_and_lines_go_first() {
        let queue = Queue::new(100);
        queue.show_bar(bar(1));
        queue.push(text("line\n"));
        queue.show_bar(bar(2));
        assert_eq!((queue.next(), queue.next()), (text("line\n"), Item::Bar(bar(2))));
        queue.show_bar(bar(3));
        queue.push(Item::LeaveBar);
        queue.push(text("below\n"));
        assert_eq!((queue.next(), queue.next(), queue.next()), (Item::Bar(bar(3)), Item::LeaveBar, text("below\n")));
    }

    #[test]
    fn the_end_waits_for_a_writer_and_not_for_ever() {
        let queue = std::sync::Arc::new(Queue::new(100));
        queue.push(text("line\n"));
        queue.wait_until_written(Duration::from_millis(1)); // nobody writes
        let theirs = std::sync::Arc::clone(&queue);
        std::thread::spawn(move || {
            loop {
                theirs.next();
            }
        });
        queue.wait_until_written(Duration::from_secs(60));
        assert!(!queue.lock().has_some());
    }
}
