//! How a row becomes a struct: each field from the column of its name.

/// Implements sqlx's `FromRow` for a struct with these fields. (sqlx's own derive has sqlx built twice.) A field after
/// `flatten` is read from the whole row.
macro_rules! from_row {
    ($type:ident { $($field:ident),+ $(,)? } $(flatten $inner:ident)?) => {
        impl sqlx::FromRow<'_, sqlx::sqlite::SqliteRow> for $type {
            fn from_row(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<Self> {
                use sqlx::Row as _;
                Ok(Self {
                    $($inner: sqlx::FromRow::from_row(row)?,)?
                    $($field: row.try_get(stringify!($field))?,)+
                })
            }
        }
    };
}
pub(in crate::store) use from_row;
