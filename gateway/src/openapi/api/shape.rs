//! The small words schemas are made of.

use super::super::reference;
use serde_json::{Map, Value, json};

pub(super) fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

pub(super) fn word<'a>(words: impl IntoIterator<Item = &'a str>, description: &str) -> Value {
    json!({ "enum": words.into_iter().collect::<Vec<_>>(), "description": description })
}

pub(super) fn id(description: &str) -> Value {
    json!({ "type": "string", "format": "uuid", "description": description })
}

pub(super) fn count(description: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": description })
}

pub(super) fn flag(description: &str) -> Value {
    json!({ "type": "boolean", "description": description })
}

pub(super) fn time(description: &str) -> Value {
    json!({ "type": "integer", "description": format!("{description} Milliseconds since 1970-01-01T00:00:00Z.") })
}

/// The same, or null.
pub(super) fn maybe(mut schema: Value) -> Value {
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    } else if schema.get("type").is_some_and(Value::is_string) {
        schema["type"] = json!([schema["type"], "null"]);
    } else {
        schema = json!({ "anyOf": [schema, { "type": "null" }] });
    }
    schema
}

pub(super) fn list(of: &Value) -> Value {
    json!({ "type": "array", "items": of })
}

pub(super) fn named(schema: &str) -> Value {
    reference("schemas", schema)
}

/// An object with all of these members and no others.
pub(super) fn object(members: Vec<(&str, Value)>) -> Value {
    open(members, Vec::new())
}

/// An object that may have the second members, too.
pub(super) fn open(members: Vec<(&str, Value)>, optional: Vec<(&str, Value)>) -> Value {
    let required: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        members.iter().chain(&optional).map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false })
}
