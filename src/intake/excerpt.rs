//! Cells as messages quote them.

use crate::text;

/// A cell for a message: printable, and not longer than a line.
pub(super) fn excerpt(cell: &str) -> String {
    const MOST: usize = 60;
    if cell.trim().is_empty() {
        return "empty".to_owned();
    }
    let mut excerpt: String = cell.chars().take(MOST).flat_map(printable).collect();
    if cell.chars().nth(MOST).is_some() {
        excerpt.push('…');
    }
    excerpt
}

fn printable(letter: char) -> impl Iterator<Item = char> {
    let is_hidden = letter == '\u{a0}' || !text::is_visible(letter);
    let escaped = if is_hidden { letter.escape_default().collect::<Vec<_>>() } else { vec![letter] };
    escaped.into_iter()
}
