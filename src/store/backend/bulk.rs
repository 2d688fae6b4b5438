//! Statements over many rows at once: each is a trip to the thread that has the connection, so few are far cheaper.

/// A statement in the making; values that are bound are copied into it.
pub(in crate::store) type Query = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// Names and values of columns, side by side: a list of the names, and a function that binds the values in its order.
macro_rules! column_values {
    ($names:ident, $bind:ident($row:ident: $type:ty) { $($column:ident: $value:expr,)+ }) => {
        const $names: &[&str] = &[$(stringify!($column)),+];

        fn $bind(query: $crate::store::backend::bulk::Query, $row: $type) -> $crate::store::backend::bulk::Query {
            query$(.bind($value))+
        }
    };
}

/// The most rows that one statement writes.
const MOST: usize = 128;

/// As many brackets as there are rows, with a placeholder for each column, for the statements whose length depends on
/// their input. The one place in the house where SQL is put together; it holds placeholders and nothing else. They have
/// no numbers: SQLite looks each one's name up among all of them, which for thousands takes longer than the work
/// itself.
pub(in crate::store) fn placeholders(rows: usize, columns: usize) -> String {
    let row = format!("({}), ", list("?, ", columns));
    list(&row, rows)
}

/// `item` so many times, without the comma at the end.
fn list(item: &str, times: usize) -> String {
    let mut list = item.repeat(times);
    list.truncate(list.len().saturating_sub(", ".len()));
    list
}

/// Cuts `items` into few parts, each with the number of rows that its statement has room for: a power of two, or three
/// quarters of one. So there are few different statements, which stay prepared, however many items come. What stays
/// unbound is NULL to SQLite, and a row of NULLs must mean nothing to the statement.
pub(in crate::store) fn parts<T>(items: &[T]) -> impl Iterator<Item = (&[T], usize)> {
    items.chunks(MOST).map(|part| (part, room(part.len())))
}

fn room(rows: usize) -> usize {
    let power = rows.next_power_of_two();
    let less = power / 4 * 3;
    if rows <= less { less } else { power }
}

#[test]
fn a_statement_has_room_for_all_and_for_half_as_many_more_at_most() {
    let rooms = |count: usize| parts(&vec![(); count]).map(|(part, room)| (part.len(), room)).collect::<Vec<_>>();
    assert_eq!(rooms(0), []);
    assert_eq!(rooms(13), [(13, 16)]);
    assert_eq!(rooms(300), [(128, 128), (128, 128), (44, 48)]);
    for rows in 1..=MOST {
        assert!(room(rows) >= rows && room(rows) * 2 <= rows * 3, "{rows}");
    }
}

#[test]
fn placeholders_have_no_names() {
    assert_eq!(placeholders(2, 3), "(?, ?, ?), (?, ?, ?)");
}
