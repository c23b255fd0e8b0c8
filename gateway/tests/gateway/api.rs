//! The JSON API: who gets in, what they see, what they can do.

use crate::support::{Answer, Gateway};
use muster_domain::{AccountId, Actor, ApiToken, Change, Operation, OperationId, Outcome, OutcomeCode, Role, UserId};
use muster_scim::{Resource, ResourceType, ScimError};
use muster_store::{UserRow, accounts, api_tokens, batch::LogEntry, now_ms};
use serde_json::{Value, json};
use uuid::Uuid;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

pub async fn token(gateway: &Gateway) -> String {
    let token = ApiToken::generate();
    let owner = (gateway.administrator, Role::Administrator);
    api_tokens::create(&gateway.store, gateway.account, owner, "test", &token, now_ms() + DAY_MS).await.unwrap();
    token.reveal().to_owned()
}

pub async fn send(gateway: &Gateway, token: &str, method: &str, path: &str, body: &str) -> Answer {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{kind}");
    gateway.raw(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await
}

pub fn create(account: AccountId, user_id: &str) -> Operation {
    Operation {
        id: OperationId::new(),
        account,
        actor: Actor::Command,
        resource_type: ResourceType::User,
        resource_id: Uuid::now_v7(),
        change: Change::Create { resource: Resource::from_iter([("userName".to_owned(), user_id.into())]), role: Role::User },
        if_match: None,
        accepted_ms: now_ms(),
        deadline_ms: now_ms() + 60_000,
        request_id: Uuid::now_v7(),
        bulk: None,
        acknowledged: false,
        trace: None,
    }
}

pub async fn log(gateway: &Gateway, operations: &[Operation], outcome: &Outcome) {
    let tx = gateway.store.begin().await.unwrap();
    let entries: Vec<_> = operations.iter().map(|operation| LogEntry { operation, outcome, changed: &[] }).collect();
    tx.log_operations(&entries, now_ms()).await.unwrap();
    tx.commit().await.unwrap();
}

pub fn taken() -> Outcome {
    Outcome::refused(OutcomeCode::Duplicate, ScimError::uniqueness("userName: another user signs in as `=cmd`"))
}

#[tokio::test]
async fn nothing_is_told_without_a_token_that_counts() {
    let gateway = Gateway::start_with(|settings| settings.limits.wrong_keys_per_minute = 1_000).await;
    let (store, account) = (&gateway.store, gateway.account);
    let voided = ApiToken::generate();
    let owner = (gateway.administrator, Role::Administrator);
    let id = api_tokens::create(store, account, owner, "test", &voided, now_ms() + DAY_MS).await.unwrap();
    assert!(api_tokens::void(store, account, id).await.unwrap());
    assert!(!api_tokens::void(store, account, id).await.unwrap(), "twice is once");
    let ended = ApiToken::generate();
    api_tokens::create(store, account, owner, "test", &ended, now_ms() - 1).await.unwrap();
    let tokens = [voided.reveal(), ended.reveal(), ApiToken::generate().reveal(), &gateway.key, "x"].map(str::to_owned);
    for path in ["/api/v1/operations", "/api/v1/incidents/1", "/api/v1/nowhere", "/api", "/api/v2/operations"] {
        for token in &tokens {
            let answer = send(&gateway, token, "GET", path, "").await;
            answer.is_error(401, None);
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"API\""), "{path}");
        }
        gateway.raw(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.is_error(401, None);
    }
    // And a token opens nothing of a directory's.
    let token = token(&gateway).await;
    send(&gateway, &token, "GET", "/scim/Users", "").await.is_error(401, None);
    assert_eq!(send(&gateway, &token, "GET", "/api/v1/operations", "").await.status, 200);
}

#[tokio::test]
async fn a_user_without_the_role_can_have_no_token_and_one_who_loses_it_is_refused() {
    let gateway = Gateway::start().await;
    let (store, account, user) = (&gateway.store, gateway.account, UserId::new());
    let made = api_tokens::create(store, account, (user, Role::User), "test", &ApiToken::generate(), now_ms() + DAY_MS).await;
    assert!(made.is_err());
    let row = |active: bool, role: Role, version: i64| {
        let resource = Resource::from_iter([("userName".to_owned(), "bea".into()), ("active".to_owned(), active.into())]);
        UserRow { account, id: user.0, role, resource, version, created_ms: 0, modified_ms: 0 }
    };
    let write = async |row: UserRow, new: bool| {
        let tx = store.begin().await.unwrap();
        if new {
            tx.insert_users(&mut [&row]).await.unwrap()
        } else {
            tx.update_users(&mut [(row.version - 1, &row)]).await.unwrap()
        }
        tx.commit().await.unwrap();
    };
    write(row(true, Role::User, 1), true).await;
    let token = ApiToken::generate();
    // As if the user had been demoted after the token was made.
    api_tokens::create(store, account, (user, Role::UserManager), "test", &token, now_ms() + DAY_MS).await.unwrap();
    send(&gateway, token.reveal(), "GET", "/api/v1/incidents", "").await.is_error(403, None);
    write(row(false, Role::User, 2), false).await;
    send(&gateway, token.reveal(), "GET", "/api/v1/incidents", "").await.is_error(401, None);
}

#[tokio::test]
async fn the_log_is_listed_in_pages_filtered_and_exported() {
    let gateway = Gateway::start().await;
    let token = token(&gateway).await;
    let operations: Vec<Operation> = (0..7).map(|n| create(gateway.account, &format!("u{n}"))).collect();
    log(&gateway, &operations[..5], &Outcome::done(OutcomeCode::Applied, 201, Some(1), None)).await;
    log(&gateway, &operations[5..], &taken()).await;
    let get = async |path: &str| send(&gateway, &token, "GET", path, "").await;

    let page = get("/api/v1/operations?limit=4").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("application/json")));
    let page = page.json();
    let next = page["next"].as_str().unwrap().to_owned();
    let rest = get(&format!("/api/v1/operations?limit=4&after={next}")).await.json();
    let ids: Vec<&str> =
        [&page, &rest].iter().flat_map(|page| page["operations"].as_array().unwrap()).map(|o| o["id"].as_str().unwrap()).collect();
    let expected: Vec<String> = operations.iter().rev().map(|operation| operation.id.to_string()).collect();
    assert_eq!((ids, &rest["next"]), (expected.iter().map(String::as_str).collect(), &Value::Null));

    let failed = get("/api/v1/operations?failed=true&outcome=duplicate").await.json();
    assert_eq!(failed["operations"].as_array().unwrap().len(), 2);
    let timeline = get(&format!("/api/v1/users/{}/operations", operations[3].resource_id)).await.json();
    assert_eq!(timeline["operations"][0]["id"], json!(operations[3].id));
    let one = get(&format!("/api/v1/operations/{}", operations[6].id)).await.json();
    assert_eq!((&one["code"], &one["detail"]["request"]["userName"]), (&json!("duplicate"), &json!("u***")));

    let export = get("/api/v1/operations?format=csv&failed=true&limit=1").await;
    assert_eq!(export.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(export.header("x-next").is_some());
    let text = String::from_utf8(export.body).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.starts_with("id,accepted,") && text.contains(",duplicate,409,uniqueness,"), "{text}");

    for (path, status) in [
        ("/api/v1/operations?filter=x", 400),
        ("/api/v1/operations?limit=0", 400),
        ("/api/v1/operations?since=yesterday", 400),
        ("/api/v1/operations?user=nobody", 404),
        ("/api/v1/operations/x", 404),
        ("/api/v1/users/x/operations", 404),
        ("/api/v1/nowhere", 404),
    ] {
        assert_eq!(get(path).await.status, status, "{path}");
    }
    send(&gateway, &token, "DELETE", "/api/v1/operations", "").await.is_error(405, None);
}

#[tokio::test]
async fn an_incident_is_acknowledged_snoozed_tried_again_and_resolved() {
    let gateway = Gateway::start().await;
    let token = token(&gateway).await;
    log(&gateway, &[create(gateway.account, "ada"), create(gateway.account, "taken")], &taken()).await;
    let act = async |action: &str, body: &str| send(&gateway, &token, "POST", &format!("/api/v1/incidents/1/{action}"), body).await;

    let shown = send(&gateway, &token, "GET", "/api/v1/incidents/1", "").await.json();
    assert_eq!((&shown["incident"]["cause"], &shown["incident"]["failures"]), (&json!("duplicate_user"), &json!(2)));
    assert!(shown["advice"]["remedy"].as_str().unwrap().len() > 20);
    assert_eq!(shown["affected"].as_array().unwrap().len(), 2);

    let acknowledged = act("acknowledge", "").await.json();
    assert_eq!((&acknowledged["incident"]["state"], &acknowledged["incident"]["state_by"]), (&json!("acknowledged"), &json!("admin")));
    act("snooze", "{}").await.is_error(400, Some("invalidValue"));
    act("snooze", r#"{"until": "2001-01-31T09:00:00Z"}"#).await.is_error(409, None);
    assert_eq!(act("snooze", r#"{"until": "2101-01-31T09:00:00Z"}"#).await.json()["incident"]["state"], "snoozed");

    // The stand-in worker takes `ada` and refuses `taken`.
    let report = act("retry", "").await.json();
    assert_eq!(report, json!({"applied": 1, "failed": 1, "superseded": 0, "more": false}));
    let failures = send(&gateway, &token, "GET", "/api/v1/incidents/1/failures?limit=1", "").await.json();
    assert_eq!((failures["items"].as_array().unwrap().len(), failures["next"].is_string()), (1, true));

    assert_eq!(act("resolve", "").await.json()["incident"]["state"], "resolved");
    act("acknowledge", "").await.is_error(409, None);
    act("retry", "").await.is_error(409, None);
    send(&gateway, &token, "GET", "/api/v1/incidents/2", "").await.is_error(404, None);
    send(&gateway, &token, "GET", "/api/v1/incidents/1/acknowledge", "").await.is_error(405, None);
    let list = send(&gateway, &token, "GET", "/api/v1/incidents?state=resolved&state=open", "").await.json();
    assert_eq!(list["incidents"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn another_accounts_log_is_not_there() {
    let gateway = Gateway::start().await;
    let token = token(&gateway).await;
    let other = accounts::create(&gateway.store, "other", "Other").await.unwrap().id;
    let operation = create(other, "ada");
    log(&gateway, std::slice::from_ref(&operation), &taken()).await;
    let get = async |path: &str| send(&gateway, &token, "GET", path, "").await;
    assert_eq!(get("/api/v1/operations").await.json()["operations"], json!([]));
    get(&format!("/api/v1/operations/{}", operation.id)).await.is_error(404, None);
    assert_eq!(get(&format!("/api/v1/users/{}/operations", operation.resource_id)).await.json()["operations"], json!([]));
    get("/api/v1/incidents/1").await.is_error(404, None);
    assert_eq!(get("/api/v1/incidents").await.json()["incidents"], json!([]));
    assert_eq!(get("/api/v1/cycles").await.json()["cycles"], json!([]));
    send(&gateway, &token, "POST", "/api/v1/incidents/1/resolve", "").await.is_error(404, None);
}
