//! The shapes clients give to two attributes.

use super::{At, coerce::wrong};
use crate::ScimError;
use serde_json::{Map, Value};

/// `manager` as an id, as a list of one, or as it should be; none clears it. Entra ID sends all of them.
pub(super) fn manager(at: &At<'_>, value: Value) -> Result<Option<Value>, ScimError> {
    match value {
        Value::Array(mut list) => match (list.pop(), list.is_empty()) {
            (None, _) => Ok(None),
            (Some(Value::Array(_)), _) => Err(wrong(at, "an object", &Value::Array(Vec::new()))),
            (Some(only), true) => manager(at, only),
            (Some(_), false) => Err(ScimError::invalid_value(format!("{at} can only be one; the list has several"))),
        },
        Value::String(id) if id.is_empty() => Ok(None),
        Value::String(id) => Ok(Some(Value::Object(Map::from_iter([("value".to_owned(), Value::String(id))])))),
        other => Ok(Some(other)),
    }
}

/// A role whose value is an object written as a string: `{"value": "{\"id\":..,\"value\":\"Admin\",\"displayName\":\"Admin\"}"}`
/// is the role `Admin`. What does not look exactly like that stays as it is.
pub(super) fn role(mut role: Map<String, Value>) -> Map<String, Value> {
    let Some(text) = role.get("value").and_then(Value::as_str).filter(|text| text.trim_start().starts_with('{')) else {
        return role;
    };
    let Ok(Value::Object(mut inner)) = serde_json::from_str::<Value>(text) else {
        return role;
    };
    let Some(Value::String(value)) =
        inner.remove("value").filter(|value| value.as_str().is_some_and(|text| !text.is_empty() && !text.contains('\0')))
    else {
        return role;
    };
    role.insert("value".to_owned(), Value::String(value));
    if let Some(Value::String(display)) = inner.remove("displayName")
        && !display.is_empty()
        && !display.contains('\0')
    {
        role.entry("display").or_insert(Value::String(display));
    }
    role
}
