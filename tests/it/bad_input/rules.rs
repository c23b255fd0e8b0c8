//! What the protocol says of attributes and operations, where clients are known to break it (B-04, B-07, B-08, B-13, B-14, B-16,
//! B-30 to B-33).

use super::{Ground, case, raw_case};
use crate::harness::{
    Deployment,
    scim::{GROUP, USER, id_of, patch_body, user},
};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_understood_in_two_ways_is_refused() {
    let (post, twice) = ("POST /Users", "(?i)twice|more than once|duplicate");
    let cases = vec![
        raw_case("a member twice", post, "{\"userName\":\"a@bad.test\",\"userName\":\"b@bad.test\"}", 400, "invalidSyntax", twice),
        raw_case(
            "in two spellings",
            post,
            "{\"userName\":\"a@bad.test\",\"USERNAME\":\"b@bad.test\"}",
            400,
            "invalidSyntax|invalidValue",
            twice,
        ),
        raw_case(
            "deep inside",
            post,
            "{\"userName\":\"a@bad.test\",\"name\":{\"givenName\":\"a\",\"givenName\":\"b\"}}",
            400,
            "invalidSyntax",
            twice,
        ),
        raw_case("escaped", post, "{\"userName\":\"a@bad.test\",\"user\\u004eame\":\"b@bad.test\"}", 400, "invalidSyntax", twice),
        raw_case(
            "Operations twice",
            "PATCH /Users/{user}",
            "{\"Operations\":[],\"Operations\":[{\"op\":\"replace\",\"path\":\"title\",\"value\":\"x\"}]}",
            400,
            "invalidSyntax",
            twice,
        ),
        raw_case(
            "both lists of attributes",
            "GET /Users?attributes=userName&excludedAttributes=title",
            "",
            400,
            "invalidValue",
            "(?i)attributes",
        ),
        raw_case("both, of one user", "GET /Users/{user}?attributes=id&excludedAttributes=id", "", 400, "invalidValue", "(?i)attributes"),
    ];
    Ground::new().await.check(cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_client_may_change_is_refused_where_it_is_named_and_ignored_in_a_whole_resource() {
    let patch = |path: &str, value: Value| patch_body(json!([{ "op": "replace", "path": path, "value": value }]));
    let (users, groups) = ("PATCH /Users/{user}", "PATCH /Groups/{group}");
    let cases = vec![
        case("id", users, &patch("id", json!("42")), 400, "mutability", "id"),
        case("meta", users, &patch("meta", json!({ "version": "x" })), 400, "mutability", "meta"),
        case("a user's groups", users, &patch("groups", json!([{ "value": "g" }])), 400, "mutability", "groups"),
        case("a member's id", groups, &patch("members.value", json!("x")), 400, "mutability", "members.value"),
        case("a member's name", groups, &patch("members.display", json!("x")), 400, "mutability", "members.display"),
        case("a group's id", groups, &patch("id", json!("x")), 400, "mutability", "id"),
    ];
    Ground::new().await.check(cases).await;

    let (_deployment, client) = Deployment::small_with_client().await;
    let group = client.create_group("Ops").await;
    let invented = json!({
        "schemas": [USER, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/User"], "userName": "ada@bad.test", "id": "42", "groups": [{ "value": group }],
        "meta": { "created": "1970-01-01T00:00:00Z", "location": "https://elsewhere.test", "version": "W/\"99\"", "resourceType": "Robot" },
        "urn:acme:2.0:Unknown": { "x": 1 }, "nosuch": "x", "role": "administrator"
    });
    let made = client.post("/Users", &invented).await.expect_status(201).json();
    let path = format!("/Users/{}", id_of(&made));
    assert_ne!(made["id"], "42");
    for body in [&made, &client.put(&path, &invented).await.expect_status(200).json(), &client.get(&path).await.expect_status(200).json()] {
        assert_eq!(body["schemas"], json!([USER]), "{body}");
        assert_eq!((&body["meta"]["resourceType"], &body["meta"]["created"]), (&json!("User"), &made["meta"]["created"]));
        assert!(
            !["elsewhere.test", "\\\"99\\\"", "Unknown", "nosuch", "administrator", "1970", "microsoft"]
                .iter()
                .any(|word| body.to_string().contains(word))
        );
        assert!(body["groups"].as_array().is_none_or(Vec::is_empty), "{body}");
    }
    assert!(client.members(&group).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patch_with_one_bad_operation_among_ten_changes_nothing() {
    let (_deployment, client) = Deployment::small_with_client().await;
    let ada = client.create_user("ada@bad.test").await;
    let group = client.create_group("Ops").await;
    let simple =
        ["displayName", "nickName", "title", "userType", "locale", "timezone", "preferredLanguage", "externalId", "name.givenName"];
    let good: Vec<Value> = simple.iter().map(|path| json!({ "op": "replace", "path": path, "value": "new" })).collect();
    let bad = [
        json!({ "op": "replace", "path": "active", "value": {} }),
        json!({ "op": "replace", "path": "emails[value co \"none\"].value", "value": "x" }),
        json!({ "op": "remove", "path": "userName" }),
        json!({ "op": "replace", "path": "nosuch", "value": "x" }),
        json!({ "op": "replace", "path": "id", "value": "x" }),
        json!({ "op": "replace", "path": "userName", "value": "SCIM-ADMIN" }),
    ];
    let path = format!("/Users/{ada}");
    let before = client.get(&path).await.expect_status(200).json();
    for bad in &bad {
        for place in [0, 6, 9] {
            let mut operations = good.clone();
            operations.insert(place, bad.clone());
            let answer = client.patch(&path, operations.into()).await;
            assert!([400, 409].contains(&answer.status), "{bad} at {place}: {answer:?}");
            assert_eq!(client.get(&path).await.expect_status(200).json(), before, "{bad} at {place}");
        }
    }
    client.patch(&path, good.into()).await.expect_status(200);

    let path = format!("/Groups/{group}");
    let before = client.get(&path).await.expect_status(200).json();
    for bad in [json!({ "op": "remove", "path": "displayName" }), json!({ "op": "replace", "path": "members.value", "value": "x" })] {
        let add = json!({ "op": "add", "path": "members", "value": [{ "value": ada }] });
        let answer = client.patch(&path, json!([add, { "op": "replace", "path": "displayName", "value": "New" }, bad])).await;
        assert_eq!(answer.status, 400, "{bad}: {answer:?}");
        assert_eq!(client.get(&path).await.expect_status(200).json(), before, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patch_that_says_one_thing_twice_does_it_in_order() {
    let (_deployment, client) = Deployment::small_with_client().await;
    let path = format!("/Users/{}", client.create_user("ada@bad.test").await);
    let set = |op: &str, value: &str| json!({ "op": op, "path": "title", "value": value });
    let patched = client.patch(&path, json!([set("REPLACE", "first"), set("rEpLaCe", "second"), set("Add", "third")])).await;
    assert_eq!(patched.expect_status(200).json()["title"], "third");
    let group = client.create_group("Ops").await;
    for path_of_patch in ["members[value eq \"\"]", "members[value eq \"nobody\"]", "members"] {
        let answer = client.patch(&format!("/Groups/{group}"), json!([{ "op": "remove", "path": path_of_patch }])).await;
        assert!([200, 204].contains(&answer.status), "{path_of_patch}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_name_is_refused_and_leaves_both_as_they_were() {
    let (_deployment, client) = Deployment::small_with_client().await;
    let mut ada = user("ada@bad.test");
    ada["externalId"] = json!("first");
    let ada = client.post("/Users", &ada).await.expect_status(201).json();
    let bo = client.create_user("bo@bad.test").await;
    let before = client.all("/Users").await;
    // Posted again with another externalId: refused, and the link to the directory's object stays.
    for external in [json!("second"), Value::Null] {
        let mut again = user("ADA@bad.test");
        again["externalId"] = external;
        assert_eq!(client.post("/Users", &again).await.expect_status(409).json()["scimType"], "uniqueness");
    }
    assert_eq!(client.get(&format!("/Users/{}", id_of(&ada))).await.expect_status(200).json()["externalId"], "first");
    let rename = json!([
        { "op": "replace", "path": "displayName", "value": "Half" },
        { "op": "replace", "path": "emails", "value": [{ "value": "ada@bad.test" }] },
        { "op": "replace", "path": "userName", "value": "Ada@bad.test" }
    ]);
    client.patch(&format!("/Users/{bo}"), rename).await.expect_status(409);
    client.put(&format!("/Users/{bo}"), &user("ada@BAD.test")).await.expect_status(409);
    assert_eq!(client.all("/Users").await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_are_never_made_up_and_leave_in_every_form() {
    let (_deployment, client) = Deployment::small_with_client().await;
    let users =
        [client.create_user("ada@bad.test").await, client.create_user("bo@bad.test").await, client.create_user("cy@bad.test").await];
    let before = client.all("/Users").await.len();
    let members: Vec<Value> = users.iter().map(|user| json!({ "value": user })).collect();
    let group = json!({ "schemas": [GROUP], "displayName": "Ops", "members": members });
    let group = id_of(&client.post("/Groups", &group).await.expect_status(201).json());
    let path = format!("/Groups/{group}");
    for stranger in ["nobody", "ada@bad.test", "1", "01890000-0000-7000-8000-00000000abcd", ""] {
        let answer = client.patch(&path, json!([{ "op": "add", "path": "members", "value": [{ "value": stranger }] }])).await;
        assert!([200, 204, 400, 404].contains(&answer.status), "{stranger}: {answer:?}");
    }
    assert_eq!(client.all("/Users").await.len(), before, "nobody was made up");
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_eq!(sorted(client.members(&group).await), sorted(users.to_vec()));
    // Entra ID's form, Okta's form, and a list in the value.
    for operation in [
        json!({ "op": "remove", "path": format!("members[value eq \"{}\"]", users[0]) }),
        json!({ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": users[1] }] }),
        json!({ "op": "remove", "path": "members", "value": [users[2]] }),
    ] {
        let left = client.members(&group).await.len();
        let answer = client.patch(&path, json!([operation])).await;
        assert!([200, 204].contains(&answer.status), "{operation}: {answer:?}");
        assert_eq!(client.members(&group).await.len(), left - 1, "{operation}");
    }
}
