//! Text that means something elsewhere, to SQL, to a pattern, to JavaScript, to a terminal, is only text here (B-05, B-11, B-12).

use crate::harness::{
    Deployment,
    scim::{GROUP, id_of, user},
};
use serde_json::{Value, json};

/// Names that must be kept as they are and found by nothing but themselves.
const ODD: [&str; 28] = [
    "' or 1=1 --",
    "'; drop table users; --",
    "\" or \"\"=\"",
    "%",
    "_",
    "%%",
    "\\",
    "\\\\",
    "\\%",
    "a%b",
    "a_b",
    "a*b",
    "$1",
    "?",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "<script>alert(1)</script>",
    "__proto__",
    "constructor",
    "toString",
    "=cmd|' /C calc'!A0",
    "null",
    "true",
    "\u{202e}nimda",
    "\u{1f469}\u{200d}\u{1f4bb}",
    "\u{4f60}\u{597d}",
    "zo\u{eb}",
    "ada.",
];

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn names(list: &Value) -> Vec<&str> {
    list["Resources"].as_array().map(|all| all.iter().filter_map(|user| user["userName"].as_str()).collect()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_text_is_kept_and_found_by_itself_alone() {
    let mut deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    for name in ODD {
        let mut body = user(name);
        body["externalId"] = json!(format!("id:{name}"));
        body["emails"] = json!([{ "value": format!("{name}@bad.test"), "type": name }]);
        let made = client.post("/Users", &body).await.expect_status(201).json();
        let read = client.get(&format!("/Users/{}", id_of(&made))).await.expect_status(200).json();
        assert_eq!((&read["userName"], &read["externalId"], &read["displayName"]), (&json!(name), &body["externalId"], &json!(name)));
        let group = client.post("/Groups", &json!({ "schemas": [GROUP], "displayName": name })).await.expect_status(201).json();
        assert_eq!(group["displayName"], json!(name));
    }
    for name in ODD {
        let quoted = Value::from(name).to_string();
        for filter in [
            format!("userName eq {quoted}"),
            format!("externalId eq {}", Value::from(format!("id:{name}"))),
            format!("emails[type eq {quoted}]"),
            format!("emails.value eq {}", Value::from(format!("{name}@bad.test"))),
            format!("displayName eq {quoted} and userName eq {quoted}"),
        ] {
            let list = client.get(&format!("/Users?filter={}", encoded(&filter))).await.expect_status(200).json();
            assert_eq!(names(&list), [name], "{filter}");
        }
        let list = client.get(&format!("/Users?filter={}&count=200", encoded(&format!("userName co {quoted}")))).await;
        let list = list.expect_status(200).json();
        let folded = name.to_lowercase();
        let mut expected: Vec<&str> =
            ODD.into_iter().chain(["scim-admin"]).filter(|other| other.to_lowercase().contains(&folded)).collect();
        let mut found = names(&list);
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "userName co {quoted}");
        let list = client.get(&format!("/Groups?filter={}", encoded(&format!("displayName eq {quoted}")))).await;
        assert_eq!(list.expect_status(200).json()["totalResults"], 1, "displayName eq {quoted}");
    }
    deployment.healthy(&client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_spellings_of_one_name_are_one_user() {
    let (_deployment, client) = Deployment::small_with_client().await;
    for spellings in [
        &["ada@bad.test", "ADA@bad.test", "Ada@BAD.TEST", " ada@bad.test", "ada@bad.test\t"][..],
        &["caf\u{e9}@bad.test", "cafe\u{301}@bad.test", "CAF\u{c9}@bad.test", "CAFE\u{301}@BAD.TEST"],
        &["\u{3c3}\u{3af}\u{3c3}\u{3c5}@bad.test", "\u{3a3}\u{38a}\u{3a3}\u{3a5}@bad.test"],
    ] {
        let id = client.create_user(spellings[0]).await;
        for spelling in spellings {
            let refused = client.post("/Users", &user(spelling)).await.expect_status(409).json();
            assert_eq!(refused["scimType"], "uniqueness", "{spelling}");
            let filter = encoded(&format!("userName eq {}", Value::from(spelling.trim())));
            let list = client.get(&format!("/Users?filter={filter}")).await.expect_status(200).json();
            assert_eq!((&list["totalResults"], &list["Resources"][0]["id"]), (&json!(1), &json!(id)), "{spelling:?}");
        }
    }
    client.create_user("ada@bad.test.").await;
}

/// Names that JavaScript objects have without being asked are unknown attributes here like any other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_every_object_has_elsewhere_are_unknown_here() {
    let mut deployment = Deployment::small().await;
    let account = deployment.account().await;
    let client = account.client(deployment.gateways[0].address);
    let mut body = user("ada@bad.test");
    for name in ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"] {
        body[name] = json!({ "admin": true, "role": "administrator", "active": false });
        body["name"][name] = json!("x");
    }
    let made = client.post("/Users", &body).await.expect_status(201).json();
    let path = format!("/Users/{}", id_of(&made));
    let pathless =
        json!([{ "op": "add", "value": { "__proto__": { "title": "x" }, "constructor.prototype.title": "x", "nickName": "kept" } }]);
    let patched = client.patch(&path, pathless).await.expect_status(200).json();
    assert_eq!((&patched["nickName"], patched.get("title")), (&json!("kept"), None), "{patched}");
    let text = client.get(&path).await.expect_status(200).json().to_string();
    assert!(!["__proto__", "constructor", "prototype", "administrator"].iter().any(|name| text.contains(name)), "{text}");
    for path_of_patch in ["__proto__", "__proto__.title", "constructor.prototype", "toString.x", "name.__proto__", "emails.constructor"] {
        for op in ["add", "replace", "remove"] {
            let answer = client.patch(&path, json!([{ "op": op, "path": path_of_patch, "value": "x" }])).await.expect_status(400);
            assert_eq!(answer.json()["scimType"], "invalidPath", "{op} {path_of_patch}");
        }
        let answer = client.get(&format!("/Users?filter={}", encoded(&format!("{path_of_patch} pr")))).await.expect_status(400);
        assert_eq!(answer.json()["scimType"], "invalidFilter", "{path_of_patch}");
    }
    deployment.healthy(&client).await;
}
