//! The one connection that writes, and its transactions.
//!
//! sqlx's pool takes a connection back by a task of its own, which asks the connection first whether it is well. Under
//! load that task waits behind all the others, and so does everybody who wants to write. Here the next in the queue has
//! the connection at once.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use futures_util::FutureExt as _;
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};

/// IMMEDIATE, since a transaction that reads first and then writes fails at once with `SQLITE_BUSY_SNAPSHOT` if another
/// process wrote in between, however long the busy timeout is.
const BEGIN: &str = "BEGIN IMMEDIATE";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";

/// The connection, until it is closed. Waiters are served first come, first served.
#[derive(Debug, Clone)]
pub(in crate::store) struct Writer(Arc<Mutex<Option<SqliteConnection>>>);

/// A guard: the connection, for as long as one caller has it.
pub(in crate::store) type WriterGuard = OwnedMappedMutexGuard<Option<SqliteConnection>, SqliteConnection>;

impl Writer {
    pub(in crate::store) fn new(connection: SqliteConnection) -> Self {
        Self(Arc::new(Mutex::new(Some(connection))))
    }

    /// Waits for the connection. `PoolClosed` if it is closed.
    pub(in crate::store) async fn turn(&self) -> sqlx::Result<WriterGuard> {
        let guard = self.0.clone().lock_owned().await;
        OwnedMutexGuard::try_map(guard, Option::as_mut).map_err(|_closed| sqlx::Error::PoolClosed)
    }

    /// Waits for the connection, and begins a transaction that writes.
    pub(in crate::store) async fn begin(&self) -> sqlx::Result<Tx> {
        // Whoever gives up while this waits leaves no transaction behind either.
        let mut tx = Tx { connection: self.turn().await?, open: true };
        sqlx::query(BEGIN).execute(&mut *tx).await?;
        Ok(tx)
    }

    /// Waits for the connection, and closes it.
    pub(in crate::store) async fn close(&self) {
        if let Some(connection) = self.0.lock().await.take() {
            // It is closed all the same, and a log that was not folded in is read at the next opening.
            let _left = connection.close().await;
        }
    }
}

/// A transaction that writes. Dropped before it is committed, it leaves no trace.
#[derive(Debug)]
pub(in crate::store) struct Tx {
    connection: WriterGuard,
    open: bool,
}

impl Tx {
    /// What was written is on the disk when this returns.
    pub(in crate::store) async fn commit(mut self) -> sqlx::Result<()> {
        sqlx::query(COMMIT).execute(&mut *self.connection).await?;
        self.open = false;
        Ok(())
    }

    /// Undoes what was written.
    pub(in crate::store) async fn rollback(mut self) -> sqlx::Result<()> {
        sqlx::query(ROLLBACK).execute(&mut *self.connection).await?;
        self.open = false;
        Ok(())
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if self.open {
            // The connection's own thread does what it is told in the order in which it was told, whether or not
            // anybody waits for the answer: this comes before whatever the next in the queue asks for.
            let _told = sqlx::query(ROLLBACK).execute(&mut *self.connection).now_or_never();
        }
    }
}

impl Deref for Tx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}
