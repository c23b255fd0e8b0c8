//! What identifies a user is its `id`, chosen here, and nothing a directory says.

use crate::harness::{
    Deployment, Scim,
    scim::{GROUP, id_of, user},
};
use serde_json::{Value, json};

const UNKNOWN: &str = "01890000-0000-7000-8000-00000000abcd";

async fn administrator(client: &Scim) -> Value {
    let list = client.get("/Users?filter=userName+eq+%22scim-admin%22").await.expect_status(200).json();
    list["Resources"][0].clone()
}

/// Whatever an `externalId` looks like, it selects nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_external_id_never_selects_a_user() {
    let (_deployment, client) = Deployment::small_with_client().await;
    let victim = administrator(&client).await;
    let ada = client.create_user("ada@abuse.test").await;
    let group = client.create_group("Ops").await;
    let external = ["1", "0", "-1", "2147483647", "9223372036854775808", "null", "scim-admin", victim["id"].as_str().expect("an id"), &ada];
    let before = client.get(&format!("/Users/{ada}")).await.expect_status(200).json();
    for (number, external) in external.iter().enumerate() {
        let mut body = user(&format!("mallory-{number}@abuse.test"));
        body["externalId"] = json!(external);
        body["id"] = json!(external);
        let made = client.post("/Users", &body).await.expect_status(201).json();
        let own = id_of(&made);
        assert!(own != *external && own != ada && own != id_of(&victim), "{made}");
        let change = json!([{ "op": "replace", "path": "title", "value": "taken over" }]);
        if *external != ada && victim["id"] != *external {
            client.get(&format!("/Users/{external}")).await.expect_status(404);
            client.put(&format!("/Users/{external}"), &body).await.expect_status(404);
            client.patch(&format!("/Users/{external}"), change).await.expect_status(404);
            client.delete(&format!("/Users/{external}")).await.expect_status(404);
            let add = json!([{ "op": "add", "path": "members", "value": [{ "value": external }] }]);
            let answer = client.patch(&format!("/Groups/{group}"), add).await;
            assert!([204, 400, 404].contains(&answer.status), "{answer:?}");
        }
        // Its own new user changes and goes; the one whose id it claims stays.
        client.put(&format!("/Users/{own}"), &body).await.expect_status(200);
        client.delete(&format!("/Users/{own}")).await.expect_status(204);
    }
    assert!(client.members(&group).await.is_empty());
    assert_eq!(administrator(&client).await, victim);
    assert_eq!(client.get(&format!("/Users/{ada}")).await.expect_status(200).json(), before);
}

/// Two users may be told to have one `externalId`, one address: each stays who it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_or_external_id_of_somebody_else_changes_nobody_else() {
    let (_deployment, client) = Deployment::small_with_client().await;
    let victim = administrator(&client).await;
    let address = victim["emails"][0]["value"].as_str().expect("an address").to_owned();
    let mut body = user("mallory@abuse.test");
    body["emails"] = json!([{ "value": address, "primary": true }]);
    body["externalId"] = victim["id"].clone();
    let mallory = id_of(&client.post("/Users", &body).await.expect_status(201).json());
    let take = json!([
        { "op": "replace", "path": "emails[type eq \"work\"].value", "value": address },
        { "op": "replace", "path": "displayName", "value": "Root" }
    ]);
    client.patch(&format!("/Users/{mallory}"), take).await.expect_status(200);
    client
        .patch(&format!("/Users/{mallory}"), json!([{ "op": "replace", "path": "userName", "value": "SCIM-Admin" }]))
        .await
        .expect_status(409);
    assert_eq!(administrator(&client).await, victim);
    client.delete(&format!("/Users/{mallory}")).await.expect_status(204);
    client.get("/Users?count=1").await.expect_status(200);
}

/// An id that was is never given again, nor is what belonged to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_made_again_inherits_nothing() {
    let (_deployment, client) = Deployment::small_with_client().await;
    let first = client.create_user("ada@abuse.test").await;
    let group = json!({ "schemas": [GROUP], "displayName": "Ops", "members": [{ "value": first }] });
    let group = id_of(&client.post("/Groups", &group).await.expect_status(201).json());
    client.delete(&format!("/Users/{first}")).await.expect_status(204);
    let mut body = user("ada@abuse.test");
    body["id"] = json!(first);
    let second = id_of(&client.post("/Users", &body).await.expect_status(201).json());
    assert_ne!(first, second);
    client.get(&format!("/Users/{first}")).await.expect_status(404);
    assert!(client.members(&group).await.is_empty());
    for id in [UNKNOWN, "me", "0", "ada@abuse.test", "..", "%2e%2e", "*", "Users"] {
        client.delete(&format!("/Users/{id}")).await.expect_status(404);
    }
    client.get(&format!("/Users/{second}")).await.expect_status(200);
}

/// Suspended means: still there, still a member, and shown as suspended in every answer, until restored as before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_user_is_shown_as_such_everywhere_and_keeps_its_memberships() {
    let (_deployment, client) = Deployment::small_with_client().await;
    let ada = client.create_user("ada@abuse.test").await;
    let group = json!({ "schemas": [GROUP], "displayName": "Ops", "members": [{ "value": ada }] });
    let group = id_of(&client.post("/Groups", &group).await.expect_status(201).json());
    for (value, active) in [(json!("False"), false), (json!(true), true)] {
        client.patch(&format!("/Users/{ada}"), json!([{ "op": "Replace", "path": "active", "value": value }])).await.expect_status(200);
        let read = client.get(&format!("/Users/{ada}")).await.expect_status(200).json();
        assert_eq!((&read["active"], &read["groups"][0]["value"]), (&json!(active), &json!(group)));
        let filter = format!("userName+eq+%22ada%40abuse.test%22+and+active+eq+{active}");
        let found = client.get(&format!("/Users?filter={filter}")).await.expect_status(200).json();
        assert_eq!(found["Resources"][0]["active"], json!(active), "{found}");
        assert_eq!(client.members(&group).await, std::slice::from_ref(&ada));
    }
    // A replacement that does not speak of `active` lets nobody in again.
    client.patch(&format!("/Users/{ada}"), json!([{ "op": "Replace", "path": "active", "value": false }])).await.expect_status(200);
    let silent = json!({ "userName": "ada@abuse.test", "displayName": "Ada" });
    assert_eq!(client.put(&format!("/Users/{ada}"), &silent).await.expect_status(200).json()["active"], false);
}
