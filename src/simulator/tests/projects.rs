//! Projects, their organisations, and what keeps them from being upgraded.

use super::*;

fn at(path: &str) -> Request<Bytes> {
    let mut request = get("", "2025-03-12");
    *request.uri_mut() = format!("/api/atlas/v2/{path}").parse().unwrap();
    request
}

#[tokio::test(start_paused = true)]
async fn projects_and_organisations_are_listed_page_by_page() {
    let clusters =
        (0..5).map(|number| Cluster::shared(&format!("{number:024x}"), "c", "AWS", "US_EAST_1", 1)).collect();
    let simulator = world(clusters, |settings| settings.organisations = 2);
    let (status, page) = ask(&simulator, at("groups?itemsPerPage=2&pageNum=3")).await;
    assert_eq!((status, page["totalCount"].as_u64(), page["results"].as_array().unwrap().len()), (200, Some(5), 1));
    let (_, organisations) = ask(&simulator, at("orgs")).await;
    let known: Vec<&str> =
        organisations["results"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(known.len(), 2);
    for number in 0..5 {
        let project = format!("{number:024x}");
        let (_, one) = ask(&simulator, at(&format!("groups/{project}"))).await;
        assert_eq!(one["orgId"], simulator.organisation(&project).as_str());
        assert!(known.contains(&one["orgId"].as_str().unwrap()));
    }
    assert_eq!(code(&simulator, at("groups/ffffffffffffffffffffffff")).await, (404, "GROUP_NOT_FOUND".to_owned()));
    assert_eq!(ask(&simulator, at("groups?itemsPerPage=501")).await.0, 400);
}

#[tokio::test(start_paused = true)]
async fn a_barred_project_answers_with_its_code_and_nothing_happens() {
    let mut refusals = Refusals::default();
    assert!(refusals.set(GROUP, "NO_PAYMENT_INFORMATION_FOUND"));
    assert!(!refusals.set(GROUP, "SOMETHING_ELSE"));
    let simulator = simulator(|settings| settings.refusals = refusals.clone());
    assert_eq!(code(&simulator, upgrade("c1")).await, (402, "NO_PAYMENT_INFORMATION_FOUND".to_owned()));
    assert_eq!(ask(&simulator, get("clusters/c1", "2024-08-05")).await.0, 200, "reads are free");
    assert!(refusals.set("*", "NOT_IN_GROUP"));
    refusals.lift(GROUP);
    simulator.set_refusals(refusals);
    assert_eq!(code(&simulator, get("clusters/c1", "2024-08-05")).await, (401, "NOT_IN_GROUP".to_owned()));
    simulator.set_refusals(Refusals::default());
    assert_eq!(ask(&simulator, upgrade("c1")).await.0, 200);
    assert_eq!((account(&simulator, "c1").requests, account(&simulator, "c1").effects), (2, 1));
}
