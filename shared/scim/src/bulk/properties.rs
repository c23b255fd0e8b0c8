//! What holds for every bulk request.

use super::*;
use proptest::prelude::*;
use serde_json::json;

/// Knows every name, and answers with an id that holds nothing of it.
struct All;

impl References for All {
    fn id(&mut self, _: &str) -> Option<String> {
        Some("0198f000-0000-7000-8000-000000000000".to_owned())
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "(bulkId:)?[a-z\"]{0,3}",
        "members\\[value eq \"bulkId:[a-z\u{e4}\u{1f600}]{0,3}\"?\\]?",
        "(\"bulkId:[a-z]{0,2}){0,3}\"?",
        "/?(Users|Groups|Me|Bulk)?/?(bulkId:)?[a-z]{0,3}/?",
        "\\PC{0,8}"
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = prop_oneof![Just("path".to_owned()), Just("PATH".to_owned()), Just("value".to_owned()), text()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..4).prop_map(|members| members.into_iter().collect::<Value>())
        ]
    })
}

fn any_operation() -> impl Strategy<Value = Value> {
    let members = (text(), text(), any_json(), any_json(), any_json());
    members.prop_map(|(method, path, bulk_id, version, data)| {
        json!({"method": method, "path": path, "bulkId": bulk_id, "version": version, "data": data})
    })
}

fn holds_reference(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with("bulkId:"),
        Value::Array(elements) => elements.iter().any(holds_reference),
        Value::Object(members) => members.values().any(holds_reference),
        _ => false,
    }
}

proptest! {
    #[test]
    fn no_request_makes_the_reader_panic(body in prop_oneof![any_json(), prop::collection::vec(any_operation(), 0..4).prop_map(|all| json!({"Operations": all}))]) {
        match read(body, &Limits::default()) {
            Ok(request) => for operation in request.operations {
                let _ = operation.segments(&mut All);
            },
            Err(error) => prop_assert!((400..500).contains(&error.status)),
        }
    }

    #[test]
    fn once_resolved_no_reference_is_left(mut data in any_json()) {
        resolve(&mut data, &mut All).unwrap();
        prop_assert!(!holds_reference(&data), "{data}");
    }
}
