//! Statements over many rows at once: each is a trip to the thread that has the connection, so few are far cheaper.

/// The most rows that one statement writes.
const MOST: usize = 128;

/// As many brackets as there are rows, with a placeholder for each column, for the statements whose length depends on
/// their input. The one place in the house where SQL is put together; it holds placeholders and nothing else. They have
/// no numbers: SQLite looks each one's name up among all of them, which for thousands takes longer than the work itself.
pub(super) fn placeholders(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row; rows].join(", ")
}

/// Cuts `items` into parts whose lengths are powers of two, the longest first: so there are few different statements,
/// which stay prepared, however many items come.
pub(super) fn parts<T>(mut items: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = items.len().checked_ilog2().map(|bits| 1 << bits.min(MOST.ilog2()))?;
        let (part, rest) = items.split_at(length);
        items = rest;
        Some(part)
    })
}

#[test]
fn parts_are_powers_of_two_and_all_there_is() {
    let lengths = |count: usize| parts(&vec![(); count]).map(<[()]>::len).collect::<Vec<_>>();
    assert_eq!(lengths(0), Vec::<usize>::new());
    assert_eq!(lengths(13), [8, 4, 1]);
    assert_eq!(lengths(300), [128, 128, 32, 8, 4]);
}

#[test]
fn placeholders_have_no_names() {
    assert_eq!(placeholders(2, 3), "(?, ?, ?), (?, ?, ?)");
}
