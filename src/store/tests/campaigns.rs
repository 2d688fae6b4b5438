use super::*;
use crate::store::StoreError;

#[tokio::test]
async fn a_campaign_remembers_its_operation_and_when_it_was_made() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    let campaign = home.store.campaign("q4").await.unwrap().unwrap();
    assert_eq!((campaign.id, campaign.operation.as_str(), campaign.created_at), (id, OPERATION, NOW));
    assert_eq!(campaign.against, None);
    assert_eq!(home.store.campaigns().await.unwrap(), [campaign]);
    assert_eq!(home.store.campaign("q5").await.unwrap(), None);
}

#[tokio::test]
async fn a_campaign_is_bound_to_what_it_was_first_run_against() {
    let (home, id) = Home::with(&rows(&["c1"])).await;
    home.store.bind(id, "simulation").await.unwrap();
    home.store.bind(id, "simulation").await.unwrap();
    match home.store.bind(id, "cloud.mongodb.com").await.unwrap_err() {
        StoreError::AgainstOther { campaign, against, wanted, .. } => {
            assert_eq!([campaign, against, wanted], ["q4", "simulation", "cloud.mongodb.com"]);
        }
        other => panic!("{other}"),
    }
    let campaign = home.store.campaign("q4").await.unwrap().unwrap();
    assert_eq!(campaign.against.as_deref(), Some("simulation"));
}

#[tokio::test]
async fn a_campaign_keeps_its_operation() {
    let (home, _) = Home::with(&rows(&["c1"])).await;
    let error = home.store.begin_load(&runner("loader"), "q4", "m0-to-flex", NOW).await.unwrap_err();
    match error {
        StoreError::OtherOperation { operation, wanted, .. } => {
            assert_eq!([operation, wanted], [OPERATION, "m0-to-flex"]);
        }
        other => panic!("{other}"),
    }
    // The writer is free again.
    home.load("q5", &[row(2, "c9")]).await.unwrap();
}
