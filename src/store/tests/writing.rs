//! The one connection that writes, when somebody gives up.

use std::cell::Cell;

use futures_util::FutureExt as _;

use super::*;
use crate::store::backend::pool::Pool;

const TOUCHED: &str = "SELECT touched_at FROM campaigns";
const TOUCH: &str = "UPDATE campaigns SET touched_at = touched_at + 1";

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_no_trace_and_the_database_to_others() {
    let (home, _) = Home::with(&rows(&["c1"])).await;
    let other = Store::open(&url(&home.dir), Open::Existing).await.unwrap();
    let mut tx = home.store.begin().await.unwrap();
    sqlx::query(TOUCH).execute(&mut *tx).await.unwrap();
    drop(tx);
    let mut tx = other.begin().await.unwrap();
    let touched: i64 = sqlx::query_scalar(TOUCHED).fetch_one(&mut *tx).await.unwrap();
    assert_eq!(touched, NOW.0);
    other.commit(tx).await.unwrap();
}

#[tokio::test]
async fn whoever_gives_up_at_any_moment_leaves_the_writer_to_the_next() {
    let (home, _) = Home::with(&rows(&["c1"])).await;
    // Given up while it begins, while it writes, and while it commits.
    for stage in 0..3 {
        let reached = Cell::new(0);
        let touch = async {
            let mut tx = home.store.begin().await.unwrap();
            reached.set(1);
            sqlx::query(TOUCH).execute(&mut *tx).await.unwrap();
            reached.set(2);
            home.store.commit(tx).await.unwrap();
        };
        let mut touch = Box::pin(touch);
        // Where the database is quicker than this it may be over before that.
        let mut over = false;
        while reached.get() < stage && !over {
            over = (&mut touch).now_or_never().is_some();
            tokio::task::yield_now().await;
        }
        if !over {
            let _maybe = (&mut touch).now_or_never();
        }
        drop(touch);
        // Where the commit was asked for, it may be there; nothing else is, and the writer is free. A quick database
        // may have got that far within one look, whatever the stage.
        let before = touched(&home).await;
        assert!(before == NOW.0 || reached.get() == 2, "stage {stage} left a trace");
        home.sql(TOUCH).await.unwrap();
        assert_eq!(touched(&home).await, before + 1);
        home.sql("UPDATE campaigns SET touched_at = 1700000000000").await.unwrap();
    }
}

#[tokio::test]
async fn those_who_wait_have_the_writer_one_after_the_other() {
    let (home, _) = Home::with(&rows(&["c1"])).await;
    let writer = |store: &Store| match &store.pool {
        Pool::Sqlite { writer, .. } => writer.clone(),
    };
    let mut held = writer(&home.store).turn().await.unwrap();
    let mut waiting: Vec<_> = (0..5).map(|_| Box::pin(async { writer(&home.store).turn().await.unwrap() })).collect();
    for _ in 0..5 {
        // The connection is asked while the others wait, and none of them has it.
        assert!(waiting.iter_mut().all(|turn| turn.now_or_never().is_none()), "two have the writer");
        sqlx::query(TOUCH).execute(&mut *held).await.unwrap();
        drop(held);
        held = waiting.remove(0).now_or_never().expect("the first in the queue has it at once");
    }
}

#[tokio::test]
async fn a_writer_that_is_closed_is_an_error() {
    let home = Home::new().await;
    home.store.clone().close().await;
    assert!(home.store.begin().await.is_err());
}

async fn touched(home: &Home) -> i64 {
    // By the writer, which does one thing after the other.
    sqlx::query_scalar(TOUCHED).fetch_one(&mut *home.store.begin().await.unwrap()).await.unwrap()
}
