//! What the mutations start from.

use serde_json::{Value, json};
use std::path::Path;

/// Everything in the fixtures of real traffic: the whole file as one value.
fn traffic() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/idp-traffic.json");
    let text = std::fs::read_to_string(path).expect("the fixtures are there");
    serde_json::from_str(&text).expect("the fixtures are JSON")
}

/// Filters.
pub fn filters() -> Vec<Vec<u8>> {
    let real = traffic().into_iter().filter_map(|fixture| {
        let path = fixture["path"].as_str()?.to_owned();
        let (_, filter) = path.split_once("filter=")?;
        let filter = filter.split('&').next().unwrap_or_default();
        Some(decoded(filter))
    });
    let own = [
        "userName eq \"bjensen\"",
        "name.familyName co \"O'Malley\"",
        "title pr and userType eq \"Employee\"",
        "meta.lastModified gt \"2011-05-13T04:42:34Z\"",
        "userType eq \"Employee\" and (emails co \"example.com\" or emails.value co \"example.org\")",
        "userType ne \"Employee\" and not (emails co \"example.com\" or emails.value co \"example.org\")",
        "emails[type eq \"work\" and value co \"@example.com\"] or ims[type eq \"xmpp\" and value co \"@foo.com\"]",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department sw \"T\\u0065\\\"st\"",
        "not (active eq true) and id eq \"x\" or externalId eq null",
        "schemas eq \"urn:ietf:params:scim:schemas:core:2.0:User\"",
    ];
    real.chain(own.map(|filter| filter.as_bytes().to_vec())).collect()
}

/// Bodies of whole resources and of PATCH requests, as text.
pub fn bodies() -> Vec<Vec<u8>> {
    let real = traffic().into_iter().filter_map(|fixture| match (fixture["body_raw"].as_str(), &fixture["body"]) {
        (Some(raw), _) => Some(raw.as_bytes().to_vec()),
        (None, Value::Null) => None,
        (None, body) => Some(body.to_string().into_bytes()),
    });
    let own = [
        json!({ "userName": "a", "emails": [{ "value": "a@b.test", "type": "work", "primary": true }, "c@d.test"], "name": { "givenName": "A" } }),
        json!({ "Operations": [{ "op": "add", "value": { "emails": [{ "value": "x" }], "name.givenName": "y", "active": "False" } }] }),
        json!({ "Operations": [{ "op": "remove", "path": "emails[type eq \"work\" and value ew \"test\"]" }, { "op": "remove", "path": "members" }] }),
        json!({ "Operations": [{ "op": "replace", "path": "roles[primary eq \"True\"].value", "value": "{\"a\":1}" }] }),
        json!([[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]], { "a": -0.0, "b": 1e308, "c": 123456789012345678901234567890u128 as f64, "d": "\u{10ffff}" }]),
    ];
    real.chain(own.map(|body| body.to_string().into_bytes())).collect()
}

/// A query string's value as the server reads it.
fn decoded(text: &str) -> Vec<u8> {
    let (mut bytes, mut out) = (text.bytes(), Vec::new());
    while let Some(byte) = bytes.next() {
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16)).unwrap_or_default();
        out.push(match byte {
            b'+' => b' ',
            b'%' => (digit() * 16 + digit()) as u8,
            other => other,
        });
    }
    out
}

#[test]
fn the_corpus_is_not_empty() {
    assert!(filters().len() > 30 && bodies().len() > 80, "{} {}", filters().len(), bodies().len());
}
