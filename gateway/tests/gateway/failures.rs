//! What is refused before it becomes an operation is counted, once, in the account it is about.

use crate::support::Gateway;
use muster_domain::{SecretKey, incident::Cause};
use muster_store::{
    accounts,
    incidents::{self, Incident, IncidentQuery},
    keys, now_ms,
};
use serde_json::json;
use std::time::Duration;

/// The incidents once the gateway has been stopped, which writes what it has counted.
async fn incidents_of(gateway: &Gateway) -> Vec<Incident> {
    gateway.shutdown.cancel();
    while !gateway.running.is_finished() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    while incidents::fold(&gateway.store, now_ms()).await.unwrap() > 0 {}
    incidents::list(&gateway.store, gateway.account, &IncidentQuery::default()).await.unwrap().incidents
}

fn counts(incidents: &[Incident]) -> Vec<(String, i64)> {
    let mut counts: Vec<_> = incidents.iter().map(|incident| (incident.fingerprint.clone(), incident.failures)).collect();
    counts.sort_unstable();
    counts
}

#[tokio::test]
async fn refused_requests_are_counted_by_kind_and_operations_are_not_counted_again() {
    let gateway = Gateway::start().await;
    for _ in 0..5 {
        gateway.post("/scim/Users", &json!({"userName": "ada", "active": {}})).await.is_error(400, Some("invalidValue"));
    }
    for _ in 0..3 {
        gateway.get("/scim/Users?filter=nonsense").await.is_error(400, Some("invalidFilter"));
    }
    // The worker's to tell; a probe; a success.
    gateway.post("/scim/Users", &json!({"userName": "taken"})).await.is_error(409, Some("uniqueness"));
    gateway.post("/scim/Users", &json!({"userName": "broken"})).await.is_error(500, None);
    gateway.get("/scim/Users/019ab1c2-5d3e-7f00-8000-000000000000").await.is_error(404, None);
    assert_eq!(gateway.post("/scim/Users", &json!({"userName": "bea"})).await.status, 201);
    let found = incidents_of(&gateway).await;
    let expected = [("bad_request/invalidFilter/-/read/User", 3), ("bad_request/invalidValue/active/create/User", 5)];
    assert_eq!(counts(&found), expected.map(|(print, count)| (print.to_owned(), count)));
}

#[tokio::test]
async fn a_wrong_key_is_told_by_what_is_wrong_with_it() {
    let gateway = Gateway::start().await;
    let voided = gateway.key.clone();
    keys::generate(&gateway.store, gateway.account, gateway.administrator, &SecretKey::generate()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    let send = async |key: &str| {
        let request = format!("GET /scim/Users HTTP/1.1\r\nHost: muster.example\r\nAuthorization: Bearer {key}\r\n\r\n");
        assert_eq!(gateway.raw(request.as_bytes()).await.status, 401);
    };
    for _ in 0..4 {
        send(&voided).await;
    }
    send(SecretKey::generate().reveal()).await;
    send("not-a-key").await;
    // No key at all is a browser, not a mistake of a directory.
    gateway.raw(b"GET /scim/Users HTTP/1.1\r\nHost: muster.example\r\n\r\n").await.is_error(401, None);
    let found = incidents_of(&gateway).await;
    assert_eq!(counts(&found), [("voided_key/-/-/sign_in/-".to_owned(), 4), ("wrong_key/-/-/sign_in/-".to_owned(), 2)]);
}

#[tokio::test]
async fn guessing_is_noticed_and_a_key_nobody_had_is_nobodys_where_there_are_several_accounts() {
    let gateway = Gateway::start_with(|settings| settings.limits.wrong_keys_per_minute = 3).await;
    accounts::create(&gateway.store, "other", "Other").await.unwrap();
    let wrong = "GET /scim/Users HTTP/1.1\r\nHost: muster.example\r\nAuthorization: Bearer nobody\r\n\r\n";
    gateway.raw(wrong.as_bytes()).await.is_error(401, None);
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(counts(&incidents_of(&gateway).await), []);

    let gateway = Gateway::start_with(|settings| settings.limits.wrong_keys_per_minute = 3).await;
    for _ in 0..5 {
        gateway.raw(wrong.as_bytes()).await;
    }
    let found = incidents_of(&gateway).await;
    assert_eq!(found.iter().filter(|incident| incident.cause == Cause::KeyGuessing).map(|incident| incident.failures).sum::<i64>(), 2);
}
