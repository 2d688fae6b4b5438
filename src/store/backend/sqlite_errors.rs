//! What an error of SQLite or of the file system means.

use crate::store::error::StoreError;

// SQLite's primary result codes, the low byte of the extended ones.
const PERM: i32 = 3;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const AUTH: i32 = 23;
const NOTADB: i32 = 26;

/// SQLite's primary result code, if it is SQLite that says no.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?;
    Some(code.parse::<i32>().ok()? & 0xff)
}

/// Whether somebody else has the database.
pub(in crate::store) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(BUSY | LOCKED))
}

/// SQLite's own words, with the code by which they can be looked up.
fn said(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(told) => format!("{}, SQLite code {}", told.message(), told.code().unwrap_or_default()),
        None => error.to_string(),
    }
}

impl StoreError {
    /// What `error` means for `database`.
    pub(in crate::store) fn from_sqlx(database: String, error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => return Self::Locked { database },
            sqlx::Error::Io(error) => return Self::from_io(database, error),
            _ => {}
        }
        match primary_code(&error) {
            Some(BUSY | LOCKED) => Self::Locked { database },
            Some(READONLY) => Self::ReadOnly { database },
            Some(FULL) => Self::DiskFull { database },
            Some(IOERR) => Self::Unwritable { database, why: said(&error) },
            Some(CORRUPT) => Self::Damaged { database, why: said(&error) },
            Some(NOTADB) => Self::NotADatabase { database, why: "is no SQLite database" },
            Some(PERM | CANTOPEN | AUTH) => Self::Permission { database, why: error.to_string() },
            _ => Self::Other { database, source: Box::new(error) },
        }
    }

    /// What an error of the file system means for `database`.
    pub(in crate::store) fn from_io(database: String, error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                Self::NoSuchDatabase { database, hint: "create its directory first, or name another file" }
            }
            ErrorKind::PermissionDenied => Self::Permission { database, why: error.to_string() },
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { database },
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull { database },
            ErrorKind::IsADirectory => Self::NotADatabase { database, why: "is a directory" },
            _ => Self::Other { database, source: Box::new(error) },
        }
    }

    /// Something else went wrong with `database`.
    pub(in crate::store) fn other(
        database: String,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Other { database, source: source.into() }
    }
}
