//! Values that cannot be.

use super::{Case, Ground, case};
use crate::harness::scim::{GROUP, USER};
use serde_json::{Value, json};

/// A new user with one value that cannot be.
fn user(what: &'static str, name: &str, value: Value, names: &'static str) -> Case {
    let mut user = json!({ "schemas": [USER], "userName": "new@bad.test" });
    user[name] = value;
    case(what, "POST /Users", &user, 400, "invalidValue", names)
}

/// A new group with one value that cannot be.
fn group(what: &'static str, name: &str, value: Value, names: &'static str) -> Case {
    let mut group = json!({ "schemas": [GROUP], "displayName": "New" });
    group[name] = value;
    case(what, "POST /Groups", &group, 400, "invalidValue", names)
}

fn taken(what: &'static str, request: &'static str, name: &'static str, value: &str) -> Case {
    case(what, request, &json!({ name: value }), 409, "uniqueness", name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_that_cannot_be_are_refused_by_their_name() {
    let email = |email: Value| json!([email]);
    let cases = vec![
        user("no userName", "userName", Value::Null, "userName"),
        user("a number as userName", "userName", json!(5), "userName"),
        user("userName of spaces", "userName", json!("   "), "userName"),
        user("active is an object", "active", json!({}), "active"),
        user("active is a word", "active", json!("perhaps"), "active"),
        user("active is a number", "active", json!(1), "active"),
        user("name is text", "name", json!("Ada"), "name"),
        user("familyName is a list", "name", json!({ "familyName": ["Q"] }), "familyName"),
        user("emails is a number", "emails", json!(5), "emails"),
        user("an address is a number", "emails", email(json!({ "value": 5 })), "emails"),
        user("primary is a word", "emails", email(json!({ "value": "a@b.test", "primary": "x" })), "primary"),
        user("displayName is too long", "displayName", json!("x".repeat(8 * 1024 + 1)), "displayName|8192|8 KiB"),
        case("a PUT without userName", "PUT /Users/{user}", &json!({ "active": true }), 400, "invalidValue", "userName"),
        group("no displayName", "displayName", Value::Null, "displayName"),
        group("a blank displayName", "displayName", json!(" "), "displayName"),
        group("members is a number", "members", json!(5), "members"),
        group("a member without value", "members", json!([{}]), "members|value"),
        taken("a taken userName", "POST /Users", "userName", "ADA@bad.test"),
        taken("another's userName", "PUT /Users/{user}", "userName", "Bo@Bad.test"),
        taken("a taken displayName", "POST /Groups", "displayName", "ops"),
        taken("another's displayName", "PUT /Groups/{group}", "displayName", "SALES"),
    ];
    Ground::new().await.check(cases).await;
}
