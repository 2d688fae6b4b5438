//! How one value of a job is kept in columns: written and read by the same few lines.

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::job::{Identity, IfNotLanded, State, Streak};
use crate::store::backend::bulk::Query;
use crate::store::history::chain;
use crate::store::history::digest::Digest;

/// A value that takes `N` columns.
pub(super) trait Field<const N: usize>: Sized {
    /// What these columns hold.
    fn read(cells: [Cell; N]) -> Result<Self, Unreadable>;

    /// Binds a value for each column.
    fn bind(&self, query: Query) -> Query;
}

/// Columns hold what nobody writes: which of them, counted from 0, and what it holds.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) column: usize,
    pub(super) found: String,
}

fn unreadable<T>(found: impl Into<String>) -> Result<T, Unreadable> {
    Err(Unreadable { column: 0, found: found.into() })
}

/// Columns that are set together or not at all.
fn half<T>() -> Result<T, Unreadable> {
    unreadable("half of it is missing")
}

/// What one column of a row holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    Number(i64),
    Text(String),
}

impl Cell {
    fn number(self) -> Result<Option<i64>, Unreadable> {
        match self {
            Self::Null => Ok(None),
            Self::Number(number) => Ok(Some(number)),
            Self::Text(text) => unreadable(text),
        }
    }

    fn text(self) -> Result<Option<String>, Unreadable> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Number(number) => unreadable(number.to_string()),
        }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyCell;
        impl Visitor<'_> for AnyCell {
            type Value = Cell;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a number, a text or null")
            }

            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell::Null)
            }

            fn visit_i64<E>(self, number: i64) -> Result<Cell, E> {
                Ok(Cell::Number(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Cell, E> {
                i64::try_from(number).map(Cell::Number).map_err(E::custom)
            }

            fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
                Ok(Cell::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(AnyCell)
    }
}

impl Field<1> for i64 {
    fn read([cell]: [Cell; 1]) -> Result<Self, Unreadable> {
        cell.number()?.map_or_else(|| unreadable("nothing"), Ok)
    }

    fn bind(&self, query: Query) -> Query {
        query.bind(*self)
    }
}

impl Field<1> for bool {
    fn read(cells: [Cell; 1]) -> Result<Self, Unreadable> {
        match i64::read(cells)? {
            flag @ (0 | 1) => Ok(flag == 1),
            other => unreadable(other.to_string()),
        }
    }

    fn bind(&self, query: Query) -> Query {
        query.bind(i64::from(*self))
    }
}

impl Field<1> for String {
    fn read([cell]: [Cell; 1]) -> Result<Self, Unreadable> {
        cell.text()?.map_or_else(|| unreadable("nothing"), Ok)
    }

    fn bind(&self, query: Query) -> Query {
        query.bind(self.as_str())
    }
}

impl Field<1> for Option<String> {
    fn read([cell]: [Cell; 1]) -> Result<Self, Unreadable> {
        cell.text()
    }

    fn bind(&self, query: Query) -> Query {
        query.bind(self.as_deref())
    }
}

impl Field<1> for Option<Millis> {
    fn read([cell]: [Cell; 1]) -> Result<Self, Unreadable> {
        Ok(cell.number()?.map(Millis))
    }

    fn bind(&self, query: Query) -> Query {
        query.bind(self.map(|at| at.0))
    }
}

impl Field<1> for State {
    fn read(cells: [Cell; 1]) -> Result<Self, Unreadable> {
        let name = String::read(cells)?;
        Self::of_name(&name).map_or_else(|| unreadable(name), Ok)
    }

    fn bind(&self, query: Query) -> Query {
        query.bind(self.name())
    }
}

/// Bytes that are read as hex.
impl Field<1> for Digest {
    fn read(cells: [Cell; 1]) -> Result<Self, Unreadable> {
        Self::from_hex(&String::read(cells)?).map_or_else(|| unreadable("not 32 bytes"), Ok)
    }

    fn bind(&self, query: Query) -> Query {
        query.bind(self.bytes())
    }
}

/// A code and its detail.
impl Field<2> for Option<Fault> {
    fn read([code, detail]: [Cell; 2]) -> Result<Self, Unreadable> {
        match (code.text()?, detail.text()?) {
            (Some(code), Some(detail)) => Ok(Some(Fault { code, detail })),
            (None, None) => Ok(None),
            _ => half(),
        }
    }

    fn bind(&self, query: Query) -> Query {
        let fault = self.as_ref();
        query.bind(fault.map(|fault| fault.code.as_str())).bind(fault.map(|fault| fault.detail.as_str()))
    }
}

/// An id and perhaps a connection string.
impl Field<2> for Option<Identity> {
    fn read([id, connection_string]: [Cell; 2]) -> Result<Self, Unreadable> {
        match (id.text()?, connection_string.text()?) {
            (None, Some(_)) => unreadable("none, with a connection string"),
            (id, connection_string) => Ok(id.map(|id| Identity { id, connection_string })),
        }
    }

    fn bind(&self, query: Query) -> Query {
        let cluster = self.as_ref();
        let connection_string = cluster.and_then(|cluster| cluster.connection_string.as_deref());
        query.bind(cluster.map(|cluster| cluster.id.as_str())).bind(connection_string)
    }
}

/// Since when, the id, and how many looks.
impl Field<3> for Option<Streak> {
    fn read([since, id, looks]: [Cell; 3]) -> Result<Self, Unreadable> {
        match (since.number()?, id.text()?, looks.number()?) {
            (Some(since), Some(id), Some(looks)) => Ok(Some(Streak { since: Millis(since), id, looks })),
            (None, None, None) => Ok(None),
            _ => half(),
        }
    }

    fn bind(&self, query: Query) -> Query {
        let streak = self.as_ref();
        query
            .bind(streak.map(|streak| streak.since.0))
            .bind(streak.map(|streak| streak.id.as_str()))
            .bind(streak.map(|streak| streak.looks))
    }
}

/// A name, and the fault of `failed`.
impl Field<3> for Option<IfNotLanded> {
    fn read([name, code, detail]: [Cell; 3]) -> Result<Self, Unreadable> {
        let name = name.text()?;
        let refused: Option<Fault> = Field::read([code, detail])
            .map_err(|Unreadable { column, found }| Unreadable { column: column + 1, found })?;
        match (name.as_deref(), refused) {
            (None, None) => Ok(None),
            (Some("ready"), None) => Ok(Some(IfNotLanded::Ready)),
            (Some("cancelled"), None) => Ok(Some(IfNotLanded::Cancelled)),
            (Some("failed"), Some(fault)) => Ok(Some(IfNotLanded::Failed(fault))),
            (other, _) => unreadable(other.unwrap_or("none, with a code")),
        }
    }

    fn bind(&self, query: Query) -> Query {
        let refused = if let Some(IfNotLanded::Failed(fault)) = self { Some(fault.clone()) } else { None };
        refused.bind(query.bind(self.as_ref().map(chain::plan_name)))
    }
}
