//! PATCH requests that cannot be carried out.

use super::{Case, Ground, case};
use crate::harness::scim::{PATCH_OP, patch_body};
use serde_json::{Value, json};

const USER: &str = "PATCH /Users/{user}";
const GROUP: &str = "PATCH /Groups/{group}";

fn user(what: &'static str, operations: Value, scim_type: &'static str, names: &'static str) -> Case {
    case(what, USER, &patch_body(operations), 400, scim_type, names)
}

fn group(what: &'static str, operations: Value, scim_type: &'static str, names: &'static str) -> Case {
    case(what, GROUP, &patch_body(operations), 400, scim_type, names)
}

fn replace(path: &str, value: impl Into<Value>) -> Value {
    json!([{ "op": "replace", "path": path, "value": value.into() }])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patch_that_cannot_be_read_changes_nothing() {
    let syntax = "invalidSyntax";
    let cases = vec![
        case("a user instead of a PATCH", USER, &json!({ "userName": "x" }), 400, syntax, "Operations"),
        case("Operations is text", USER, &json!({ "schemas": [PATCH_OP], "Operations": "x" }), 400, syntax, "Operations"),
        user("an operation is text", json!(["x"]), syntax, "Operations|operation"),
        user("no op", json!([{ "path": "title", "value": "x" }]), "invalidSyntax|invalidValue", "op"),
        user("an unknown op", json!([{ "op": "move", "path": "title", "value": "x" }]), "invalidSyntax|invalidValue", "op"),
        user("add without a value", json!([{ "op": "add", "path": "title" }]), "invalidValue|invalidSyntax", "value"),
        user("remove without a path", json!([{ "op": "remove" }]), "noTarget", "path"),
        user("half a path", replace("emails[type eq \"work\"", "x"), "invalidPath", "path|emails"),
        user("an empty filter in a path", replace("emails[].value", "x"), "invalidPath|invalidFilter", "path|emails|filter"),
        user("an unknown attribute", replace("nosuch", "x"), "invalidPath", "nosuch"),
        user("an unknown sub-attribute", replace("name.nosuch", "x"), "invalidPath", "nosuch"),
        user("a path into a prototype", replace("__proto__.x", "x"), "invalidPath", "path|__proto__"),
        user("a path too deep", replace("name.givenName.x", "x"), "invalidPath", "path|givenName"),
        group("a user's attribute", replace("userName", "x"), "invalidPath", "userName"),
    ];
    Ground::new().await.check(cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patch_that_cannot_be_carried_out_changes_nothing() {
    let many: Vec<Value> = (0..1_001).map(|number| json!({ "op": "replace", "path": "title", "value": number.to_string() })).collect();
    let members: Vec<Value> = (0..10_001).map(|number| json!({ "value": format!("m{number}") })).collect();
    let good = json!({ "op": "replace", "path": "displayName", "value": "Changed" });
    let bad = json!({ "op": "replace", "path": "active", "value": {} });
    let no_target = json!({ "op": "replace", "path": "emails[value co \"zz\"].value", "value": "x" });
    let remove = |path: &str| json!([{ "op": "remove", "path": path }]);
    let taken = |path: &str, value: &str| patch_body(replace(path, value));
    let cases = vec![
        user("another id", replace("id", "x"), "mutability", "id"),
        user("meta", replace("meta.created", "2020-01-01T00:00:00Z"), "mutability", "meta"),
        user("a wrong type", replace("active", "perhaps"), "invalidValue", "active"),
        user("no userName any more", remove("userName"), "invalidValue|mutability", "userName"),
        user("a blank userName", replace("userName", "  "), "invalidValue", "userName"),
        user("bad after good", json!([good, bad]), "invalidValue", "active"),
        user("bad before good", json!([bad, good]), "invalidValue", "active"),
        user("no target after good", json!([good, no_target]), "noTarget", "emails|match"),
        case("too many operations", USER, &patch_body(json!(many)), 413, "", "1,?000"),
        case("a taken userName", USER, &taken("userName", "BO@bad.test"), 409, "uniqueness", "userName"),
        group("members is a number", replace("members", 5), "invalidValue", "members"),
        case("too many members", GROUP, &patch_body(replace("members", members)), 413, "", "10,?000"),
        group("no displayName any more", remove("displayName"), "invalidValue|mutability", "displayName"),
        case("a taken displayName", GROUP, &taken("displayName", "SALES"), 409, "uniqueness", "displayName"),
    ];
    Ground::new().await.check(cases).await;
}
