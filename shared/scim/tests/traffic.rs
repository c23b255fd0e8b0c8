//! What identity providers really send: the bodies and filters of `tests/fixtures/idp-traffic.json`, each with the answer its
//! sender counts on.

use muster_scim::{Compat, Limits, Resource, ResourceType, ScimError, filter, parse_json, patch, read_resource};
use serde_json::Value;
use std::path::Path;

fn fixtures() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/idp-traffic.json");
    let text = std::fs::read_to_string(&path).expect("the fixtures are there");
    // Ids that only a running service knows: any will do.
    let mut filled = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("{{") {
        let (_, after) = after.split_once("}}").expect("a closed placeholder");
        filled.push_str(before);
        filled.push_str("0b54b0f0-6c1e-4c2d-9e55-3f4a2a8b7c10");
        rest = after;
    }
    filled.push_str(rest);
    serde_json::from_str(&filled).expect("the fixtures are JSON")
}

fn text<'a>(fixture: &'a Value, key: &str) -> &'a str {
    fixture[key].as_str().unwrap_or_default()
}

fn statuses(fixture: &Value) -> Vec<u64> {
    fixture["expect"]["status"].as_array().map(|all| all.iter().filter_map(Value::as_u64).collect()).unwrap_or_default()
}

fn resource_type(path: &str) -> Option<ResourceType> {
    ResourceType::BUILT_IN.into_iter().find(|rt| path.starts_with(rt.endpoint()))
}

fn accepted(fixture: &Value, rt: ResourceType) -> Result<(), ScimError> {
    let raw = fixture["body_raw"].as_str().map_or_else(|| fixture["body"].to_string(), str::to_owned);
    let (compat, limits) = (Compat::default(), Limits::default());
    let body = parse_json(raw.as_bytes(), &limits)?;
    if text(fixture, "method") == "PATCH" {
        let request = patch::read(rt, body, &compat, &limits)?;
        request.apply(rt, &mut Resource::new())?;
    } else {
        read_resource(rt, body, &compat, &limits)?;
    }
    Ok(())
}

#[test]
fn every_body_is_taken_or_refused_as_its_sender_expects() {
    let mut seen = 0;
    for fixture in fixtures() {
        let name = text(&fixture, "name");
        let writes = matches!(text(&fixture, "method"), "POST" | "PUT" | "PATCH");
        let Some(rt) = resource_type(text(&fixture, "path")).filter(|_| writes && !text(&fixture, "path").contains(".search")) else {
            continue;
        };
        let result = accepted(&fixture, rt);
        let statuses = statuses(&fixture);
        match result {
            // 404 and 409 need the state of an account; the body is fine.
            Ok(()) => {
                assert!(statuses.iter().any(|status| *status < 300 || [404, 409].contains(status)), "{name} is accepted, not {statuses:?}")
            }
            Err(error) => assert!(statuses.contains(&u64::from(error.status)), "{name}: {error}, not {statuses:?}"),
        }
        seen += 1;
    }
    assert!(seen > 90, "only {seen} bodies");
}

#[test]
fn every_filter_is_read_or_refused_as_its_sender_expects() {
    let mut seen = 0;
    for fixture in fixtures() {
        let path = text(&fixture, "path");
        let Some((rt, query)) = resource_type(path).zip(path.split_once('?').map(|(_, query)| query)) else {
            continue;
        };
        let Some(value) = query.split('&').find_map(|pair| pair.strip_prefix("filter=")) else {
            continue;
        };
        let value = decoded(value);
        let result = filter::parse(rt, &value, &Limits::default());
        let malformed = statuses(&fixture) == [400];
        assert_eq!(result.is_err(), malformed, "{}: {value}: {result:?}", text(&fixture, "name"));
        seen += 1;
    }
    assert!(seen > 25, "only {seen} filters");
}

fn decoded(query: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = query.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let digits = std::str::from_utf8(&digits).expect("two digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal"));
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}
