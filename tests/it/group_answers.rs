//! What a PATCH of a group is answered with (RFC 7644 §3.5.2): nothing, unless the client says in which form it wants an answer.

use crate::harness::{Deployment, Response, Scim, scim::patch_body};
use hyper::header::HeaderValue;
use serde_json::{Value, json};

/// One more than is ever echoed.
const MANY: usize = 1_001;

async fn patch(client: &Scim, group: &str, accept: Option<&'static str>, operations: Value) -> Response {
    let mut request = client.request("PATCH", &format!("/Groups/{group}"), Some(&patch_body(operations)));
    if let Some(accept) = accept {
        request.headers_mut().insert("accept", HeaderValue::from_static(accept));
    }
    client.send(request).await
}

fn add(users: &[String]) -> Value {
    let members: Vec<Value> = users.iter().map(|user| json!({ "value": user })).collect();
    json!([{ "op": "add", "path": "members", "value": members }])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_was_patched_is_shown_to_those_who_ask_and_not_when_it_is_large() {
    let deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    let rows: String = (0..MANY).map(|number| format!("member-{number},member-{number}@group.test\n")).collect();
    let file = deployment.installation.path().join("members.csv");
    std::fs::write(&file, format!("user_id,email\n{rows}")).expect("the file can be written");
    let imported = ["user", "import", "--account", &account.slug, "--csv", file.to_str().expect("a path")];
    deployment.installation.json(&imported).await;
    let users: Vec<String> = client.all("/Users").await.iter().map(crate::harness::scim::id_of).collect();
    let group = client.create_group("Everybody").await;

    for accept in [None, Some("*/*"), Some("text/html")] {
        let answer = patch(&client, &group, accept, add(&users[..1])).await;
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{accept:?}");
    }
    let answer = patch(&client, &group, Some("application/scim+json"), add(&users[..2])).await.expect_status(200);
    let body = answer.json();
    assert_eq!((&body["id"], &body["displayName"]), (&json!(group), &json!("Everybody")));
    assert_eq!(answer.header("etag"), body["meta"]["version"].as_str().expect("a version"));
    let shown = body["members"].as_array().expect("the members");
    assert_eq!(shown.len(), 2);
    for member in shown {
        let expected = format!("http://{}/scim/Users/{}", client.address(), member["value"].as_str().expect("a value"));
        assert_eq!(member["$ref"], json!(expected));
    }
    let answer = patch(&client, &group, Some("application/json"), json!([{ "op": "remove", "path": "members" }])).await.expect_status(200);
    assert!(answer.json().get("members").is_none_or(|members| members == &json!([])), "{answer:?}");

    let answer = patch(&client, &group, Some("application/scim+json"), add(&users[..MANY])).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0), "a list this long is not echoed");
    let mut lean = client.request("PATCH", &format!("/Groups/{group}?excludedAttributes=members"), Some(&patch_body(add(&users[..1]))));
    lean.headers_mut().insert("accept", HeaderValue::from_static("application/scim+json"));
    let lean = client.send(lean).await.expect_status(200).json();
    assert_eq!((&lean["displayName"], lean.get("members")), (&json!("Everybody"), None));
}
