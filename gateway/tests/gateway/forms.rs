//! The form in which users are asked for is counted, whichever way somebody asks.

use crate::support::{Gateway, insert_user, named};
use muster_domain::{
    AccountId, ApiToken, Role, UserId,
    conversion::{FormCount, Forms},
};
use muster_store::{accounts, api_tokens, conversion, now_ms};
use serde_json::json;

/// What the gateway has written down, once it has ended.
async fn written(gateway: Gateway, account: AccountId) -> Forms {
    gateway.shutdown.cancel();
    gateway.running.await.unwrap().unwrap();
    let run = conversion::create(&gateway.store, account, conversion::new_plan(&Default::default(), "test")).await.unwrap();
    conversion::forms(&gateway.store, &run, now_ms()).await.unwrap()
}

fn count(mailbox: i64, email: i64) -> FormCount {
    FormCount { mailbox, email }
}

#[tokio::test]
async fn what_a_directory_writes_and_looks_for_is_counted_by_its_form() {
    let gateway = Gateway::start().await;
    let (account, id) = (gateway.account, UserId::new());
    let user = |user_name: &str| json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": user_name });
    let scim = ["Content-Type: application/scim+json"];
    // Names of mailboxes: 6.
    assert_eq!(gateway.post("/scim/Users", &user("jdoe")).await.status, 201);
    gateway.request("PUT", &format!("/scim/Users/{id}"), &scim, &user("jdoe").to_string()).await;
    let patch = json!({ "Operations": [{ "op": "replace", "path": "userName", "value": "jdoe" }] });
    gateway.request("PATCH", &format!("/scim/Users/{id}"), &scim, &patch.to_string()).await;
    assert_eq!(gateway.get("/scim/Users?filter=userName%20eq%20%22jdoe%22").await.status, 200);
    let search = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "userName eq \"jdoe\"" });
    assert_eq!(gateway.post("/scim/Users/.search", &search).await.status, 200);
    gateway.post("/scim/Users", &user("taken")).await.is_error(409, Some("uniqueness"));
    // Addresses: 3, two of them in one bulk.
    assert_eq!(gateway.post("/scim/Users", &user("jdoe@acme.test")).await.status, 201);
    let one = |number: u8| json!({ "method": "POST", "path": "/Users", "bulkId": format!("b{number}"), "data": user(&format!("b{number}@acme.test")) });
    let bulk = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [one(1), one(2)] });
    assert_eq!(gateway.post("/scim/Bulk", &bulk).await.status, 200);
    // No user id, or nobody's: a connection test, a group, a change of something else, what is refused unread.
    gateway.get("/scim/Users?filter=userName%20eq%20%22019a0000-0000-7000-8000-000000000001%22").await;
    gateway.get("/scim/Users?filter=displayName%20eq%20%22jdoe%22").await;
    gateway.get("/scim/Users").await;
    gateway.post("/scim/Groups", &json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "jdoe" })).await;
    let patch = json!({ "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    gateway.request("PATCH", &format!("/scim/Users/{id}"), &scim, &patch.to_string()).await;
    gateway.request("DELETE", &format!("/scim/Users/{id}"), &[], "").await;
    gateway.post("/scim/Users", &json!({ "userName": 7 })).await.is_error(400, Some("invalidValue"));

    let forms = written(gateway, account).await;
    assert_eq!((forms.scim, forms.sso), (count(6, 3), count(0, 0)));
    assert!(forms.warnings[0].contains("(6 of 9 in the last 24 hours)"), "{:?}", forms.warnings);
}

#[tokio::test]
async fn what_sign_ins_ask_for_is_counted_for_the_account_of_the_token() {
    let gateway = Gateway::start().await;
    let other = accounts::create(&gateway.store, "other", "Other").await.unwrap().id;
    let owner = UserId::new();
    insert_user(&gateway.store, other, owner.0, Role::Administrator, named("boss")).await;
    let token = ApiToken::generate();
    api_tokens::create(&gateway.store, other, (owner, Role::Administrator), "test", &token, now_ms() + 60_000).await.unwrap();
    let ask = async |body: serde_json::Value| {
        let body = body.to_string();
        let token = token.reveal();
        let head =
            format!("POST /api/v1/sso/resolve HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n");
        gateway.raw(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.status
    };
    assert_eq!(ask(json!({ "kind": "assertion", "user_id": "boss" })).await, 200);
    assert_eq!(ask(json!({ "kind": "password", "user_id": "boss" })).await, 200);
    assert_eq!(ask(json!({ "kind": "assertion", "email": "nobody@acme.test" })).await, 404, "whoever is not here was asked for as well");
    assert_eq!(ask(json!({ "kind": "assertion" })).await, 400);
    let (store, account) = (gateway.store.clone(), gateway.account);
    let forms = written(gateway, other).await;
    assert_eq!((forms.scim, forms.sso), (count(0, 0), count(2, 1)));
    let mine = conversion::create(&store, account, conversion::new_plan(&Default::default(), "test")).await.unwrap();
    assert_eq!(conversion::forms(&store, &mine, now_ms()).await.unwrap(), Forms::default());
}
