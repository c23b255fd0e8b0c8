//! `/Bulk` end to end: references in every direction, one transaction, and a worker that dies in the middle.

use crate::harness::{
    Deployment, Response, Scim, eventually,
    scim::{GROUP, USER, id_of, user},
    services, sleep_ms,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

fn create(bulk_id: &str, user_name: &str) -> Value {
    json!({ "method": "POST", "path": "/Users", "bulkId": bulk_id, "data": user(user_name) })
}

fn group(bulk_id: &str, name: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|member| json!({ "value": member })).collect();
    let data = json!({ "schemas": [GROUP], "displayName": name, "members": members });
    json!({ "method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data })
}

async fn send(client: &Scim, operations: &[Value], fail_on_errors: Option<u32>) -> Response {
    let mut request = json!({ "schemas": [BULK], "Operations": operations });
    if let Some(most) = fail_on_errors {
        request["failOnErrors"] = most.into();
    }
    client.post("/Bulk", &request).await
}

fn ends(answer: &Response) -> Vec<(String, String)> {
    let body = answer.clone().expect_status(200).json();
    let text = |operation: &Value, name: &str| operation[name].as_str().unwrap_or_default().to_owned();
    body["Operations"].as_array().expect("a list").iter().map(|one| (text(one, "status"), text(one, "location"))).collect()
}

fn statuses(answer: &Response) -> Vec<String> {
    ends(answer).into_iter().map(|(status, _)| status).collect()
}

fn id(location: &str) -> String {
    location.rsplit('/').next().expect("a segment").to_owned()
}

async fn references_come_true_in_every_direction(deployment: Deployment) {
    let account = deployment.account().await;
    let client = &deployment.clients(&account.key)[0];
    let operations = [
        json!({ "method": "PATCH", "path": "/Groups/bulkId:tour", "data": {
            "Operations": [{ "op": "add", "path": "members", "value": [{ "value": "bulkId:ada" }] }] } }),
        group("tour", "Tour Guides", &["bulkId:docents"]),
        group("docents", "Docents", &["bulkId:tour", "bulkId:bo"]),
        create("ada", "ada@bulk.test"),
        json!({ "method": "POST", "path": "/Users", "bulkId": "bo", "data": {
            "schemas": [USER], "userName": "bo@bulk.test",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "manager": { "value": "bulkId:ada" } } } }),
    ];
    let answer = send(client, &operations, Some(1)).await;
    let ends = ends(&answer);
    assert_eq!(ends.iter().map(|(status, _)| status.as_str()).collect::<Vec<_>>(), ["204", "201", "201", "201", "201"], "{answer:?}");
    let [_, tour, docents, ada, bo] = ends.iter().map(|(_, location)| id(location)).collect::<Vec<_>>().try_into().expect("five");
    let members = async |group: &str| client.members(group).await.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(members(&tour).await, BTreeSet::from([docents.clone(), ada.clone()]));
    assert_eq!(members(&docents).await, BTreeSet::from([tour.clone(), bo.clone()]));
    let bo = client.get(&format!("/Users/{bo}")).await.expect_status(200).json();
    assert_eq!(bo["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["manager"]["value"], ada.as_str());

    // The same again: the users are there, and with them what refers to them cannot be made anew.
    let again = send(client, &operations, None).await;
    assert_eq!(statuses(&again), ["409", "409", "409", "409", "409"], "{}", again.json());
    assert_eq!(client.all("/Groups").await.len(), 2);
    let stop = [create("x", "x@bulk.test"), create("ada", "ADA@bulk.test"), create("y", "y@bulk.test")];
    assert_eq!(statuses(&send(client, &stop, Some(1)).await), ["201", "409"]);
    assert_eq!(client.all("/Users").await.len(), 4, "the administrator, ada, bo and x");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn references_come_true_in_every_direction_on_sqlite() {
    references_come_true_in_every_direction(Deployment::small().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn references_come_true_in_every_direction_in_production() {
    if services("references_come_true_in_every_direction_in_production") {
        references_come_true_in_every_direction(Deployment::full().await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_are_as_safe_in_a_bulk() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = &deployment.clients(&account.key)[0];
    let me = id_of(&client.get("/Me").await.expect_status(200).json());
    let disable = json!({ "Operations": [{ "op": "replace", "value": { "active": false } }] });
    let operations = [
        json!({ "method": "DELETE", "path": "/Me" }),
        json!({ "method": "DELETE", "path": format!("/Users/{me}") }),
        json!({ "method": "PATCH", "path": format!("/Users/{me}"), "data": disable }),
        create("a", "a@bulk.test"),
    ];
    assert_eq!(statuses(&send(client, &operations, None).await), ["403", "403", "403", "201"]);
    assert_eq!(client.get("/Me").await.expect_status(200).json()["active"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_bulk_is_taken_and_one_more_operation_is_not() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = &deployment.clients(&account.key)[0];
    let limits = client.get("/ServiceProviderConfig").await.expect_status(200).json()["bulk"].clone();
    assert_eq!(limits, json!({ "supported": true, "maxOperations": 1_000, "maxPayloadSize": 4_194_304 }));
    let all: Vec<Value> = (0..=1_000).map(|number| create(&format!("u{number}"), &format!("u{number}@bulk.test"))).collect();
    send(client, &all, None).await.expect_status(413);
    assert_eq!(client.all("/Users").await.len(), 1, "nothing of it was made");
    assert!(statuses(&send(client, &all[..1_000], None).await).iter().all(|status| status == "201"));
    assert_eq!(client.all("/Users").await.len(), 1_001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_whose_worker_is_killed_happens_once() {
    if !services("a_bulk_whose_worker_is_killed_happens_once") {
        return;
    }
    let mut deployment = Deployment::full().await;
    let account = deployment.account().await;
    let client = deployment.clients(&account.key).remove(0);
    for round in 0..4_u64 {
        let before = client.all("/Users").await.len();
        let mut operations: Vec<Value> =
            (0..600).map(|number| create(&format!("u{number}"), &format!("u{number}-{round}@bulk.test"))).collect();
        operations.insert(0, group("all", &format!("All {round}"), &["bulkId:u0", "bulkId:u599"]));
        let sending = {
            let client = client.clone();
            tokio::spawn(async move { send(&client, &operations, Some(1)).await })
        };
        sleep_ms(60 + 90 * round).await;
        for worker in &mut deployment.workers {
            worker.kill();
        }
        deployment.workers = (1..=2).map(|number| deployment.installation.worker(&format!("worker-{number}"))).collect();
        let answer = sending.await.expect("it is answered");
        let made = client.all("/Users").await.len() - before;
        if answer.status == 200 {
            let ends = ends(&answer);
            assert!(ends.iter().all(|(status, _)| status == "201"), "round {round}: {answer:?}");
            assert_eq!((ends.len(), made), (601, 600));
            assert_eq!(client.members(&id(&ends[0].1)).await.len(), 2);
        } else {
            assert_eq!((answer.status, made), (503, 0), "round {round}: told \"failed\", so nothing of it happened");
        }
        eventually("a write is accepted again", || async {
            let probe = client.post("/Users", &user(&format!("probe{round}@bulk.test"))).await;
            [201, 409].contains(&probe.status).then_some(())
        })
        .await;
    }
    deployment.all_alive();
}
