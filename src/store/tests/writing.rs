//! The one connection that writes, when somebody gives up.

use futures_util::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::*;

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
    let touch = || async {
        let mut tx = home.store.begin().await.unwrap();
        sqlx::query(TOUCH).execute(&mut *tx).await.unwrap();
        home.store.commit(tx).await.unwrap();
    };
    // Each is polled once more often than the one before and then dropped, in whatever it waits for.
    for polls in 0..40 {
        let mut given_up = Box::pin(touch());
        for _ in 0..polls {
            let _perhaps = (&mut given_up).now_or_never();
            tokio::task::yield_now().await;
        }
    }
    let before: i64 = touched(&home).await;
    touch().await;
    assert_eq!(touched(&home).await, before + 1);
}

#[tokio::test]
async fn those_who_wait_have_the_writer_one_after_the_other() {
    let (home, _) = Home::with(&rows(&["c1"])).await;
    let first = home.store.begin().await.unwrap();
    let waiting = (0..5).map(|turn| {
        let store = home.store.clone();
        async move { store.begin().await.map(|tx| (turn, tx)).unwrap() }
    });
    let mut waiting: FuturesUnordered<_> = waiting.collect();
    assert!(waiting.next().now_or_never().is_none(), "two have the writer");
    drop(first);
    let mut turns = Vec::new();
    while let Some((turn, tx)) = waiting.next().await {
        turns.push(turn);
        drop(tx);
    }
    assert_eq!(turns.len(), 5);
}

#[tokio::test]
async fn a_writer_that_is_closed_is_an_error() {
    let home = Home::new().await;
    home.store.clone().close().await;
    assert!(home.store.begin().await.is_err());
}

async fn touched(home: &Home) -> i64 {
    on_pool!(home.store, readers, pool => sqlx::query_scalar(TOUCHED).fetch_one(pool).await).unwrap()
}
