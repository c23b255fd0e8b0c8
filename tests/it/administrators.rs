//! A directory cannot lock an account out, nor take it over, by way of its administrators.

use crate::harness::{Account, Deployment, Scim, account::create_user, eventually, scim::id_of};
use serde_json::json;

async fn found(client: &Scim, user_id: &str) -> String {
    let list = client.get(&format!("/Users?filter=userName+eq+%22{user_id}%22")).await.expect_status(200).json();
    id_of(&list["Resources"][0])
}

/// Every way to the user, each with a request that must be refused for a reason that says what to do.
async fn is_safe(client: &Scim, paths: &[String], instead: &str) {
    for path in paths {
        let before = client.get(path).await.expect_status(200).json();
        let mut renamed = before.clone();
        renamed["userName"] = json!("mallory@x.test");
        let without_address = json!({ "userName": before["userName"] });
        let answers = [
            client.delete(path).await,
            client.put(path, &renamed).await,
            client.put(path, &without_address).await,
            client.patch(path, json!([{ "op": "Replace", "path": "active", "value": "False" }])).await,
            client.patch(path, json!([{ "op": "replace", "value": { "ACTIVE": false } }])).await,
            client.patch(path, json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "mallory@x.test" }])).await,
        ];
        for answer in answers {
            let body = answer.expect_status(403).json();
            assert!(body["detail"].as_str().is_some_and(|detail| detail.contains(instead)), "{body}");
        }
        assert_eq!(client.get(path).await.expect_status(200).json(), before, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_administrators_an_account_needs_outlive_every_request() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    let first = found(&client, &account.administrator).await;
    is_safe(&client, &["/Me".to_owned(), format!("/Users/{first}")], "choose another SCIM administrator").await;
    client.patch("/Me", json!([{ "op": "replace", "path": "displayName", "value": "Still here" }])).await.expect_status(200);

    // With another SCIM administrator the first one is still the last administrator.
    create_user(&deployment.installation, &account.slug, "manager", "user_manager").await;
    let key = Account::new_key(&deployment.installation, &account.slug, "manager").await;
    let client = Scim::new(client.address(), &key);
    is_safe(&client, &[format!("/Users/{first}")], "make another user administrator first").await;
    create_user(&deployment.installation, &account.slug, "second", "administrator").await;
    eventually("the last one of two can be deleted", || async {
        (client.delete(&format!("/Users/{first}")).await.status == 204).then_some(())
    })
    .await;
    let second = found(&client, "second").await;
    is_safe(&client, &[format!("/Users/{second}")], "make another user administrator first").await;
}
