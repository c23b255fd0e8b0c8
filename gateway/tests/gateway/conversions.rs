//! Conversions by the JSON API: rights, bodies, states. What a run does is shown by tests/it, where there is a worker.

use crate::{
    described::fits,
    support::{Answer, Gateway},
};
use muster_domain::{AccountId, ApiToken, Role};
use muster_store::{accounts, api_tokens, console::audit, conversion, now_ms};
use serde_json::{Value, json};

async fn token(gateway: &Gateway, account: AccountId, role: Role) -> String {
    let token = ApiToken::generate();
    let owner = (gateway.administrator, role);
    api_tokens::create(&gateway.store, account, owner, "test", &token, now_ms() + 60_000).await.unwrap();
    token.reveal().to_owned()
}

async fn send(gateway: &Gateway, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let head = format!("{method} /api/v1/conversions{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{kind}");
    gateway.raw(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await
}

#[tokio::test]
async fn a_plan_is_made_found_replaced_and_cancelled() {
    let gateway = Gateway::start().await;
    let token = token(&gateway, gateway.account, Role::Administrator).await;
    send(&gateway, &token, "GET", "/latest", &Value::Null).await.is_error(404, None);

    let body = json!({ "domains": ["@Acme.com"], "only_own_domains": true, "exclude": ["Svc"], "alias_days": 30 });
    let made = send(&gateway, &token, "POST", "", &body).await;
    let plan = made.json();
    fits("POST", "/api/v1/conversions", 201, &plan);
    assert_eq!((made.status, &plan["state"], &plan["phase"]), (201, &json!("planning"), &json!("read")), "{plan}");
    assert_eq!(plan["options"]["domains"], json!(["acme.com"]));
    assert_eq!(plan["pace"], json!({ "preset": "gentle" }));
    let id = plan["id"].as_str().expect("an id");
    assert!(made.header("location").is_some_and(|location| location.ends_with(&format!("/api/v1/conversions/{id}"))));
    for name in [id, "latest"] {
        let found = send(&gateway, &token, "GET", &format!("/{name}"), &Value::Null).await.json();
        fits("GET", "/api/v1/conversions/{id}", 200, &found);
        assert_eq!(found["id"], id);
    }
    let early = send(&gateway, &token, "POST", "/latest/start", &json!({ "preset": "fast" })).await;
    assert!(early.is_error(409, None).detail().contains("being made"), "{}", early.detail());
    send(&gateway, &token, "POST", "/latest/resume", &json!({ "max_rate": 7 })).await.is_error(409, None);
    let unmoved = send(&gateway, &token, "GET", "/latest", &Value::Null).await.json();
    assert_eq!(unmoved, plan, "what is refused changes nothing, the pace neither");
    let second = send(&gateway, &token, "POST", "", &Value::Null).await.json();
    assert_eq!(send(&gateway, &token, "GET", &format!("/{id}"), &Value::Null).await.json()["state"], "superseded");
    let cancelled = send(&gateway, &token, "POST", "/latest/cancel", &Value::Null).await.json();
    fits("POST", "/api/v1/conversions/{id}/cancel", 200, &cancelled);
    assert_eq!((&cancelled["id"], &cancelled["state"]), (&second["id"], &json!("cancelled")));
    let list = send(&gateway, &token, "GET", "", &Value::Null).await.json();
    fits("GET", "/api/v1/conversions", 200, &list);
    let listed: Vec<_> = list["conversions"].as_array().expect("a list").iter().map(|run| run["id"].clone()).collect();
    assert_eq!(listed, [second["id"].clone(), json!(id)], "the newest first");
    send(&gateway, &token, "POST", "/latest/undo", &Value::Null).await.is_error(409, None);
    let written = audit::list(&gateway.store, gateway.account, None, 10).await.unwrap();
    let written: Vec<_> = written.iter().map(|one| (one.action.as_str(), json!(one.target))).collect();
    let (first, second) = (json!(id), second["id"].clone());
    let done = [("conversion.cancel", second.clone()), ("conversion.plan", second), ("conversion.plan", first)];
    assert_eq!(written, done, "what was refused is not in the audit log");
    let report = send(&gateway, &token, "GET", "/latest/report", &Value::Null).await.json();
    fits("GET", "/api/v1/conversions/{id}/report", 200, &report);
    let told: Vec<_> = report["events"].as_array().expect("events").iter().map(|event| event["type"].clone()).collect();
    assert_eq!(told, ["created", "cancelled"], "{report}");
}

#[tokio::test]
async fn bodies_and_parameters_nobody_knows_are_refused_by_name_and_change_nothing() {
    let gateway = Gateway::start().await;
    let token = token(&gateway, gateway.account, Role::Administrator).await;
    for (body, word) in [
        (json!({ "domain": ["acme.com"] }), "domain"),
        (json!({ "alias_days": 5_000 }), "alias_days"),
        (json!({ "only_own_domains": true }), "domains"),
        (json!([]), "object"),
        (json!([1]), "object"),
    ] {
        let answer = send(&gateway, &token, "POST", "", &body).await;
        assert!(answer.is_error(400, Some("invalidValue")).detail().contains(word), "{}", answer.detail());
    }
    send(&gateway, &token, "GET", "/latest", &Value::Null).await.is_error(404, None);
    send(&gateway, &token, "POST", "", &Value::Null).await;
    for (action, body) in [("start", json!({ "max_rate": 0 })), ("start", json!({ "speed": 1 })), ("resume", json!({ "preset": "mad" }))] {
        send(&gateway, &token, "POST", &format!("/latest/{action}"), &body).await.is_error(400, Some("invalidValue"));
    }
    send(&gateway, &token, "GET", "/latest/items?colour=red", &Value::Null).await.is_error(400, Some("invalidValue"));
    send(&gateway, &token, "GET", "/latest/items?state=purple", &Value::Null).await.is_error(400, Some("invalidValue"));
    send(&gateway, &token, "GET", "/latest/start", &Value::Null).await.is_error(405, None);
    send(&gateway, &token, "DELETE", "", &Value::Null).await.is_error(405, None);
    send(&gateway, &token, "GET", "/latest/nothing", &Value::Null).await.is_error(404, None);
}

#[tokio::test]
async fn user_managers_look_and_administrators_act_and_nobody_sees_another_account() {
    let gateway = Gateway::start().await;
    let administrator = token(&gateway, gateway.account, Role::Administrator).await;
    let id = send(&gateway, &administrator, "POST", "", &Value::Null).await.json()["id"].as_str().expect("an id").to_owned();

    // Its user has become a user manager since.
    let manager = {
        let row = |role| muster_store::UserRow {
            account: gateway.account,
            id: muster_domain::UserId::new().0,
            role,
            resource: muster_scim::Resource::from_iter([("userName".to_owned(), "mia".into()), ("active".to_owned(), true.into())]),
            version: 1,
            created_ms: 0,
            modified_ms: 0,
        };
        let mia = row(Role::UserManager);
        let tx = gateway.store.begin().await.unwrap();
        tx.insert_users(&mut [&mia]).await.unwrap();
        tx.commit().await.unwrap();
        let token = ApiToken::generate();
        let owner = (muster_domain::UserId(mia.id), Role::UserManager);
        api_tokens::create(&gateway.store, gateway.account, owner, "test", &token, now_ms() + 60_000).await.unwrap();
        token.reveal().to_owned()
    };
    for path in ["", "/latest", "/latest/items", "/latest/report"] {
        assert_eq!(send(&gateway, &manager, "GET", path, &Value::Null).await.status, 200, "{path}");
    }
    for path in ["", "/latest/start", "/latest/pause", "/latest/resume", "/latest/cancel", "/latest/undo"] {
        send(&gateway, &manager, "POST", path, &Value::Null).await.is_error(403, None);
    }
    let other = accounts::create(&gateway.store, "other", "Other").await.unwrap().id;
    let theirs = conversion::create(&gateway.store, other, conversion::new_plan(&Default::default(), "test")).await.unwrap();
    for path in ["", "/items", "/report"] {
        send(&gateway, &administrator, "GET", &format!("/{}{path}", theirs.id), &Value::Null).await.is_error(404, None);
    }
    send(&gateway, &administrator, "POST", &format!("/{}/cancel", theirs.id), &Value::Null).await.is_error(404, None);
    assert_eq!(send(&gateway, &administrator, "GET", &format!("/{id}"), &Value::Null).await.json()["state"], "planning");
}
