//! What a directory sends is data. The role that counts on the platform is given here, and nothing that comes in changes it.

use crate::harness::{
    Account, Deployment,
    account::create_user,
    eventually,
    scim::{ENTERPRISE, GROUP, USER, id_of},
};
use serde_json::{Value, json};

/// Everything that has ever been taken for a privilege.
fn privileges() -> Value {
    let lists =
        ["administrator", "Administrator", "admin", "user_manager", "owner", "root"].map(|role| json!({ "value": role, "primary": true }));
    json!({
        "roles": [lists[0], { "value": "user_manager" }], "entitlements": [lists[2], { "value": "owner" }], "groups": [{ "value": "administrators" }],
        "role": "administrator", "Role": "administrator", "isAdmin": true, "admin": true, "is_superuser": true, "administrator": true,
        "userType": "administrator", "title": "administrator", "permissions": ["*"], "account_id": "other", "account": "other", "version": 99,
        "urn:muster:params:scim:schemas:extension:2.0:User": { "role": "administrator" },
        ENTERPRISE: { "department": "administrator", "manager": { "value": "administrator" }, "role": "administrator" },
        "meta": { "role": "administrator" }
    })
}

/// Whether the platform takes this user for one that may hold a key: the only privilege there is to be had.
async fn may_hold_a_key(deployment: &Deployment, account: &Account, user_id: &str) -> bool {
    let setup = ["scim", "setup", "--account", &account.slug, "--administrator", user_id, "--json"];
    let output = deployment.installation.run(&setup).await;
    assert!(output.status.success() || output.stdout.is_empty(), "a refusal prints no key");
    output.status.success()
}

fn with_privileges(user_name: &str) -> Value {
    let mut body = privileges();
    body["schemas"] = json!([USER]);
    body["userName"] = json!(user_name);
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_a_directory_sends_lifts_a_role() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    create_user(&deployment.installation, &account.slug, "ordinary", "user").await;
    let list = client.get("/Users?filter=userName+eq+%22ordinary%22").await.expect_status(200).json();
    let ordinary = format!("/Users/{}", id_of(&list["Resources"][0]));

    let created = client.post("/Users", &with_privileges("created")).await.expect_status(201).json();
    assert_eq!(created["roles"][0]["value"], "administrator", "it is kept as data");
    client.put(&ordinary, &with_privileges("ordinary")).await.expect_status(200);
    let Value::Object(members) = privileges() else { unreachable!("an object") };
    for (name, value) in &members {
        for op in ["add", "replace"] {
            let answer = client.patch(&ordinary, json!([{ "op": op, "path": name, "value": value }])).await;
            assert!([200, 400].contains(&answer.status), "{op} {name}: {answer:?}");
            client.patch(&ordinary, json!([{ "op": op, "value": { name: value } }])).await;
        }
    }
    for path in
        ["roles[primary eq \"True\"].value", "roles[value eq \"user\"].value", "entitlements[type eq \"role\"].value", "roles.value"]
    {
        client.patch(&ordinary, json!([{ "op": "add", "path": path, "value": "administrator" }])).await;
    }
    for name in ["administrators", "Administrator", "user_manager", "account"] {
        let group = json!({ "schemas": [GROUP], "displayName": name, "members": [{ "value": created["id"] }], "roles": [{ "value": "administrator" }] });
        client.post("/Groups", &group).await.expect_status(201);
    }
    for user_id in ["created", "ordinary"] {
        assert!(!may_hold_a_key(&deployment, &account, user_id).await, "{user_id} became an administrator");
    }
    client.get("/Users?count=1").await.expect_status(200);
}

/// The other way round: what takes every role away as data takes none from the administrator.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_a_directory_sends_lowers_a_role() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    create_user(&deployment.installation, &account.slug, "manager", "user_manager").await;
    let list = client.get("/Users?filter=userName+eq+%22manager%22").await.expect_status(200).json();
    let path = format!("/Users/{}", id_of(&list["Resources"][0]));
    client.put(&path, &json!({ "userName": "manager", "roles": [], "entitlements": [], "role": "user" })).await.expect_status(200);
    client.patch(&path, json!([{ "op": "replace", "path": "roles", "value": [{ "value": "user" }] }])).await.expect_status(200);
    client.patch(&path, json!([{ "op": "remove", "path": "roles" }])).await.expect_status(200);
    assert!(may_hold_a_key(&deployment, &account, "manager").await);
    let old = || async { (client.get("/Users?count=1").await.status == 401).then_some(()) };
    eventually("that key has voided the one before", old).await;
}
