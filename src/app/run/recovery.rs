//! What stops a run in the middle of its work, and what becomes of the database then.

use crate::app::AppError;
use crate::store::{FileChange, RESTORE, Rescued, Store, StoreError};

/// What stopped the work, and what to do about it. What a deleted or replaced database held is saved first.
pub(super) async fn explain(error: StoreError, store: &Store) -> AppError {
    let next = match &error {
        StoreError::Displaced { change: FileChange::Shortened, .. } => {
            if store.is_sound().await {
                "all that it holds fits, so that nothing is lost: a VACUUM perhaps made it shorter. Run it again to go on"
                    .to_owned()
            } else {
                // Its pages are of two databases now: a copy would be none of either.
                format!("what it holds now cannot be trusted: keep a copy, and {RESTORE}")
            }
        }
        StoreError::Displaced { .. } => rescue(store).await,
        StoreError::LockLost { .. }
        | StoreError::Damaged { .. }
        | StoreError::Edited { .. }
        | StoreError::Unfit { .. }
        | StoreError::Unsealed { .. }
        | StoreError::Nonsense { .. } => return AppError::internal(error),
        _ => "the next run verifies what was on the wire before it sends anything".to_owned(),
    };
    AppError::internal(format!("{error}\n{next}"))
}

async fn rescue(store: &Store) -> String {
    match store.rescue().await {
        Ok(Rescued::InPlace) => "all that was recorded is in its place again: run it again to go on".to_owned(),
        Ok(Rescued::Beside(copy)) => format!(
            "all that was recorded is saved as {}: the next run says how to go on from there, or without it",
            copy.display()
        ),
        Err(error) => {
            format!("what was recorded could not be saved ({error}) and is lost with this process: {RESTORE}")
        }
    }
}
