//! Filters and PATCH requests that are right, drawn from the grammar of RFC 7644.

use fastrand::Rng;
use serde_json::{Value, json};

const SIMPLE: [&str; 9] = [
    "userName",
    "title",
    "nickName",
    "displayName",
    "externalId",
    "id",
    "name.givenName",
    "USERTYPE",
    "urn:ietf:params:scim:schemas:core:2.0:User:locale",
];
const LISTS: [&str; 5] = ["emails", "phoneNumbers", "roles", "ims", "photos"];
const OPERATORS: [&str; 8] = ["eq", "ne", "co", "sw", "EW", "gt", "Ge", "lt"];
const TEXTS: [&str; 8] = ["", "work", "a", "A b", "\"\\", "\u{e9}\u{1f600}", "True", "2026-01-01T00:00:00Z"];

fn one<'a>(lot: &mut Rng, of: &[&'a str]) -> &'a str {
    of[lot.usize(..of.len())]
}

fn quoted(lot: &mut Rng) -> String {
    Value::from(one(lot, &TEXTS)).to_string()
}

/// A filter that is well formed, at most `depth` levels deep.
pub fn filter(lot: &mut Rng, depth: usize) -> String {
    match lot.u32(..if depth == 0 { 5 } else { 9 }) {
        0 | 1 => format!("{} {} {}", one(lot, &SIMPLE), one(lot, &OPERATORS), quoted(lot)),
        2 => format!("{} pr", if lot.bool() { one(lot, &SIMPLE) } else { one(lot, &LISTS) }),
        3 => format!("active {} {}", one(lot, &["eq", "ne"]), lot.bool()),
        4 => format!("{}[{}]", one(lot, &LISTS), element(lot, depth.min(2))),
        5 => format!("{} and {}", filter(lot, depth - 1), filter(lot, depth - 1)),
        6 => format!("{} OR {}", filter(lot, depth - 1), filter(lot, depth - 1)),
        7 => format!("not ({})", filter(lot, depth - 1)),
        _ => format!("({})", filter(lot, depth - 1)),
    }
}

fn element(lot: &mut Rng, depth: usize) -> String {
    match lot.u32(..if depth == 0 { 3 } else { 6 }) {
        0 | 1 => format!("{} {} {}", one(lot, &["type", "value", "display"]), one(lot, &OPERATORS), quoted(lot)),
        2 => format!("primary eq {}", lot.bool()),
        3 => format!("{} and {}", element(lot, depth - 1), element(lot, depth - 1)),
        4 => format!("{} or {}", element(lot, depth - 1), element(lot, depth - 1)),
        _ => format!("not ({})", element(lot, depth - 1)),
    }
}

fn list(lot: &mut Rng) -> Value {
    let mut element = || json!({ "value": one(lot, &TEXTS), "type": one(lot, &["work", "home", "other"]) });
    json!([element(), element()])
}

/// One operation of a PATCH of a user that is well formed.
pub fn operation(lot: &mut Rng) -> Value {
    let op = one(lot, &["add", "Replace", "remove"]);
    let text = json!(one(lot, &TEXTS));
    match lot.u32(..8) {
        0 => json!({ "op": op, "path": one(lot, &SIMPLE[1..5]), "value": text }),
        1 => json!({ "op": op, "path": one(lot, &["name.givenName", "name.familyName"]), "value": text }),
        2 => json!({ "op": op, "path": one(lot, &LISTS), "value": list(lot) }),
        3 => json!({ "op": op, "path": format!("{}[{}]", one(lot, &LISTS), element(lot, 1)), "value": { "value": text } }),
        4 => json!({ "op": op, "path": format!("{}[{}].value", one(lot, &LISTS), element(lot, 1)), "value": text }),
        5 => json!({ "op": op, "path": format!("{}.type", one(lot, &LISTS)), "value": text }),
        6 => json!({ "op": "replace", "value": { "title": text, "active": lot.bool(), "emails": list(lot), "name.givenName": "g" } }),
        _ => json!({ "op": "replace", "path": "active", "value": one(lot, &["True", "False", "true"]) }),
    }
}

/// A PATCH request that is well formed.
pub fn patch(lot: &mut Rng) -> Value {
    let operations: Vec<Value> = (0..lot.usize(1..=4)).map(|_| operation(lot)).collect();
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

/// Users to hold filters against and to patch.
pub fn users() -> Vec<Value> {
    vec![
        json!({ "userName": "a" }),
        json!({
            "userName": "Ada@x.test", "externalId": "e", "displayName": "A b", "title": "work", "active": false, "locale": "de-DE",
            "name": { "givenName": "A", "familyName": "\u{e9}\u{1f600}" },
            "emails": [{ "value": "a", "type": "work", "primary": true }, { "value": "b", "type": "home" }, { "value": "c" }],
            "roles": [{ "value": "True", "primary": true }, { "value": "" }], "phoneNumbers": [{ "value": "1", "type": "work" }],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "d", "manager": { "value": "m" } }
        }),
    ]
}
