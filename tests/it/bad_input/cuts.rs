//! Bodies that break off: every prefix of real ones (B-01).

use crate::harness::{
    Connection, Deployment, Response, Scim,
    client::Answer,
    scim::{ENTERPRISE, ERROR, GROUP, PATCH_OP, USER},
};
use bytes::Bytes;
use http_body_util::Full;
use serde_json::{Value, json};
use std::time::Instant;

const USERS: &str = "POST /Users";
const GROUPS: &str = "POST /Groups";
const PUT: &str = "PUT /Users/{user}";
const PATCH_USER: &str = "PATCH /Users/{user}";
const PATCH_GROUP: &str = "PATCH /Groups/{group}";

fn patch(operations: Value) -> String {
    json!({ "schemas": [PATCH_OP], "Operations": operations }).to_string()
}

/// Twenty bodies as directories send them, and some of every kind of JSON there is.
fn samples() -> Vec<(&'static str, String)> {
    vec![
        (USERS, json!({ "schemas": [USER], "userName": "cut@bad.test" }).to_string()),
        (
            USERS,
            json!({ "schemas": [USER, ENTERPRISE], "externalId": "e", "userName": "cut@bad.test", "active": true,
                    "emails": [{ "primary": true, "type": "work", "value": "cut@bad.test" }], "meta": { "resourceType": "User" },
                    "name": { "formatted": "G F", "familyName": "F", "givenName": "G" }, ENTERPRISE: { "department": "d" } })
            .to_string(),
        ),
        (USERS, "{\"userName\":\"cut\\u0040bad.test\",\"title\":\"\\ud83d\\ude00 \\\"quoted\\\" \\\\ \\/\"}".to_owned()),
        (USERS, "{\"userName\":\"zo\u{eb}@bad.test\",\"displayName\":\"\u{1f600} \u{4f60}\u{597d}\"}".to_owned()),
        (USERS, "{ \"userName\" : \"cut@bad.test\" ,\r\n\t\"x\" : [ -0.5e+10 , null , true , false , { } , [ ] ] }".to_owned()),
        (USERS, json!({ "userName": "cut@bad.test", "roles": ["a", { "value": "b" }], "addresses": [{ "country": "DE" }] }).to_string()),
        (USERS, json!({ "userName": "cut@bad.test", "password": "p", "groups": [], "locale": "en-US" }).to_string()),
        (PUT, json!({ "schemas": [USER], "id": "1", "userName": "cut@bad.test", "active": "False" }).to_string()),
        (PUT, json!({ "schemas": [USER], "userName": "cut@bad.test", "phoneNumbers": [{ "type": "mobile", "value": "+1" }] }).to_string()),
        (GROUPS, json!({ "schemas": [GROUP], "displayName": "Cut", "members": [{ "value": "u", "$ref": null }] }).to_string()),
        (GROUPS, json!({ "schemas": [GROUP], "externalId": "g", "displayName": "Cut", "meta": { "resourceType": "Group" } }).to_string()),
        (PATCH_USER, patch(json!([{ "op": "Replace", "path": "active", "value": "False" }]))),
        (PATCH_USER, patch(json!([{ "op": "Add", "path": "emails[type eq \"work\"].value", "value": "cut@bad.test" }]))),
        (PATCH_USER, patch(json!([{ "op": "replace", "value": { "displayName": "Cut", "name.givenName": "C" } }]))),
        (PATCH_USER, patch(json!([{ "op": "remove", "path": "title" }, { "op": "add", "path": "nickName", "value": "n" }]))),
        (PATCH_USER, patch(json!([{ "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "m" }]))),
        (PATCH_USER, patch(json!([{ "op": "replace", "path": "title", "value": null }]))),
        (PATCH_GROUP, patch(json!([{ "op": "Add", "path": "members", "value": [{ "value": "u" }] }]))),
        (PATCH_GROUP, patch(json!([{ "op": "remove", "path": "members[value eq \"u\"]" }]))),
        (PATCH_GROUP, patch(json!([{ "op": "Replace", "path": "displayName", "value": "Cut" }]))),
    ]
}

fn is_refusal(response: &Response) -> bool {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    response.status == 400
        && body["schemas"] == json!([ERROR])
        && body["scimType"] == "invalidSyntax"
        && body["detail"].as_str().is_some_and(|detail| detail.contains("column") || detail.contains("no body"))
}

async fn send(connection: &mut Connection, client: &Scim, request: &str, body: &[u8]) -> Response {
    let (method, path) = request.split_once(' ').expect("METHOD /path");
    let mut sent = client.request(method, path, Some(&Value::Null));
    *sent.body_mut() = Full::new(Bytes::copy_from_slice(body));
    match connection.send(sent).await {
        Answer::Response(response) => response,
        other => panic!("{request} {}: {other:?}", String::from_utf8_lossy(body)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_cut_at_any_byte_is_refused_and_changes_nothing() {
    let mut deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    let (user, group) = (client.create_user("ada@bad.test").await, client.create_group("Ops").await);
    let before = (client.all("/Users").await, client.all("/Groups").await);
    let (mut connection, mut cuts, started) = (Connection::to(client.address()), 0, Instant::now());
    let samples = samples();
    for (request, body) in &samples {
        let request = request.replace("{user}", &user).replace("{group}", &group);
        for end in 0..body.len() {
            let response = send(&mut connection, &client, &request, &body.as_bytes()[..end]).await;
            assert!(is_refusal(&response), "{request}, cut at {end} of {body}: {response:?}");
            cuts += 1;
        }
    }
    println!("{cuts} cuts of {} bodies in {:?}", samples.len(), started.elapsed());
    assert_eq!((client.all("/Users").await, client.all("/Groups").await), before);
    deployment.healthy(&client).await;
    // Whole, each of them is taken: what was refused was the cut.
    for (request, body) in &samples {
        let request = request.replace("{user}", &user).replace("{group}", &group);
        let response = send(&mut connection, &client, &request, body.as_bytes()).await;
        assert!([200, 201, 204, 409].contains(&response.status), "{request} {body}: {response:?}");
    }
}
