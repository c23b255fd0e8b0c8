use crate::support::Gateway;
use muster_domain::OutcomeCode;
use muster_store::operations;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use uuid::Uuid;

fn user(name: &str) -> serde_json::Value {
    json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name })
}

#[tokio::test]
async fn a_create_answers_201_with_location_tag_and_body() {
    let gateway = Gateway::start().await;
    let answer = gateway.post("/scim/v2/Users", &user("ada")).await;
    assert_eq!(answer.status, 201);
    let body = answer.json();
    let location = format!("https://muster.example/scim/v2/Users/{}", body["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(location.as_str()));
    assert_eq!(body["meta"]["location"], location);
    assert_eq!(answer.header("etag"), Some("W/\"7\""));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-type"), Some("application/scim+json"));
    let id: Uuid = answer.header("x-request-id").unwrap().parse().unwrap();
    assert_eq!(id.get_version_num(), 7);
}

#[tokio::test]
async fn the_answer_shows_what_was_asked_for() {
    let gateway = Gateway::start().await;
    let body = gateway.post("/scim/Users?attributes=userName", &user("ada")).await.json();
    assert_eq!(body["userName"], "ada");
    assert!(body.get("meta").is_none(), "{body}");
}

#[tokio::test]
async fn changes_of_users_answer_with_the_user_and_of_groups_with_nothing() {
    let gateway = Gateway::start().await;
    let id = Uuid::now_v7();
    let patch = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{ "op": "Replace", "path": "displayName", "value": "N" }] }).to_string();
    let answer = gateway.request("PATCH", &format!("/scim/Users/{id}"), &[], &patch).await;
    assert_eq!((answer.status, answer.json()["userName"].as_str()), (200, Some("patched")));
    assert_eq!(gateway.request("PUT", &format!("/scim/Users/{id}"), &[], &user("ada").to_string()).await.status, 200);
    let answer = gateway.request("PATCH", &format!("/scim/Groups/{id}"), &[], &patch).await;
    assert_eq!((answer.status, answer.body.len(), answer.header("etag")), (204, 0, Some("W/\"7\"")));
    let answer = gateway.request("DELETE", &format!("/scim/Users/{id}"), &[], "").await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
}

#[tokio::test]
async fn the_workers_refusal_is_the_clients_answer() {
    let gateway = Gateway::start().await;
    let answer = gateway.post("/scim/Users", &user("taken")).await;
    assert_eq!(answer.is_error(409, Some("uniqueness")).detail(), "userName is taken");
    let path = format!("/scim/Users/{}", Uuid::now_v7());
    gateway.request("PUT", &path, &["If-Match: W/\"3\""], &user("ada").to_string()).await.is_error(412, None);
    gateway.request("PUT", &path, &["If-Match: nonsense"], &user("ada").to_string()).await.is_error(412, None);
    for good in ["If-Match: W/\"7\"", "If-Match: *", "If-Match: \"1\", \"7\""] {
        assert_eq!(gateway.request("PUT", &path, &[good], &user("ada").to_string()).await.status, 200, "{good}");
    }
}

#[tokio::test]
async fn an_inner_failure_shows_its_request_id_and_nothing_else() {
    let gateway = Gateway::start().await;
    let answer = gateway.post("/scim/Users", &user("broken")).await;
    let expected = format!("internal error, request id {}", answer.header("x-request-id").unwrap());
    assert_eq!(answer.is_error(500, None).detail(), expected);
}

#[tokio::test]
async fn what_was_too_late_can_be_tried_again() {
    let gateway = Gateway::start().await;
    let answer = gateway.post("/scim/Users", &user("late")).await;
    answer.is_error(503, None);
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn without_an_outcome_the_operation_is_fenced_off_before_the_client_is_told() {
    let gateway = Gateway::start_with(|settings| (settings.wait_ms, settings.apply_ms) = (900, 100)).await;
    let began = std::time::Instant::now();
    let answer = gateway.post("/scim/Users", &user("silent")).await;
    answer.is_error(503, None);
    assert!((800..5_000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    let id = gateway.delivered.lock().unwrap()[0];
    let outcome = operations::outcome(&gateway.store, gateway.account, id).await.unwrap().expect("recorded");
    assert_eq!(outcome.code, OutcomeCode::Expired);
}

#[tokio::test]
async fn a_write_whose_end_nobody_can_tell_ends_the_connection_without_a_word() {
    let gateway = Gateway::start_with(|settings| (settings.wait_ms, settings.apply_ms) = (700, 100)).await;
    // A request first, so that the key is known while the database is away.
    assert_eq!(gateway.get("/scim/Users").await.status, 200);
    let body = json!({"userName": "silent"}).to_string();
    let text = gateway.text("POST", "/scim/Users", &[], &body);
    let mut stream = tokio::net::TcpStream::connect(gateway.address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    while gateway.delivered.lock().unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    // The only connection that writes is taken: the fence cannot be put up.
    let taken = gateway.store.begin().await.unwrap();
    let mut seen = Vec::new();
    stream.read_to_end(&mut seen).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&seen), "", "no status would have been true");
    taken.rollback().await.unwrap();
}
