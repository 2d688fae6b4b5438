use std::time::Duration;

use super::*;
use crate::domain::hold::{Held, Release, Scope};
use crate::store::Lane;

const SECOND: Duration = Duration::from_secs(1);

fn held(scope: Scope, release: Release) -> Held {
    Held { scope, release, fault: Fault::new("NO_PAYMENT", "add a card"), since: NOW }
}

#[tokio::test]
async fn a_scope_is_held_once_and_lifted_for_good() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let holds = [
        held(Scope::Project(P1.into()), Release::Operator),
        held(Scope::Organisation("o1".into()), Release::Probe),
        held(Scope::Campaign, Release::Operator),
    ];
    home.store.hold(&runner("r1"), id, &holds).await.unwrap();
    let again = Held { fault: Fault::new("OTHER", "again"), ..holds[0].clone() };
    home.store.hold(&runner("r2"), id, &[again]).await.unwrap();
    assert_eq!(home.store.holds(id).await.unwrap(), holds);

    let scopes = [Scope::Campaign, Scope::Project(P2.into())];
    let later = NOW.after(SECOND);
    let released = home.store.release(&runner("op"), id, &scopes, Some("paid"), later).await.unwrap();
    assert_eq!(released, [Scope::Campaign]);
    assert_eq!(home.store.holds(id).await.unwrap(), holds[..2]);
    let record = "UPDATE holds SET id = id WHERE released_by = 'op' AND reason = 'paid' AND held_by = 'r1'";
    assert_eq!(home.sql(record).await, Ok(1));
    let over = home.store.released(id).await.unwrap();
    assert_eq!(
        (over.len(), &*over[0].scope, over[0].reason.as_deref(), over[0].at()),
        (1, "campaign", Some("paid"), later)
    );
    assert_eq!(home.store.newest().await.unwrap(), Some(later));
    // It may come back, as a hold of its own.
    home.store.hold(&runner("r3"), id, &holds).await.unwrap();
    assert_eq!(home.store.holds(id).await.unwrap().len(), 3);
    assert!(home.sql("DELETE FROM holds").await.unwrap_err().contains("never deleted"));
}

#[tokio::test]
async fn what_waited_for_a_release_is_due_at_once_and_nothing_else_is() {
    let (home, id) = Home::with(&rows(&["c1", "c2"])).await;
    let other = Scope::Project(P2.into());
    let own = Scope::Project(P1.into());
    home.store
        .hold(&runner("r1"), id, &[held(own.clone(), Release::Operator), held(other.clone(), Release::Operator)])
        .await
        .unwrap();
    let claimed = home.store.claim(id, "r1", Lane::Pending(Wave::REST), NOW, 2).await.unwrap().jobs;
    home.store.defer("r1", &[claimed[0].id], NOW.after(SECOND * 300)).await.unwrap();
    let due = async || home.store.next_due(id, Lane::Pending(Wave::REST)).await.unwrap();
    home.store.release(&runner("op"), id, &[other], None, NOW.after(SECOND)).await.unwrap();
    assert_eq!(due().await, Some(NOW.after(SECOND * 300)));
    home.store.release(&runner("op"), id, &[own], None, NOW.after(SECOND)).await.unwrap();
    assert_eq!(due().await, Some(NOW.after(SECOND)));
    assert_eq!(home.store.not_begun(id, Wave::REST).await.unwrap(), [(P1.to_owned(), 2)]);
}
