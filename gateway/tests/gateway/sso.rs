//! Who is meant by an identity: what a platform that runs its own sign-in is told.

use crate::{
    described::fits,
    support::{Answer, Gateway},
};
use muster_domain::{AccountId, ApiToken, Role, SecretKey, UserId, sso::Jit};
use muster_scim::Resource;
use muster_store::{
    UserRow, accounts, api_tokens, incidents, keys, now_ms,
    sso::{self, Chosen},
};
use serde_json::{Value, json};
use uuid::Uuid;

const RESOLVE: &str = "/api/v1/sso/resolve";

async fn token(gateway: &Gateway) -> String {
    let token = ApiToken::generate();
    let owner = (gateway.administrator, Role::Administrator);
    api_tokens::create(&gateway.store, gateway.account, owner, "platform", &token, now_ms() + 60_000).await.unwrap();
    token.reveal().to_owned()
}

async fn send(gateway: &Gateway, token: &str, method: &str, path: &str, body: &str) -> Answer {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    gateway.raw(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await
}

async fn ask(gateway: &Gateway, token: &str, question: Value) -> (u16, Value) {
    let answer = send(gateway, token, "POST", RESOLVE, &question.to_string()).await;
    assert_eq!(answer.header("content-type"), Some(if answer.status == 400 { "application/scim+json" } else { "application/json" }));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    if answer.status != 400 {
        fits("POST", RESOLVE, answer.status, &answer.json());
    }
    (answer.status, answer.json())
}

async fn user(gateway: &Gateway, account: AccountId, user_id: &str, email: &str, active: bool) -> Uuid {
    let mut resource = Resource::from_iter([("userName".to_owned(), user_id.into()), ("active".to_owned(), active.into())]);
    if !email.is_empty() {
        resource.insert("emails".into(), json!([{"value": email, "type": "work", "primary": true}]));
    }
    let row = UserRow { account, id: UserId::new().0, role: Role::User, resource, version: 1, created_ms: 0, modified_ms: 0 };
    let transaction = gateway.store.begin().await.unwrap();
    transaction.insert_users(&mut [&row]).await.unwrap();
    transaction.commit().await.unwrap();
    row.id
}

async fn own(gateway: &Gateway) {
    sso::add_domain(&gateway.store, gateway.account, &"acme.com".parse().unwrap()).await.unwrap();
}

fn refused(answer: &(u16, Value), status: u16, reason: &str) {
    assert_eq!((answer.0, answer.1["reason"].as_str()), (status, Some(reason)), "{}", answer.1);
    assert!(answer.1["remedy"].as_str().unwrap().len() > 20 && answer.1["outcome"] == "refused", "{}", answer.1);
    assert!(answer.1.get("user").is_none(), "who it is not is nobody's business");
}

#[tokio::test]
async fn an_assertion_finds_its_user_and_a_password_only_its_user_id() {
    let gateway = Gateway::start().await;
    let token = token(&gateway).await;
    own(&gateway).await;
    let id = user(&gateway, gateway.account, "jdoe", "jdoe@acme.com", true).await;
    for (question, by) in [
        (json!({"kind": "assertion", "email": "JDoe@acme.com"}), "mailbox"),
        (json!({"kind": "assertion", "user_id": "jdoe"}), "user_id"),
        (json!({"kind": "assertion", "claims": {"sub": "1", "email": "jdoe@acme.com", "email_verified": true}}), "mailbox"),
        (json!({"kind": "password", "user_id": "JDOE"}), "user_id"),
    ] {
        let (status, body) = ask(&gateway, &token, question).await;
        let expected =
            json!({"outcome": "found", "user": {"id": id, "user_id": "jdoe", "active": true}, "matched_by": by, "created": false});
        assert_eq!((status, body), (200, expected));
    }
    refused(&ask(&gateway, &token, json!({"kind": "password", "email": "jdoe@acme.com"})).await, 404, "unknown");
}

#[tokio::test]
async fn nobody_is_let_in_by_what_is_in_doubt() {
    let gateway = Gateway::start().await;
    let token = token(&gateway).await;
    own(&gateway).await;
    user(&gateway, gateway.account, "jdoe", "jdoe@acme.com", true).await;
    user(&gateway, gateway.account, "john", "jdoe@acme.com", true).await;
    user(&gateway, gateway.account, "ada", "ada@acme.test", true).await;
    user(&gateway, gateway.account, "bea", "", true).await;
    user(&gateway, gateway.account, "gone", "", false).await;
    let asserted = |email: &str| json!({"kind": "assertion", "email": email, "create": true});
    refused(&ask(&gateway, &token, asserted("jdoe@acme.com")).await, 409, "ambiguous");
    refused(&ask(&gateway, &token, asserted("ada@acme.com")).await, 409, "another_address");
    refused(&ask(&gateway, &token, asserted("bea@acme.com")).await, 409, "no_address");
    refused(&ask(&gateway, &token, asserted("bea@evil.test")).await, 403, "foreign_domain");
    refused(&ask(&gateway, &token, asserted("new@acme.com")).await, 404, "unknown");
    refused(&ask(&gateway, &token, json!({"kind": "assertion", "user_id": "gone"})).await, 403, "disabled");
    refused(
        &ask(&gateway, &token, json!({"kind": "assertion", "claims": {"sub": "jdoe", "externalId": "jdoe"}})).await,
        403,
        "no_identity",
    );
    let claims = json!({"email": "ada@acme.test", "email_verified": false});
    refused(&ask(&gateway, &token, json!({"kind": "assertion", "claims": claims})).await, 403, "unverified_address");
    while incidents::fold(&gateway.store, now_ms()).await.unwrap() > 0 {}
    let page = incidents::list(&gateway.store, gateway.account, &incidents::IncidentQuery::default()).await.unwrap();
    assert_eq!(page.incidents.iter().filter(|incident| incident.cause.as_str() == "ambiguous_sign_in").count(), 3, "one a reason");
}

#[tokio::test]
async fn a_question_that_is_none_is_refused_and_only_a_token_may_ask() {
    let gateway = Gateway::start_with(|settings| settings.limits.wrong_keys_per_minute = 1_000).await;
    let token = token(&gateway).await;
    for question in [
        json!({}),
        json!({"kind": "assertion"}),
        json!({"kind": "guess", "user_id": "admin"}),
        json!({"user_id": "admin"}),
        json!({"kind": "assertion", "user_id": "admin", "email": "admin@acme.com"}),
        json!({"kind": "assertion", "email": "admin"}),
        json!({"kind": "assertion", "externalId": "admin"}),
        json!({"kind": "password", "claims": {"email": "admin@acme.com"}}),
        json!({"kind": "assertion", "user_id": 7}),
        json!([]),
    ] {
        assert_eq!(ask(&gateway, &token, question.clone()).await.0, 400, "{question}");
    }
    let question = json!({"kind": "assertion", "user_id": "admin"}).to_string();
    for wrong in [gateway.key.as_str(), "x", ApiToken::generate().reveal()] {
        send(&gateway, wrong, "POST", RESOLVE, &question).await.is_error(401, None);
    }
    assert_eq!(send(&gateway, &token, "GET", RESOLVE, "").await.status, 405);
    send(&gateway, &token, "POST", "/api/v1/sso/resolve?user_id=admin", &question).await.is_error(400, Some("invalidValue"));
    send(&gateway, &token, "POST", "/api/v1/sso/nowhere", &question).await.is_error(404, None);
    assert_eq!(send(&gateway, &token, "POST", RESOLVE, &question).await.status, 200);
}

#[tokio::test]
async fn the_token_decides_the_account() {
    let gateway = Gateway::start().await;
    let token = token(&gateway).await;
    own(&gateway).await;
    let other = accounts::create(&gateway.store, "other", "Other").await.unwrap().id;
    user(&gateway, other, "jdoe", "jdoe@acme.com", true).await;
    for question in [json!({"kind": "assertion", "email": "jdoe@acme.com"}), json!({"kind": "password", "user_id": "jdoe"})] {
        refused(&ask(&gateway, &token, question).await, 404, "unknown");
    }
}

#[tokio::test]
async fn somebody_new_is_made_where_the_account_wants_it_and_not_past_the_directory() {
    let gateway = Gateway::start().await;
    let token = token(&gateway).await;
    own(&gateway).await;
    let asks = |email: &str, create: bool| ask_owned(&gateway, &token, json!({"kind": "assertion", "email": email, "create": create}));
    sso::choose(&gateway.store, gateway.account, Chosen { jit: Some(Jit::On), ..Chosen::default() }).await.unwrap();
    let (status, body) = asks("new@acme.com", true).await;
    assert_eq!((status, &body["created"], &body["user"]["user_id"]), (200, &json!(true), &json!("new@acme.com")), "{body}");
    refused(&asks("new@acme.com", false).await, 404, "unknown");
    refused(&asks("new@evil.test", true).await, 404, "unknown");
    assert_eq!(gateway.delivered.lock().unwrap().len(), 1, "nobody else was to be made");
    // The gateway has a key: its directory is master.
    sso::choose(&gateway.store, gateway.account, Chosen { jit: Some(Jit::UntilScim), ..Chosen::default() }).await.unwrap();
    refused(&asks("new@acme.com", true).await, 404, "unknown");
    let other = accounts::create(&gateway.store, "other", "Other").await.unwrap().id;
    assert!(keys::active(&gateway.store, other).await.unwrap().is_none() && SecretKey::parse(&gateway.key).is_ok());
}

async fn ask_owned(gateway: &Gateway, token: &str, question: Value) -> (u16, Value) {
    ask(gateway, token, question).await
}

/// What a worker would say of a user id somebody else has just taken.
#[tokio::test]
async fn whoever_loses_the_race_to_be_made_is_asked_about_again() {
    let gateway = Gateway::start().await;
    let token = token(&gateway).await;
    own(&gateway).await;
    let chosen = Chosen { jit: Some(Jit::On), rule: Some(muster_domain::sso::Rule::Mailbox), ..Chosen::default() };
    sso::choose(&gateway.store, gateway.account, chosen).await.unwrap();
    // The stand-in calls this user id taken, and nobody has it: it is kept for somebody.
    let question = json!({"kind": "assertion", "email": "taken@acme.com", "create": true});
    refused(&ask(&gateway, &token, question).await, 409, "ambiguous");
    let broken = send(&gateway, &token, "POST", RESOLVE, r#"{"kind": "assertion", "email": "broken@acme.com", "create": true}"#).await;
    assert_eq!(broken.status, 503, "it is nobody's fault, and nobody is let in");
}
