use crate::support::{Answer, Gateway};
use muster_store::async_requests;
use serde_json::{Value, json};
use uuid::Uuid;

async fn post(gateway: &Gateway, prefer: &str, user_name: &str) -> Answer {
    let prefer = format!("Prefer: {prefer}");
    gateway.request("POST", "/scim/v2/Users", &[&prefer], &json!({"userName": user_name}).to_string()).await
}

#[track_caller]
fn accepted(answer: &Answer) -> Uuid {
    assert_eq!((answer.status, answer.body.len()), (202, 0), "{answer:?}");
    assert_eq!(answer.header("preference-applied"), Some("respond-async"));
    let txn = answer.header("set-txn").expect("Set-Txn");
    assert_eq!(answer.header("location"), Some(format!("https://muster.example/scim/v2/Events/{txn}").as_str()));
    txn.parse().unwrap()
}

#[tokio::test]
async fn who_asks_is_answered_before_the_write_is_applied_and_nobody_else() {
    let gateway = Gateway::start().await;
    let there = format!("/scim/v2/Users/{}", gateway.administrator);
    let first = accepted(&post(&gateway, "respond-async", "a").await);
    assert_ne!(accepted(&post(&gateway, "respond-async, wait=0", "b").await), first);
    let body = json!({"userName": "a", "Operations": []}).to_string();
    for method in ["PUT", "PATCH", "DELETE"] {
        let body = if method == "DELETE" { "" } else { body.as_str() };
        accepted(&gateway.request(method, &there, &["Prefer: respond-async"], body).await);
    }
    accepted(&gateway.request("DELETE", "/scim/v2/Me", &["Prefer: respond-async"], "").await);
    let found = async_requests::find(&gateway.store, gateway.account, first).await.unwrap().expect("it is kept");
    assert_eq!(found.parts[0].method, "POST");
    for uninvited in ["wait=1", "return=minimal", "respond-asynchronously"] {
        assert_eq!(post(&gateway, uninvited, "c").await.status, 201, "{uninvited}");
    }
}

#[tokio::test]
async fn who_waits_gets_the_usual_answer_if_it_comes_in_time() {
    let gateway = Gateway::start_with(|settings| (settings.wait_ms, settings.apply_ms) = (1_500, 200)).await;
    let answer = post(&gateway, "respond-async, wait=60", "a").await;
    assert_eq!((answer.status, answer.json()["userName"].as_str(), answer.header("set-txn")), (201, Some("a"), None));
    post(&gateway, "respond-async, wait=60", "taken").await.is_error(409, Some("uniqueness"));
    accepted(&post(&gateway, "respond-async, wait=1", "silent").await);
    accepted(&post(&gateway, "respond-async, wait=60", "late").await);
    post(&gateway, "respond-async", "").await.is_error(400, Some("invalidValue"));
}

#[tokio::test]
async fn the_end_can_be_asked_for_by_its_own_account_only() {
    let gateway = Gateway::start().await;
    let txn = accepted(&post(&gateway, "respond-async", "silent").await);
    let pending = gateway.get(&format!("/scim/Events/{txn}")).await;
    assert_eq!((pending.status, pending.body.len(), pending.header("retry-after")), (202, 0, Some("1")));
    assert_eq!(pending.header("set-txn"), Some(txn.to_string().as_str()));
    let other = muster_store::accounts::create(&gateway.store, "other", "Other").await.unwrap().id;
    let foreign = Uuid::now_v7();
    async_requests::insert(&gateway.store, other, foreign, &[], &[], 10).await.unwrap();
    let odd = [
        foreign.to_string(),
        Uuid::now_v7().to_string(),
        txn.to_string().to_uppercase(),
        format!("{txn}:1"),
        "x".into(),
        format!("{txn}:"),
    ];
    let answers: Vec<Value> = {
        let mut answers = Vec::new();
        for name in &odd {
            let answer = gateway.get(&format!("/scim/Events/{name}")).await;
            answers.push(answer.is_error(404, None).json());
        }
        answers
    };
    assert!(answers.iter().all(|answer| *answer == answers[0]), "one answer for all of them");
    let open = format!("GET /scim/Events/{txn} HTTP/1.1\r\nHost: muster.example\r\n\r\n");
    assert_eq!(gateway.raw(open.as_bytes()).await.status, 401);
    assert_eq!(gateway.get("/scim/Events").await.status, 404);
    let config = gateway.get("/scim/ServiceProviderConfig").await.json();
    assert_eq!(config["securityEvents"]["asyncRequest"], "request");
}

#[tokio::test]
async fn who_has_been_promised_enough_is_refused_before_anything_is_stored() {
    let gateway = Gateway::start_with(|settings| settings.limits.async_waiting = 2).await;
    for name in ["a", "b"] {
        accepted(&post(&gateway, "respond-async", name).await);
    }
    let refused = post(&gateway, "respond-async", "c").await;
    assert!(refused.is_error(429, None).header("retry-after").is_some());
    assert_eq!(post(&gateway, "", "c").await.status, 201, "synchronous requests go on");
}
